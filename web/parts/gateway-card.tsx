// One gateway: whether it reports, how full its outbox is, and its ledger.
import type { GatewayList } from '#api/connections/schema.ts'
import { formatBytes, formatCount } from '#web/data/value-format.ts'
import { Fact } from './connection-card.tsx'
import styles from './connection-card.module.css'
import { LedgerLines } from './ledger-lines.tsx'
import { Age } from './reading.tsx'
import { Mark } from './status-mark.tsx'

/** From this share on a filling outbox is worth a look. */
const fullFrom = 0.75

export function GatewayCard({ gateway }: { gateway: GatewayList[number] }) {
  const { name, state, detail, version, lastSeen, connectionCount, outbox, ledger, lastError } = gateway
  const share = outbox.bytesMax > 0 ? outbox.bytes / outbox.bytesMax : 0
  return (
    <article className={`panel ${styles.card}`} aria-label={`${name}, ${state}`}>
      <header className={styles.head}>
        <Mark level={state === 'online' ? 'normal' : 'warning'} />
        <h2 className={styles.name}>{name}</h2>
        <span className="muted">version {version}</span>
        <span className={`reading ${styles.state}`}>{state}</span>
      </header>
      <p className={styles.detail}>{detail}</p>
      {lastError && (
        <p className={styles.detail}>
          <span className="muted">
            Newest error, <Age time={lastError.time} />:
          </span>{' '}
          {lastError.message}
        </p>
      )}
      <dl className={styles.facts}>
        <Fact name="Last report">
          <Age time={lastSeen} />
        </Fact>
        <Fact name="Connections">{formatCount(connectionCount)}</Fact>
        <Fact name="Outbox">
          {formatBytes(outbox.bytes)} of {formatBytes(outbox.bytesMax)}
        </Fact>
        <Fact name="Oldest unsent">{outbox.oldest ? <Age time={outbox.oldest} /> : 'nothing waits'}</Fact>
      </dl>
      <div
        className={styles.gauge}
        role="meter"
        aria-label="Outbox"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        data-full={share >= fullFrom}
      >
        <span style={{ width: `${Math.min(100, share * 100)}%` }} />
      </div>
      <LedgerLines ledger={ledger} />
    </article>
  )
}
