// A private InfluxDB 1.x, durable before it acknowledges (its default).
import { mkdir, writeFile } from 'node:fs/promises'
import { freePort } from '#test/support/free-port.ts'
import { startPeer, type Peer } from './program.ts'
import type { Scratch } from './scratch.ts'

/** A shard that nobody writes to is compacted after so long, in place of hours, so that it can be waited for. */
const coldAfter = '5s'

export async function startInfluxdb(scratch: Scratch, file: string, folder: string): Promise<Peer> {
  await mkdir(folder, { recursive: true })
  const [port, innerPort] = [await freePort(), await freePort()]
  const configFile = `${folder}.conf`
  await writeFile(
    configFile,
    `reporting-disabled = true
bind-address = "127.0.0.1:${innerPort}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  wal-fsync-delay = "0s"
  max-values-per-tag = 0
  max-series-per-database = 0
  cache-snapshot-write-cold-duration = "${coldAfter}"
  compact-full-write-cold-duration = "${coldAfter}"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
  max-body-size = 0
[logging]
  level = "warn"
`,
  )
  return startPeer(scratch, file, ['-config', configFile], port, `${folder}.log`)
}
