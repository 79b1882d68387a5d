// A machine's or connection's state as a mark: form and colour say the same. Calm while all is well.
import styles from './status-mark.module.css'

export type MarkLevel = 'normal' | 'alarm' | 'warning' | 'offline'

export function Mark({ level, size = 12 }: { level: MarkLevel; size?: number }) {
  return (
    <svg className={`reading ${styles[level]}`} width={size} height={size} viewBox="0 0 12 12" aria-hidden="true">
      {level === 'normal' && <circle cx="6" cy="6" r="3.5" fill="currentColor" />}
      {(level === 'alarm' || level === 'warning') && <path d="M6 .8L11.6 11H.4z" fill="currentColor" />}
      {level === 'offline' && <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2.2 2" />}
    </svg>
  )
}

const levels = { healthy: 'normal', alarm: 'alarm', offline: 'offline' } as const
export const statusLevel = (status: keyof typeof levels): MarkLevel => levels[status]

/** The mark with its word. */
export function StatusBadge({ status }: { status: keyof typeof levels }) {
  return (
    <span className={`reading ${styles.badge} ${styles[levels[status]]}`}>
      <Mark level={levels[status]} />
      {status}
    </span>
  )
}
