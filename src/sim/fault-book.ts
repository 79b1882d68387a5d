// The ground truth: every fault that was injected, on which machine, from when to when.
import type { Fault, FaultKind } from '#core/fault.ts'
import { formatTime, type Micros } from '#core/time.ts'

export interface FaultRecord {
  readonly id: number
  readonly machine: string
  readonly fault: FaultKind
  readonly tag: string | null
  readonly severity: number
  readonly start: Micros
  readonly end: Micros
}

/** Most faults remembered; beyond it the oldest is forgotten, and the log says so once. */
export const faultsRememberedMax = 10_000

export class FaultBook {
  #records: FaultRecord[] = []
  #nextId = 1
  #forgotten = 0
  #forgets: (message: string) => void

  constructor(forgets: (message: string) => void) {
    this.#forgets = forgets
  }

  add(entry: Omit<FaultRecord, 'id'>): FaultRecord {
    const record = { id: this.#nextId++, ...entry }
    this.#records.push(record)
    if (this.#records.length > faultsRememberedMax) {
      this.#records.shift()
      if (this.#forgotten++ === 0)
        this.#forgets(`more than ${faultsRememberedMax} faults were injected; the oldest are forgotten from now on`)
    }
    return record
  }

  /** All faults, oldest first. */
  list(now: Micros): Fault[] {
    return this.#records.map((record) => faultAt(record, now))
  }
}

/** A record as the control server shows it at `now`. */
export function faultAt(record: FaultRecord, now: Micros): Fault {
  return { ...record, start: formatTime(record.start), end: formatTime(record.end), active: now < record.end }
}
