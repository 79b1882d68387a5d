// An array tag through time: the frame now or at any stored moment, its statistics, and the scrubber.
import { SegmentedControl } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import type { MachineTag } from '#api/machines/schema.ts'
import { useZone } from '#web/data/clock.ts'
import { useGeneration, useLiveSample } from '#web/data/live-socket.ts'
import { fetchFrames } from '#web/data/queries.ts'
import { formatDateTime } from '#web/data/time-format.ts'
import { boundsOf, type TimeRange } from '#web/data/time-range.ts'
import { isLive } from '#web/data/trend-query.ts'
import { useFrame } from '#web/data/use-frame.ts'
import { formatNumber, qualityLevel, qualityText } from '#web/data/value-format.ts'
import { FieldMap } from './field-map.tsx'
import { FrameScrubber } from './frame-scrubber.tsx'
import { Skeletons } from './loading.tsx'
import { Empty, Failed } from './notice.tsx'
import { Waveform } from './waveform.tsx'
import styles from './field-panel.module.css'

/** Most frames in the scrubber; of a longer range the first so many. */
const framesMax = 5000
const liveRefetchMs = 5000

export function FieldPanel({ tags, range }: { tags: readonly MachineTag[]; range: TimeRange }) {
  const [name, setName] = useState(tags[0]?.name)
  const tag = tags.find((tag) => tag.name === name) ?? tags[0]
  if (!tag) return null
  return (
    <section className="panel" aria-label="Fields">
      <div className="panel-head">
        <h2>{tag.description ?? tag.name}</h2>
        {tags.length > 1 && (
          <SegmentedControl size="xs" aria-label="Field" value={tag.name} onChange={setName} data={tags.map(({ name }) => name)} />
        )}
      </div>
      <Field key={tag.path} tag={tag} range={range} />
    </section>
  )
}

function Field({ tag, range }: { tag: MachineTag; range: TimeRange }) {
  const zone = useZone()
  const generation = useGeneration()
  const latest = useLiveSample(tag.path, tag.latest)
  /** The frame looked at in this range; undefined follows the machine. */
  const [chosen, setChosen] = useState<{ time: string; range: TimeRange }>()
  const time = chosen?.range === range ? chosen.time : undefined
  const [attempt, setAttempt] = useState(0)
  const list = useQuery({
    queryKey: ['frames', tag.path, range, isLive(range) ? generation : 0],
    queryFn: ({ signal }) => {
      const { from, to } = boundsOf(range, Date.now())
      return fetchFrames(tag.path, from, to, framesMax, signal)
    },
    placeholderData: keepPreviousData,
    refetchInterval: isLive(range) && time === undefined ? liveRefetchMs : false,
  })
  const frames = useMemo(() => list.data?.frames ?? [], [list.data])
  const { frame, error } = useFrame(tag.path, time ?? latest?.time, attempt)

  if (list.error && !list.data) return <Failed what="The frames" error={list.error} retry={() => void list.refetch()} />
  if (error && !frame) return <Failed what="The frame" error={error} retry={() => setAttempt(attempt + 1)} />
  if (!latest) return <Empty title="No frame yet">The first one appears here as soon as the machine sends it.</Empty>
  if (!frame) return <Skeletons count={1} height={420} label="Loading the frame" />
  const min = Math.min(frame.statistics.min, ...frames.slice(-500).map(({ min }) => min))
  const max = Math.max(frame.statistics.max, ...frames.slice(-500).map(({ max }) => max))
  const picture = { frame, min, max, unit: tag.unit, decimals: tag.decimals, label: tag.name }
  const good = qualityLevel(frame.quality) === 'good'
  return (
    <div className={styles.body}>
      <div className={styles.about}>
        <time dateTime={frame.time}>{formatDateTime(Date.parse(frame.time), zone, true)}</time>
        <span className={good ? 'muted' : styles.suspect}>{qualityText(frame.quality)}</span>
        <span className="muted">{frame.rows > 1 ? `${frame.rows} × ${frame.columns}` : `${frame.columns} values`}</span>
      </div>
      <div className={good ? undefined : styles.dimmed}>{frame.rows > 1 ? <FieldMap {...picture} /> : <Waveform {...picture} />}</div>
      <dl className={styles.statistics}>
        {(['min', 'mean', 'max', 'std'] as const).map((each) => (
          <div key={each}>
            <dt>{each}</dt>
            <dd>
              {formatNumber(frame.statistics[each], tag.decimals === null ? null : Math.max(tag.decimals, 1))}{' '}
              <span className="muted">{tag.unit}</span>
            </dd>
          </div>
        ))}
      </dl>
      <FrameScrubber frames={frames} time={time} follow={() => setChosen(undefined)} go={(time) => setChosen({ time, range })} />
      {frames.length === framesMax && (
        <p className={styles.bound}>These are the first {framesMax} frames of the range; choose a shorter one to see the others.</p>
      )}
    </div>
  )
}
