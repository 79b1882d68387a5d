// The server's own health in one word, with every check behind it.
import { Popover } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useConnection } from '#web/data/live-socket.ts'
import { healthQuery } from '#web/data/queries.ts'
import { formatDuration } from '#web/data/time-format.ts'
import { CheckIcon, WarningIcon } from './icons.tsx'
import { Mark } from './status-mark.tsx'
import styles from './header.module.css'

export function HealthSummary() {
  const { data: health, error } = useQuery(healthQuery)
  const { state } = useConnection()
  if (!health) return null
  // What the server said before it went away says nothing about now.
  if (error || state === 'offline') return <span className={styles.health}>server health unknown</span>
  const failing = health.checks.filter(({ ok }) => !ok)
  return (
    <Popover position="bottom-end" withArrow shadow="md" width={320} trapFocus>
      <Popover.Target>
        <button type="button" className={styles.health}>
          <Mark level={health.status === 'ok' ? 'normal' : 'warning'} size={10} />
          {health.status === 'ok' ? 'server healthy' : `server degraded: ${failing.map(({ name }) => name).join(', ')}`}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <ul className={styles.checks}>
          {health.checks.map(({ name, ok, detail }) => (
            <li key={name} data-ok={ok}>
              {ok ? <CheckIcon size={15} /> : <WarningIcon size={15} />}
              <span>
                <strong>{name}</strong> {detail}
              </span>
            </li>
          ))}
        </ul>
        <p className={styles.version}>
          Millwright {health.version}, running for {formatDuration(health.uptimeSeconds * 1000)}
        </p>
      </Popover.Dropdown>
    </Popover>
  )
}
