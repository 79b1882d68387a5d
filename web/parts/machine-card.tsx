// A machine at a glance: status, its telling values with their last minutes, and how fresh they are.
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { MachineList, MachineTag } from '#api/machines/schema.ts'
import { Age, Reading } from './reading.tsx'
import { Sparkline } from './sparkline.tsx'
import { Mark, statusLevel } from './status-mark.tsx'
import styles from './machine-card.module.css'

/** Most values on a card; the rest is on the machine's own page. */
export const cardMetricsMax = 4

type CardMachine = Pick<MachineList[number], 'path' | 'name' | 'status' | 'lastSeen' | 'tagCount'>
interface Properties {
  machine: CardMachine
  metrics: readonly MachineTag[]
}

export const MachineCard = memo(function MachineCard({ machine, metrics }: Properties) {
  const offline = machine.status === 'offline'
  const place = machine.path.split('/').slice(0, -1).join(' / ')
  return (
    <article className={`panel ${styles.card}`} data-status={machine.status} aria-label={`${machine.name}, ${machine.status}`}>
      <header className={styles.head}>
        <Mark level={statusLevel(machine.status)} />
        <div className={styles.names}>
          <Link to="/machines/$" params={{ _splat: machine.path }} className={styles.name}>
            {machine.name}
          </Link>
          {place && <span className={styles.place}>{place}</span>}
        </div>
        <span className={styles.seen}>
          {machine.status !== 'healthy' && <strong>{machine.status}</strong>}
          <Age time={machine.lastSeen} tags={metrics} never="never seen" />
        </span>
      </header>
      {metrics.length > 0 ? (
        <dl className={styles.metrics}>
          {metrics.slice(0, cardMetricsMax).map((tag) => (
            <div key={tag.path} className={styles.metric}>
              <dt title={tag.description ?? undefined}>{tag.name}</dt>
              <dd className={styles.line}>
                <CardLine tag={tag} />
              </dd>
              <dd className={styles.value}>
                <Reading tag={tag} stale={offline} />
              </dd>
            </div>
          ))}
        </dl>
      ) : (
        <p className={styles.none}>{machine.tagCount === 1 ? '1 tag' : `${machine.tagCount} tags`}, none chosen for cards</p>
      )}
    </article>
  )
})

const CardLine = memo(function CardLine({ tag }: { tag: MachineTag }) {
  if (tag.kind !== 'number' && tag.kind !== 'boolean') return null
  return <Sparkline tag={tag.path} limits={tag.limits} label={tag.name} />
})
