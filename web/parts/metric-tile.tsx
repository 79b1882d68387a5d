// One live value, large: where it stands between its limits, how good it is, and when the machine measured it.
import { memo } from 'react'
import type { MachineTag } from '#api/machines/schema.ts'
import type { Limits } from '#core/tag.ts'
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
  const [from, to] = barEnds(limits, range, value)
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

/** The bar ends a little beyond the outermost limits; where there are none, at the range. It never leaves the value out. */
function barEnds(limits: Limits | null, range: readonly [number, number] | null, value: number | undefined): [number, number] {
  const lowest = limits?.lowLow ?? limits?.low
  const highest = limits?.highHigh ?? limits?.high
  const known = [lowest, highest, range?.[0], range?.[1], value].filter((each) => each !== undefined)
  const span = Math.max(...known) - Math.min(...known) || 1
  const bottom = range?.[0] ?? Math.min(...known) - span * 0.2
  const top = range?.[1] ?? Math.max(...known) + span * 0.2
  const to = highest === undefined ? top : Math.min(top, highest + (highest - Math.max(bottom, lowest ?? bottom)) * 0.2)
  const from = lowest === undefined ? bottom : Math.max(bottom, lowest - (to - lowest) * 0.2)
  return value === undefined ? [from, to] : [Math.min(from, value), Math.max(to, value)]
}
