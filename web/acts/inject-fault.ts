// Lets a simulated machine fail, to see what the platform makes of it. Only with the demo.
import type { Fault, FaultKind, FaultRequest } from '#core/fault.ts'
import { postJson } from '#web/data/fetch.ts'
import { FaultIcon } from '#web/parts/icons.tsx'
import type { Act } from './act.ts'

/** Every kind of fault in words; `sensor` faults hit one tag, the others the machine. */
export const faultKinds: Record<FaultKind, { label: string; sensor: boolean }> = {
  overheating: { label: 'Overheating', sensor: false },
  bearingWear: { label: 'Bearing wear', sensor: false },
  leak: { label: 'Leak', sensor: false },
  stuckSensor: { label: 'Stuck sensor', sensor: true },
  drift: { label: 'Sensor drift', sensor: true },
  noise: { label: 'Sensor noise', sensor: true },
  spikes: { label: 'Spikes', sensor: true },
  dropOut: { label: 'Drop-out', sensor: false },
  restart: { label: 'Restart', sensor: false },
}

export const injectFault: Act<FaultRequest, Fault> = {
  name: 'Inject fault',
  icon: FaultIcon,
  run: (fault) => postJson<Fault>('sim/faults', fault),
}
