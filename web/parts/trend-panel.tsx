// Trend of one machine: which tags, which range, and the chart.
import { Button, Loader, MultiSelect } from '@mantine/core'
import { useElementSize, useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import type { MachineTag } from '#api/machines/schema.ts'
import { useNow, useZone } from '#web/data/clock.ts'
import { live, useGeneration } from '#web/data/live-socket.ts'
import { useStableList } from '#web/data/stable-list.ts'
import { formatDateTime } from '#web/data/time-format.ts'
import { boundsOf, isAll, isOwn, linesMax, rangeAtNewest, type TimeRange, type WantedRange } from '#web/data/time-range.ts'
import { isLive, trendQuery } from '#web/data/trend-query.ts'
import { lineColors } from '#web/theme/theme.ts'
import { BackIcon } from './icons.tsx'
import { Skeletons } from './loading.tsx'
import { Empty, Failed } from './notice.tsx'
import { RangeControl } from './range-control.tsx'
import { TrendChart } from './trend-chart.tsx'
import type { TrendPeriod } from './trend-backdrop.ts'
import { booleanUnit } from './trend-options.ts'
import styles from './trend-panel.module.css'

interface Properties {
  tags: readonly MachineTag[]
  /** Names of the shown tags. */
  chosen: readonly string[]
  choose: (names: string[]) => void
  range: TimeRange
  changeRange: (range: WantedRange) => void
  periods: readonly TrendPeriod[]
}

/** So that a slightly resized window does not ask anew. */
const widthStep = 50

export function TrendPanel({ tags, chosen, choose, range, changeRange, periods }: Properties) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const small = useMediaQuery('(max-width: 640px)')
  const generation = useGeneration()
  const [before, setBefore] = useState<TimeRange[]>([])
  const shown = useMemo(() => chosen.flatMap((name) => tags.find((tag) => tag.name === name) ?? []), [tags, chosen])
  const paths = useStableList(shown.map(({ path }) => path))
  const buckets = Math.ceil(width / widthStep) * widthStep
  const { data: trend, error, isFetching, isPlaceholderData, refetch } = useQuery(trendQuery(paths, range, buckets, generation))
  // While other tags are being loaded the chart goes on with those it has.
  const drawn = trend?.series.map(({ tag }) => tag).join('\n')
  const definitions = tags.map(({ path, kind, unit, decimals, limits }) => [path, kind, unit, decimals, limits])
  const lines = useMemo(
    () =>
      (drawn ?? '').split('\n').flatMap((path, index) => {
        const tag = tags.find((tag) => tag.path === path)
        if (!tag) return []
        const { name, decimals, limits } = tag
        const boolean = tag.kind === 'boolean'
        const unit = boolean ? booleanUnit : tag.unit
        return { tag: path, name, unit, decimals, limits, color: lineColors[index % lineColors.length] as string, boolean }
      }),
    // The definitions alone: new latest values must not make a new chart.
    // oxlint-disable-next-line react/exhaustive-deps
    [drawn, JSON.stringify(definitions)],
  )
  const zoom = (from: number, to: number) => {
    setBefore([...before, range])
    changeRange({ from: Math.floor(from), to: Math.max(Math.ceil(to), Math.floor(from) + 10) })
  }
  const back = (steps: number) => {
    const target = before.at(-steps)
    setBefore(before.slice(0, -steps))
    changeRange(!target ? { preset: 'live' } : isAll(target) ? 'all' : target)
  }
  return (
    <section className="panel" aria-label="Trend">
      <div className="panel-head">
        <h2>Trend</h2>
        {isFetching && !isLive(range) && <Loader size={14} aria-label="Loading" />}
        {isOwn(range) && (
          <Button size="compact-sm" variant="default" leftSection={<BackIcon size={14} />} onClick={() => back(1)}>
            Back
          </Button>
        )}
        <RangeControl
          range={range}
          changeRange={(range) => {
            setBefore([])
            changeRange(range)
          }}
        />
      </div>
      <div className={styles.tags}>
        <MultiSelect
          aria-label="Tags in the chart"
          size="xs"
          data={tags.filter(({ kind }) => kind === 'number' || kind === 'boolean').map(({ name }) => name)}
          value={[...chosen]}
          onChange={choose}
          maxValues={linesMax}
          searchable
          hidePickedOptions
          placeholder={chosen.length === 0 ? 'Choose up to eight tags' : chosen.length < linesMax ? 'add' : ''}
        />
      </div>
      <div ref={ref} className={styles.body} data-loading={isPlaceholderData}>
        {error && !trend ? (
          <Failed what="The trend" error={error} retry={() => void refetch()} />
        ) : shown.length === 0 ? (
          <Empty title="No tag chosen">Choose one or more tags above to see their trend.</Empty>
        ) : !trend ? (
          <Skeletons count={1} height={small ? 270 : 350} label="Loading the trend" />
        ) : (
          <TrendChart
            trend={trend}
            lines={lines}
            moving={isLive(range) && !isPlaceholderData}
            height={small ? 240 : 320}
            onZoom={zoom}
            onReset={() => isOwn(range) && back(Math.max(1, before.length))}
            periods={periods}
            nothing={<Nothing tags={shown} range={range} changeRange={changeRange} />}
          />
        )}
      </div>
    </section>
  )
}

/** Says that the range is empty, and leads to where values are. */
function Nothing({ tags, range, changeRange }: Pick<Properties, 'tags' | 'range' | 'changeRange'>) {
  const now = useNow()
  const zone = useZone()
  const newest = Math.max(
    ...tags.map(({ path, latest }) => Date.parse(live.value(path)?.time ?? latest?.time ?? '')).filter(Number.isFinite),
  )
  const { from, to } = boundsOf(range, now)
  const elsewhere = Number.isFinite(newest) && (newest < from || newest > to)
  return (
    <div className={styles.nothing} role="status">
      <p>
        No values in this range
        {elsewhere ? `; the newest is of ${formatDateTime(newest, zone)}` : Number.isFinite(newest) ? '; what came is bad' : ' yet'}.
      </p>
      {elsewhere && (
        <Button size="xs" variant="light" onClick={() => changeRange(rangeAtNewest(range, newest, now))}>
          Show the newest
        </Button>
      )}
    </div>
  )
}
