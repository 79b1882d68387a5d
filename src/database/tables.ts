// The tables of the relational database, as kysely sees them.

export interface Tables {
  /** Machines that no plant file names: created by first samples, or announced by gateways. */
  machine: { path: string; name: string | null; profile: string | null }
  /** Profiles announced by gateways, as JSON. */
  profile: { name: string; definition: string }
  /** One token per gateway; only its hash is kept. */
  gatewayToken: { gateway: string; hash: string; createdAt: number }
}
