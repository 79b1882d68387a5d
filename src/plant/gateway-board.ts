// The last report of each gateway, in memory: a gateway reports every second, so a restart fills it again at once.
import type { Clock } from '#core/clock.ts'
import type { GatewayBoard, GatewayEntry } from '#core/gateway-board.ts'

export function createGatewayBoard(clock: Clock): GatewayBoard {
  const entries = new Map<string, GatewayEntry>()
  return {
    gateways: () => entries.values(),
    report: (name, report) => void entries.set(name, { name, lastSeen: clock.now(), report }),
  }
}
