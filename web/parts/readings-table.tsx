// The latest reading of every tag of a machine: value, quality in words, and when the machine measured it.
import { useMediaQuery } from '@mantine/hooks'
import { memo } from 'react'
import type { MachineTag } from '#api/machines/schema.ts'
import { useLiveSample } from '#web/data/live-socket.ts'
import { qualityLevel, qualityText } from '#web/data/value-format.ts'
import { Reading, ReadingTime } from './reading.tsx'
import styles from './readings-table.module.css'

export function ReadingsTable({ tags, stale }: { tags: readonly MachineTag[]; stale: boolean }) {
  return (
    <section className="panel" aria-label="Latest readings">
      <div className="panel-head">
        <h2>Latest readings</h2>
        <span className="muted">{tags.length === 1 ? '1 tag' : `${tags.length} tags`}</span>
      </div>
      <div className={`scroll-x ${styles.body}`}>
        <table className="table">
          <thead>
            <tr>
              <th>Tag</th>
              <th className="number">Value</th>
              <th className={styles.quality}>Quality</th>
              <th>Source time</th>
            </tr>
          </thead>
          <tbody>
            {tags.map((tag) => (
              <ReadingRow key={tag.path} tag={tag} stale={stale} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

const ReadingRow = memo(function ReadingRow({ tag, stale }: { tag: MachineTag; stale: boolean }) {
  const quality = useLiveSample(tag.path, tag.latest)?.quality
  const small = useMediaQuery('(max-width: 640px)')
  const level = quality === undefined ? 'good' : qualityLevel(quality)
  return (
    <tr>
      <td className={styles.name} title={tag.description ?? undefined}>
        {tag.name}
      </td>
      <td className={`number ${styles.value}`}>
        <Reading tag={tag} stale={stale} words={small ? 'before' : 'limit'} />
      </td>
      <td className={`${styles.quality} ${level === 'good' ? 'muted' : styles.suspect}`}>
        {quality === undefined ? '—' : qualityText(quality)}
      </td>
      <td>
        <ReadingTime tag={tag} />
      </td>
    </tr>
  )
})
