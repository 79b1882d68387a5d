// Whether this page hears the server: live, reconnecting, or offline since when, with the time of the next try.
import { Tooltip } from '@mantine/core'
import { useNow, useZone } from '#web/data/clock.ts'
import { live, useConnection } from '#web/data/live-socket.ts'
import { formatClock } from '#web/data/time-format.ts'
import { Mark } from './status-mark.tsx'
import styles from './header.module.css'

/** A shorter absence is only "reconnecting". */
const offlineAfterMs = 6000

export function ServerState() {
  const { state, since, retryAt, error } = useConnection()
  if (state === 'offline') return <Offline since={since} retryAt={retryAt ?? since} />
  return (
    <Tooltip label={error ?? 'Values arrive as they are measured'} disabled={state === 'connecting'} withArrow multiline maw={320}>
      <span className={styles.state} role="status" data-state={error ? 'error' : state}>
        <Mark level={error ? 'warning' : 'normal'} size={10} />
        {state === 'connecting' ? 'connecting…' : 'live'}
      </span>
    </Tooltip>
  )
}

function Offline({ since, retryAt }: { since: number; retryAt: number }) {
  const now = useNow()
  const zone = useZone()
  const seconds = Math.ceil((retryAt - now) / 1000)
  const waiting = seconds > 0 ? `retry in ${seconds} s` : 'trying…'
  return (
    <span className={styles.state} data-state="offline" role="status">
      <Mark level="warning" size={11} />
      <span className={styles.words}>
        {now - since > offlineAfterMs ? `offline since ${formatClock(since, zone)}` : 'reconnecting…'}
        <span className={styles.retry}>{waiting}</span>
      </span>
      <button type="button" className={styles.now} onClick={live.retry}>
        now
      </button>
    </span>
  )
}
