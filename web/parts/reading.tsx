// A live value with its unit, coloured beyond a limit, dimmed and explained when its quality is not good. Re-renders by itself.
import { memo } from 'react'
import type { MachineTag } from '#api/machines/schema.ts'
import { limitExceeded } from '#core/limit.ts'
import type { Limits } from '#core/tag.ts'
import type { SampleJson } from '#api/schema.ts'
import { useNow, useToday, useZone } from '#web/data/clock.ts'
import { live, useLiveSample } from '#web/data/live-socket.ts'
import { formatAge, formatClock, formatDate, formatDateTime, formatDuration, type Zone } from '#web/data/time-format.ts'
import { formatValue, limitLevel, limitText, qualityLevel, qualityText } from '#web/data/value-format.ts'
import styles from './reading.module.css'

/** The limit that a sample is beyond, unless its quality is bad. */
export function exceededBy(sample: SampleJson | null, limits: Limits | null): keyof Limits | undefined {
  if (!sample || typeof sample.value !== 'number' || qualityLevel(sample.quality) === 'bad') return undefined
  return limitExceeded(limits ?? undefined, sample.value)
}

type ReadingTag = Pick<MachineTag, 'path' | 'unit' | 'decimals' | 'limits' | 'latest'>

interface ReadingProperties {
  tag: ReadingTag
  /** The machine is offline, so the value is the last known one. */
  stale?: boolean
  /** Where quality and limit stand in words; `limit`: before the value, and the limit alone. */
  words?: 'before' | 'after' | 'limit' | 'nowhere'
}

export const Reading = memo(function Reading({ tag, stale = false, words: place = 'before' }: ReadingProperties) {
  const sample = useLiveSample(tag.path, tag.latest)
  if (!sample) return <span className={`reading ${styles.reading} ${styles.bad}`}>no value yet</span>
  const quality = qualityLevel(sample.quality)
  const exceeded = exceededBy(sample, tag.limits)
  const level = stale ? styles.stale : quality !== 'good' ? styles[quality] : exceeded ? styles[limitLevel(exceeded)] : ''
  const words = quality !== 'good' ? qualityText(sample.quality) : exceeded ? limitText[exceeded] : ''
  const before = place === 'before' || (place === 'limit' && quality === 'good')
  const text = typeof sample.value === 'string' ? sample.value : undefined
  return (
    <span className={`reading ${styles.reading} ${level}`} title={words || text}>
      {words && before && <span className={styles.words}>{words}</span>}
      <span className={`${styles.value} ${text === undefined ? '' : styles.text}`}>{formatValue(sample.value, tag.decimals)}</span>
      {tag.unit && sample.value !== null && <span className={styles.unit}>{tag.unit}</span>}
      {words && place === 'after' && <span className={styles.words}>{words}</span>}
    </span>
  )
})

/** The source time of a tag's value: its clock time, with the date when that is not today's. */
export const ReadingTime = memo(function ReadingTime({ tag }: { tag: ReadingTag }) {
  const sample = useLiveSample(tag.path, tag.latest)
  const zone = useZone()
  if (!sample) return <span className="muted">—</span>
  return <SourceTime ms={Date.parse(sample.time)} zone={zone} />
})

/** A clock time, with the date when that is not today's. */
export function SourceTime({ ms, zone, withMs = true }: { ms: number; zone: Zone; withMs?: boolean }) {
  const ofToday = formatDate(ms, zone) === useToday(zone)
  return (
    <time className={`muted ${styles.time}`} dateTime={new Date(ms).toISOString()} title={formatDateTime(ms, zone, true)}>
      {ofToday ? formatClock(ms, zone, withMs) : formatDateTime(ms, zone)}
    </time>
  )
}

interface AgeProperties {
  time: string | null
  never?: string
  /** Tags whose live values, unless bad, are newer news than `time`. */
  tags?: readonly { path: string }[]
}

/** How long ago a time was, counted on every second. */
export function Age({ time: known, never = 'never', tags = [] }: AgeProperties) {
  const now = useNow()
  const zone = useZone()
  const times = tags.flatMap(({ path }) => {
    const sample = live.value(path)
    return sample && qualityLevel(sample.quality) !== 'bad' ? sample.time : []
  })
  const time = times.reduce((newest, each) => (newest && newest > each ? newest : each), known)
  if (!time) return <span className="muted">{never}</span>
  return (
    <time dateTime={time} title={formatDateTime(Date.parse(time), zone, true)}>
      {formatAge(Date.parse(time), now)}
    </time>
  )
}

/** How long something has lasted, counted on every second. */
export function Lasting({ since }: { since: string }) {
  const now = useNow()
  const zone = useZone()
  return (
    <time dateTime={since} title={`since ${formatDateTime(Date.parse(since), zone)}`}>
      {formatDuration(now - Date.parse(since))}
    </time>
  )
}
