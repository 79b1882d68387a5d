// Whether the ports of the page and of the demo plant are free, and whether it is a Millwright that has them.
import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { healthSchema, type Health } from '#api/health/schema.ts'
import { isFree } from '#app/ports.ts'
import { ConfigError, messageOf } from '#core/errors.ts'
import { callServer } from '#cli/server.ts'
import type { Finding } from './finding.ts'

/** Checks the page's port, then those that the demo plant names. */
export async function checkPorts(pagePort: number, plantFile: string): Promise<Finding[]> {
  const url = `http://127.0.0.1:${pagePort}`
  const pageIsFree = await isFree(pagePort)
  const running = pageIsFree ? undefined : await callServer(url, 'health', healthSchema).catch(() => undefined)
  const plantPorts = await namedPorts(plantFile).catch((error: unknown) => messageOf(error))
  const page = pageFinding(pagePort, pageIsFree, running, url)
  if (typeof plantPorts === 'string') return [page, { level: 'fail', text: plantPorts, mend: 'get this file again from the package' }]
  const taken = []
  for (const [name, port] of plantPorts) if (!(await isFree(port))) taken.push(`${port} (${name})`)
  return [page, plantFinding(plantPorts.length, taken, running !== undefined)]
}

function pageFinding(port: number, free: boolean, running: Health | undefined, url: string): Finding {
  if (free) return { level: 'ok', text: `port ${port} is free` }
  if (running) return { level: 'ok', text: `Millwright ${running.version} answers at ${url}, status ${running.status}` }
  return { level: 'fail', text: `port ${port} is taken by another program`, mend: 'end it, or start with --port N or --next-free-port' }
}

function plantFinding(count: number, taken: readonly string[], running: boolean): Finding {
  if (taken.length === 0) return { level: 'ok', text: `all ${count} ports of the demo plant are free` }
  const text = `of the demo plant's ports, taken: ${taken.join(', ')}`
  if (running) return { level: 'ok', text: `${text}; a Millwright is running, so that is as it should be` }
  return { level: 'warn', text, mend: 'start the demo with --next-free-port, or end what has them' }
}

/** The ports of a plant file by name, the simulators' control among them. */
async function namedPorts(plantFile: string): Promise<[name: string, port: number][]> {
  const text = await readFile(plantFile, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`cannot read the demo plant ${plantFile}: ${messageOf(error)}`)
  })
  const checked = portsSchema.safeParse(parse(text))
  if (!checked.success) throw new ConfigError(`the demo plant ${plantFile} is damaged: ${z.prettifyError(checked.error)}`)
  const { ports, simulation } = checked.data
  const { controlPort } = simulation
  return [...Object.entries(ports), ...(typeof controlPort === 'number' ? [['simulators', controlPort] as [string, number]] : [])]
}

const portsSchema = z.object({
  ports: z.record(z.string(), z.int()).default({}),
  /** A text names one of the ports. */
  simulation: z.object({ controlPort: z.union([z.int(), z.string()]) }),
})
