// What the server knows of its gateways: the last report of each.
import type { Micros } from './time.ts'
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
