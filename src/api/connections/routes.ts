import { isSilent } from '#core/gateway-board.ts'
import { formatTime, type Micros } from '#core/time.ts'
import type { ApiContext, ApiScope } from '#api/context.ts'
import { connectionListSchema, gatewayListSchema } from './schema.ts'

export function connectionRoutes(api: ApiScope, { board, clock }: ApiContext): void {
  const timeOrNull = (time: Micros | null) => (time === null ? null : formatTime(time))
  const errorJson = (error: { time: Micros; message: string } | null) => error && { time: formatTime(error.time), message: error.message }
  const silent = (lastSeen: Micros) => isSilent({ lastSeen }, clock.now())

  api.get(
    '/connections',
    { schema: { summary: 'Connections of all gateways: state in plain words, rates, ledger', response: { 200: connectionListSchema } } },
    () =>
      [...board.gateways()].flatMap(({ name: gateway, lastSeen, report }) =>
        report.connections.map((connection) => ({
          ...connection,
          gateway,
          ...(silent(lastSeen) && {
            state: 'waiting' as const,
            detail: `gateway ${gateway} has not reported since ${formatTime(lastSeen)}`,
            rate: 0,
          }),
          since: formatTime(connection.since),
          lastData: timeOrNull(connection.lastData),
          lastError: errorJson(connection.lastError),
        })),
      ),
  )

  api.get('/gateways', { schema: { summary: 'Gateways: state, outbox, ledger', response: { 200: gatewayListSchema } } }, () =>
    [...board.gateways()].map(({ name, lastSeen, report }) => {
      const up = report.connections.filter(({ state }) => state === 'connected').length
      const lastError = report.connections.reduce<(typeof report.connections)[number]['lastError']>(
        (newest, { lastError }) => (lastError && (!newest || lastError.time > newest.time) ? lastError : newest),
        null,
      )
      return {
        name,
        state: silent(lastSeen) ? ('offline' as const) : ('online' as const),
        detail: silent(lastSeen) ? `no report since ${formatTime(lastSeen)}` : `${up} of ${report.connections.length} connections up`,
        version: report.version,
        lastSeen: formatTime(lastSeen),
        connectionCount: report.connections.length,
        outbox: { ...report.outbox, oldest: timeOrNull(report.outbox.oldest) },
        ledger: report.ledger,
        lastError: errorJson(lastError),
      }
    }),
  )
}
