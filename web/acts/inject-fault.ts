// Lets a simulated machine fail, to see what the platform makes of it. Only with the demo.
import type { Fault, FaultKind, FaultRequest } from '#core/fault.ts'
import { postJson } from '#web/data/fetch.ts'
import { FaultIcon } from '#web/parts/icons.tsx'
import type { Act } from './act.ts'

/** Every kind of fault in words, and what it acts on: the physics of the machine, one tag's sensor, or the machine's being reachable. */
export const faultKinds: Record<FaultKind, { label: string; acts: 'physics' | 'sensor' | 'connection' }> = {
  overheating: { label: 'Overheating', acts: 'physics' },
  bearingWear: { label: 'Bearing wear', acts: 'physics' },
  leak: { label: 'Leak', acts: 'physics' },
  stuckSensor: { label: 'Stuck sensor', acts: 'sensor' },
  drift: { label: 'Sensor drift', acts: 'sensor' },
  noise: { label: 'Sensor noise', acts: 'sensor' },
  spikes: { label: 'Sensor spikes', acts: 'sensor' },
  dropOut: { label: 'Drop-out', acts: 'connection' },
  restart: { label: 'Restart', acts: 'connection' },
}

export const injectFault: Act<FaultRequest, Fault> = {
  name: 'Inject fault',
  icon: FaultIcon,
  run: (fault) => postJson<Fault>('sim/faults', fault),
}
