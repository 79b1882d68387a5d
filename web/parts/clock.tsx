// The time now, in UTC or local time; pressing it changes all times on the page.
import { Tooltip } from '@mantine/core'
import { setZone, useNow, useZone } from '#web/data/clock.ts'
import { formatClock, formatDate } from '#web/data/time-format.ts'
import styles from './header.module.css'

export function Clock() {
  const now = useNow()
  const zone = useZone()
  const other = zone === 'utc' ? 'local' : 'utc'
  return (
    <Tooltip label={`Show all times in ${other === 'utc' ? 'UTC' : 'local time'}`} withArrow>
      <button type="button" className={styles.clock} onClick={() => setZone(other)} aria-label={`Times are in ${zone}; change to ${other}`}>
        <span className={styles.date}>{formatDate(now, zone)}</span>
        <span>{formatClock(now, zone)}</span>
        <span className={styles.zone}>{zone === 'utc' ? 'UTC' : 'local'}</span>
      </button>
    </Tooltip>
  )
}
