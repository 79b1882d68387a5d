// `millwright sim fault` breaks a simulated machine on purpose; `millwright sim faults` lists what was broken when (the ground truth).
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { faultKinds, faultListSchema, faultSchema, type Fault, type FaultKind } from '#core/fault.ts'
import { secondUs } from '#core/time.ts'
import { note, print, table } from './output.ts'
import { callServer, serverOption } from './server.ts'
import { durationArgument } from './time-argument.ts'

interface FaultOptions {
  server: string
  tag?: string
  severity: number
  /** Microseconds. */
  duration: number
}

export function registerSimFault(sim: Command): void {
  sim
    .command('fault')
    .description('inject a fault into a simulated machine')
    .argument('<machine>', 'path or name of a simulated machine')
    .addArgument(new Argument('<fault>', 'what goes wrong').choices(faultKinds))
    .option('--tag <name>', "the tag it hits, for sensor faults (default: the machine's first metric)")
    .option('--severity <0..1>', 'how strong', severityArgument, 1)
    .addOption(
      new Option('--duration <duration>', 'how long, in simulated time, e.g. 90s or 10m')
        .argParser(durationArgument)
        .default(60 * secondUs, '60s'),
    )
    .addOption(serverOption())
    .action(async (machine: string, fault: FaultKind, { server, tag, severity, duration }: FaultOptions) => {
      const body = { machine, fault, tag, severity, durationSeconds: duration / secondUs }
      const injected = await callServer(server, 'sim/faults', faultSchema, { body })
      print(`fault ${injected.id}: ${describe(injected)}`)
    })
}

export function registerSimFaults(sim: Command): void {
  sim
    .command('faults')
    .description('list the injected faults, going on and past')
    .option('--json', 'as JSON')
    .addOption(serverOption())
    .action(async ({ server, json }: { server: string; json?: true }) => {
      const faults = await callServer(server, 'sim/faults', faultListSchema)
      if (json) return print(JSON.stringify(faults, null, 2))
      if (faults.length === 0) return note('no fault was injected yet; "millwright sim fault <machine> <fault>" does it')
      const rows = faults.map((fault) => [
        String(fault.id),
        fault.machine,
        fault.fault,
        fault.tag ?? '',
        String(fault.severity),
        fault.start,
        fault.end,
        fault.active ? 'active' : 'over',
      ])
      print(table(['ID', 'MACHINE', 'FAULT', 'TAG', 'SEVERITY', 'START', 'END', 'STATE'], rows, new Set([0, 4])))
    })
}

function describe({ machine, fault, tag, severity, start, end }: Fault): string {
  return `${fault} of ${machine}${tag === null ? '' : `, tag ${tag}`}, severity ${severity}, from ${start} to ${end}`
}

function severityArgument(text: string): number {
  const severity = Number(text)
  if (text.trim() !== '' && severity >= 0 && severity <= 1) return severity
  throw new InvalidArgumentError('write a number from 0 to 1')
}
