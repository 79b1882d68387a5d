// One live value, large: where it stands between its limits, how good it is, and when the machine measured it.
import { memo } from 'react'
import type { MachineTag } from '#api/machines/schema.ts'
import { useLiveSample } from '#web/data/live-socket.ts'
import { formatNumber, limitEntries, limitText } from '#web/data/value-format.ts'
import { exceededBy, Reading, ReadingTime } from './reading.tsx'
import styles from './metric-tile.module.css'

export const MetricTile = memo(function MetricTile({ tag, stale }: { tag: MachineTag; stale: boolean }) {
  const sample = useLiveSample(tag.path, tag.latest)
  const exceeded = stale ? undefined : exceededBy(sample, tag.limits)
  return (
    <article className={`panel ${styles.tile}`} data-exceeded={exceeded} aria-label={tag.name}>
      <h3 className={styles.name} title={tag.description ?? undefined}>
        {tag.name}
      </h3>
      <div className={styles.value}>
        <Reading tag={tag} stale={stale} words="after" />
      </div>
      {tag.kind === 'number' && (tag.limits || tag.range) && (
        <LimitBar tag={tag} value={typeof sample?.value === 'number' ? sample.value : undefined} />
      )}
      <div className={styles.time}>
        <ReadingTime tag={tag} />
      </div>
    </article>
  )
})

/** A bar over the range with the normal part marked and the value as a pointer. */
function LimitBar({ tag: { limits, range, decimals }, value }: { tag: MachineTag; value: number | undefined }) {
  const { lowLow, low, high, highHigh } = limits ?? {}
  const given = [lowLow, low, high, highHigh].filter((limit) => limit !== undefined)
  const seen = value === undefined ? given : [...given, value]
  const span = Math.max(...seen) - Math.min(...seen) || 1
  const [from, to] = range ?? [Math.min(...seen) - span * 0.25, Math.max(...seen) + span * 0.25]
  const at = (where: number) => `${Math.min(100, Math.max(0, ((where - from) / (to - from)) * 100))}%`
  const between = (left: number, right: number) => ({ left: at(left), width: `calc(${at(right)} - ${at(left)})` })
  const words = limitEntries(limits).map(([name, limit]) => `${limitText[name]} ${formatNumber(limit, decimals)}`)
  return (
    <div className={styles.bar} role="img" aria-label={words.length > 0 ? `Limits: ${words.join(', ')}` : 'Range'} title={words.join(', ')}>
      <span className={styles.normal} style={between(low ?? lowLow ?? from, high ?? highHigh ?? to)} />
      {low !== undefined && <span className={styles.amber} style={between(lowLow ?? from, low)} />}
      {high !== undefined && <span className={styles.amber} style={between(high, highHigh ?? to)} />}
      {lowLow !== undefined && <span className={styles.red} style={between(from, lowLow)} />}
      {highHigh !== undefined && <span className={styles.red} style={between(highHigh, to)} />}
      {value !== undefined && <span className={`reading ${styles.pointer}`} style={{ left: at(value) }} />}
    </div>
  )
}
