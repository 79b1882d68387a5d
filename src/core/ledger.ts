// Counting that must balance: collected = buffered + sent + dropped; sent = stored + duplicate + rejected.
import type { Ledger } from './uplink.ts'

export const emptyLedger = (): Ledger => ({ collected: 0, buffered: 0, sent: 0, stored: 0, duplicate: 0, rejected: 0, dropped: 0 })

export function sumLedgers(ledgers: Iterable<Ledger>): Ledger {
  const sum = emptyLedger()
  for (const ledger of ledgers) for (const key of Object.keys(sum) as (keyof Ledger)[]) sum[key] += ledger[key]
  return sum
}

export function ledgerBalances(ledger: Ledger): boolean {
  return (
    ledger.collected === ledger.buffered + ledger.sent + ledger.dropped &&
    ledger.sent === ledger.stored + ledger.duplicate + ledger.rejected
  )
}
