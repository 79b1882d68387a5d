// The server's end of every gateway's uplink, whether the gateway runs in this process or calls over the network.
import type { Directory } from '#core/directory.ts'
import type { GatewayBoard } from '#core/gateway-board.ts'
import type { GatewayDescription, Uplink } from '#core/uplink.ts'
import type { Ingest } from '#ingest/ingest.ts'

export interface UplinkParts {
  readonly directory: Pick<Directory, 'merge'>
  readonly ingest: Ingest
  readonly board: GatewayBoard
  /** Tells other processes what a gateway describes. */
  readonly announced?: (gateway: string, description: GatewayDescription) => Promise<void>
}

/** Gives each gateway, by its name, its uplink. */
export function uplinksTo({ directory, ingest, board, announced }: UplinkParts): (gateway: string) => Uplink {
  return (gateway) => ({
    async announce(description) {
      await directory.merge(description)
      await announced?.(gateway, description)
    },
    send: (outbox, frames) => ingest.deliver(outbox, frames),
    report: async (report) => board.report(gateway, report),
  })
}
