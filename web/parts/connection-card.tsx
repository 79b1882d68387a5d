// One connection: how it is and why, in plain words; its flow, its faults, its ledger.
import type { ReactNode } from 'react'
import type { ConnectionList } from '#api/connections/schema.ts'
import type { ConnectionStatus } from '#core/uplink.ts'
import { formatCount, formatNumber } from '#web/data/value-format.ts'
import { LedgerLines } from './ledger-lines.tsx'
import { Age, Lasting } from './reading.tsx'
import { Mark, type MarkLevel } from './status-mark.tsx'
import styles from './connection-card.module.css'

const levels: Record<ConnectionStatus['state'], MarkLevel> = {
  connected: 'normal',
  connecting: 'offline',
  waiting: 'warning',
  failed: 'alarm',
  paused: 'offline',
}

export function ConnectionCard({ connection }: { connection: ConnectionList[number] }) {
  const { name, driver, gateway, state, detail, since, lastError, lastData, rate, faults, lastFault, tagCount, reconnects, ledger } =
    connection
  return (
    <article className={`panel ${styles.card}`} data-state={state} aria-label={`${name}, ${state}`}>
      <header className={styles.head}>
        <Mark level={levels[state]} />
        <h2 className={styles.name}>{name}</h2>
        <span className="muted">
          {driver} on {gateway}
        </span>
        <span className={`reading ${styles.state}`}>
          {state}{' '}
          <span className="muted">
            for <Lasting since={since} />
          </span>
        </span>
      </header>
      {detail !== state && <p className={styles.detail}>{detail}</p>}
      {lastError && state !== 'connected' && (
        <p className={styles.error}>
          <Age time={lastError.time} />: {lastError.message}
        </p>
      )}
      <dl className={styles.facts}>
        <Fact name="Rate">{formatNumber(rate, rate < 10 ? 2 : 0)} samples/s</Fact>
        <Fact name="Last data">
          <Age time={lastData} />
        </Fact>
        <Fact name="Tags">{formatCount(tagCount)}</Fact>
        <Fact name="Reconnects">{formatCount(reconnects)}</Fact>
        <Fact name="Faults">{formatCount(faults)}</Fact>
      </dl>
      {lastFault && (
        <p className={styles.fault}>
          <span className="muted">Newest fault:</span> {lastFault}
        </p>
      )}
      <LedgerLines ledger={ledger} />
    </article>
  )
}

export const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
