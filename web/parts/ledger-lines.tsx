// The ledger as two sums, each with a check mark when it balances.
import type { Ledger } from '#core/uplink.ts'
import { formatCount } from '#web/data/value-format.ts'
import { CheckIcon, WarningIcon } from './icons.tsx'
import styles from './ledger-lines.module.css'

export function LedgerLines({ ledger }: { ledger: Ledger }) {
  return (
    <div className={styles.ledger} role="group" aria-label="Ledger, in samples">
      <Sum name="collected" ledger={ledger} parts={['buffered', 'sent', 'dropped']} />
      <Sum name="sent" ledger={ledger} parts={['stored', 'duplicate', 'rejected']} />
    </div>
  )
}

interface SumProperties {
  name: 'collected' | 'sent'
  ledger: Ledger
  parts: (keyof Ledger)[]
}

/** Parts that say that something was lost when they are not zero. */
const losses = new Set<keyof Ledger>(['dropped', 'rejected'])

function Sum({ name, ledger, parts }: SumProperties) {
  const balances = ledger[name] === parts.reduce((sum, part) => sum + ledger[part], 0)
  return (
    <p className={styles.sum}>
      <span className={balances ? styles.balanced : styles.unbalanced} title={balances ? 'The sum balances' : 'The sum does not balance'}>
        {balances ? <CheckIcon size={14} /> : <WarningIcon size={14} />}
      </span>
      <span className={styles.part}>
        <strong>{formatCount(ledger[name])}</strong> {name}
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
