// What the server knows of its gateways: the last report of each.
import { secondUs, type Micros } from './time.ts'
import type { GatewayReport } from './uplink.ts'

export interface GatewayEntry {
  readonly name: string
  /** When the last report came, by the server's clock. */
  readonly lastSeen: Micros
  readonly report: GatewayReport
}

export interface GatewayBoard {
  gateways(): Iterable<GatewayEntry>
  report(name: string, report: GatewayReport): void
}

/** A gateway reports every second; silent for so long it counts as gone. */
const silentAfterUs = 10 * secondUs

export const isSilent = ({ lastSeen }: Pick<GatewayEntry, 'lastSeen'>, now: Micros): boolean => now - lastSeen > silentAfterUs
