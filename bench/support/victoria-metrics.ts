// A private VictoriaMetrics. It keeps whole milliseconds and no quality, and acknowledges before it is durable.
import { mkdir } from 'node:fs/promises'
import { freePort } from '#test/support/free-port.ts'
import { startPeer, type Peer } from './program.ts'
import type { Scratch } from './scratch.ts'

export async function startVictoriaMetrics(scratch: Scratch, file: string, folder: string): Promise<Peer> {
  await mkdir(folder, { recursive: true })
  const port = await freePort()
  const args = [
    `-storageDataPath=${folder}`,
    '-retentionPeriod=100y',
    `-httpListenAddr=127.0.0.1:${port}`,
    // Rows that come twice count once, as everywhere else.
    '-dedup.minScrapeInterval=1ms',
  ]
  return startPeer(scratch, file, args, port, `${folder}.log`)
}
