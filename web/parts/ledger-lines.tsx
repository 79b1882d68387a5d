// The ledger as two sums, each with a check mark when it balances.
import type { Ledger } from '#core/uplink.ts'
import { checkLedger } from '#web/data/ledger.ts'
import { formatCount } from '#web/data/value-format.ts'
import { CheckIcon, WarningIcon } from './icons.tsx'
import styles from './ledger-lines.module.css'

export function LedgerLines({ ledger }: { ledger: Ledger }) {
  const { collectedBalances, sentBalances } = checkLedger(ledger)
  return (
    <div className={styles.ledger} role="group" aria-label="Ledger, in samples">
      <Sum name="collected" total={ledger.collected} balances={collectedBalances} ledger={ledger} parts={['buffered', 'sent', 'dropped']} />
      <Sum name="sent" total={ledger.sent} balances={sentBalances} ledger={ledger} parts={['stored', 'duplicate', 'rejected']} />
    </div>
  )
}

interface SumProperties {
  name: string
  total: number
  balances: boolean
  ledger: Ledger
  parts: (keyof Ledger)[]
}

/** Parts that say that something was lost when they are not zero. */
const losses = new Set<keyof Ledger>(['dropped', 'rejected'])

function Sum({ name, total, balances, ledger, parts }: SumProperties) {
  return (
    <p className={styles.sum}>
      <span className={balances ? styles.balanced : styles.unbalanced} title={balances ? 'The sum balances' : 'The sum does not balance'}>
        {balances ? <CheckIcon size={14} /> : <WarningIcon size={14} />}
      </span>
      <span className={styles.part}>
        <strong>{formatCount(total)}</strong> {name}
      </span>
      {parts.map((part, index) => (
        <span key={part} className={styles.part} data-loss={losses.has(part) && ledger[part] > 0}>
          <span className={styles.sign}>{index === 0 ? '=' : '+'}</span>
          <strong>{formatCount(ledger[part])}</strong> {part}
        </span>
      ))}
    </p>
  )
}
