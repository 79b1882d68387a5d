// Counts by status that are also the filter: press one to see only those, press it again for all.
import type { MachineStatus, StatusCounts } from '#web/data/plant-tree.ts'
import { Mark, statusLevel } from './status-mark.tsx'
import styles from './status-filter.module.css'

interface Properties {
  total: number
  counts: StatusCounts
  statuses: readonly MachineStatus[]
  chosen: MachineStatus | 'all'
  choose: (status: MachineStatus | 'all') => void
}

export function StatusFilter({ total, counts, statuses, chosen, choose }: Properties) {
  return (
    <div className={styles.filter} role="group" aria-label="Filter by status">
      <button type="button" className={styles.choice} aria-pressed={chosen === 'all'} onClick={() => choose('all')}>
        <span className={styles.count}>{total}</span>
        all
      </button>
      {statuses.map((status) => (
        <button
          key={status}
          type="button"
          className={styles.choice}
          data-status={counts[status] > 0 ? status : 'none'}
          aria-pressed={chosen === status}
          onClick={() => choose(chosen === status ? 'all' : status)}
        >
          <span className={styles.count}>
            <Mark level={statusLevel(status)} size={10} /> {counts[status]}
          </span>
          {status}
        </button>
      ))}
    </div>
  )
}
