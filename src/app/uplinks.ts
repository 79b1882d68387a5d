// The server's end of every gateway's uplink, whether the gateway runs in this process or calls over the network.
import type { Directory } from '#core/directory.ts'
import type { GatewayBoard } from '#core/gateway-board.ts'
import type { Uplink } from '#core/uplink.ts'
import type { Ingest } from '#ingest/ingest.ts'

export interface UplinkParts {
  readonly directory: Directory
  readonly ingest: Ingest
  readonly board: GatewayBoard
}

/** Gives each gateway, by its name, its uplink. */
export function uplinksTo({ directory, ingest, board }: UplinkParts): (gateway: string) => Uplink {
  return (gateway) => ({
    announce: (description) => directory.merge(description),
    send: (outbox, frames) => ingest.deliver(outbox, frames),
    report: async (report) => board.report(gateway, report),
  })
}
