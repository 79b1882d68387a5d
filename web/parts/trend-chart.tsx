// A trend drawn by uPlot: given data stands still, live data moves and grows by itself without rendering React anew.
import 'uplot/dist/uPlot.min.css'
import { useElementSize, useReducedMotion } from '@mantine/hooks'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import { useZone } from '#web/data/clock.ts'
import { live } from '#web/data/live-socket.ts'
import { formatDateTime } from '#web/data/time-format.ts'
import { presets } from '#web/data/time-range.ts'
import type { Trend } from '#web/data/trend-query.ts'
import { alignSeries, appendPoint, type TrendSeries } from '#web/data/trend-series.ts'
import { formatNumber, formatValue, qualityLevel } from '#web/data/value-format.ts'
import type { TrendPeriod } from './trend-backdrop.ts'
import { seriesOf, type TrendLine, trendOptions } from './trend-options.ts'
import styles from './trend-chart.module.css'

interface Properties {
  trend: Trend
  lines: readonly TrendLine[]
  moving: boolean
  height: number
  periods: readonly TrendPeriod[]
  /** Stands in the chart while no value is in sight. */
  nothing: ReactNode
  onZoom: (from: number, to: number) => void
  onReset: () => void
}

const moveMs = 250
const moveCalmlyMs = 1000

export function TrendChart({ trend, lines, moving, height, periods, nothing, onZoom, onReset }: Properties) {
  const { ref: sizeRef, width } = useElementSize<HTMLDivElement>()
  const legend = useRef<HTMLDivElement>(null)
  const [chart, setChart] = useState<uPlot>()
  const zone = useZone()
  const calm = useReducedMotion()
  const [emptyNow, setEmptyNow] = useState(false)
  const empty = moving ? emptyNow : !inSight(trend.series, trend.from, trend.to)
  const handlers = useRef({ onZoom, onReset })
  const shownPeriods = useRef(periods)
  useEffect(() => {
    handlers.current = { onZoom, onReset }
  })

  const makeChart = useCallback(
    (holder: HTMLDivElement) => {
      const options = trendOptions(lines, holder.clientWidth, height, {
        zone,
        onZoom: (from, to) => handlers.current.onZoom(from, to),
        onReset: () => handlers.current.onReset(),
        periods: () => shownPeriods.current,
        onCursor: (drawn, row) => {
          if (legend.current) writeLegend(legend.current, drawn, lines, row, (ms) => formatDateTime(ms, zone, true))
        },
      })
      const made = new uPlot(options, undefined, holder)
      setChart(made)
      return () => made.destroy()
    },
    [lines, zone, height],
  )

  useEffect(() => {
    if (width > 0) chart?.setSize({ width, height })
  }, [chart, width, height])

  useEffect(() => {
    // A chart made for other lines is about to be replaced.
    if (!chart || chart.series.length !== 1 + trend.series.length * 3) return undefined
    if (moving) return follow(trend, chart, calm ? moveCalmlyMs : moveMs, setEmptyNow)
    show(chart, trend.series, trend.bucketMs, trend.from, trend.to)
    return undefined
  }, [chart, trend, moving, calm])

  useEffect(() => {
    shownPeriods.current = periods
    chart?.redraw(false)
  }, [chart, periods])

  return (
    <div className="reading">
      <div ref={legend} className={styles.legend} aria-live="off">
        <span className={styles.time} />
        {lines.map((line) => (
          <span key={line.tag} className={styles.entry}>
            <span className={styles.swatch} style={{ background: line.color }} />
            {line.name}
            <span className={styles.value} />
            <span className={styles.unit}>{line.boolean ? '' : line.unit}</span>
            <span className={styles.band} />
          </span>
        ))}
      </div>
      <div ref={sizeRef} style={{ height }} className={styles.chart}>
        <div
          ref={makeChart}
          role="img"
          aria-label={`Trend of ${lines.map(({ name }) => name).join(', ')}; drag to zoom, double-click to reset`}
        />
        {empty && nothing}
      </div>
    </div>
  )
}

/** Whether any value lies between `from` and `to`. */
const inSight = (series: readonly TrendSeries[], from: number, to: number) =>
  series.some(({ time }) => (time.at(-1) ?? -Infinity) >= from && (time[0] ?? Infinity) <= to)

function show(chart: uPlot, series: readonly TrendSeries[], bucketMs: number, from: number, to: number): void {
  const { x, mean, min, max } = alignSeries(series, bucketMs)
  chart.batch(() => {
    chart.setData([x, ...series.flatMap((_, index) => [mean[index] ?? [], max[index] ?? [], min[index] ?? []])], false)
    chart.setScale('x', { min: from / 1000, max: to / 1000 })
  })
  if (chart.cursor.idx === null || chart.cursor.idx === undefined) for (const hook of chart.hooks.setCursor ?? []) hook?.(chart)
}

/** Keeps a copy of the trend going with live values and moves the window along; the returned function stops it. */
function follow(trend: Trend, chart: uPlot, periodMs: number, setEmpty: (empty: boolean) => void): () => void {
  const series = structuredClone(trend.series) as TrendSeries[]
  const spanMs = presets.live.spanMs
  const stops = series.map((each) =>
    live.listen(each.tag, () => {
      const sample = live.value(each.tag)
      if (!sample || typeof sample.value === 'string' || typeof sample.value === 'object' || qualityLevel(sample.quality) === 'bad') return
      appendPoint(each, Date.parse(sample.time), Number(sample.value), Date.now() - spanMs)
    }),
  )
  const move = () => {
    if (document.hidden) return
    const now = Date.now()
    show(chart, series, trend.bucketMs, now - spanMs, now)
    setEmpty(!inSight(series, now - spanMs, now))
  }
  move()
  const timer = setInterval(move, periodMs)
  return () => {
    clearInterval(timer)
    for (const stop of stops) stop()
  }
}

/** Time and values under the cursor, or the newest ones; written past React, for it happens with every move of the mouse. */
function writeLegend(
  legend: HTMLElement,
  chart: uPlot,
  lines: readonly TrendLine[],
  cursorRow: number | null,
  timeText: (ms: number) => string,
): void {
  const time = cursorRow === null ? undefined : chart.data[0]?.[cursorRow]
  const entries = legend.querySelectorAll<HTMLElement>(`.${styles.entry}`)
  const timeElement = legend.querySelector<HTMLElement>(`.${styles.time}`)
  if (timeElement) timeElement.textContent = time === undefined ? 'newest' : timeText(time * 1000)
  lines.forEach((line, index) => {
    const at = seriesOf(index)
    const row = nearestRow(chart.data[at.mean] as (number | null | undefined)[] | undefined, cursorRow)
    const [mean, min, max] = [at.mean, at.min, at.max].map((series) => (row === undefined ? undefined : chart.data[series]?.[row]))
    const value = entries[index]?.querySelector(`.${styles.value}`)
    const band = entries[index]?.querySelector(`.${styles.band}`)
    const text = (number: number) =>
      line.boolean && Number.isInteger(number) ? formatValue(number === 1) : formatNumber(number, line.decimals)
    if (value) value.textContent = typeof mean === 'number' ? text(mean) : '—'
    if (band)
      band.textContent = typeof min === 'number' && typeof max === 'number' && text(min) !== text(max) ? `${text(min)} … ${text(max)}` : ''
  })
}

/** The row itself, or the nearest before it with a value; nothing inside a gap. Without a row the newest. */
function nearestRow(values: (number | null | undefined)[] | undefined, row: number | null): number | undefined {
  if (!values) return undefined
  for (let at = row ?? values.length - 1; at >= 0; at--) {
    if (typeof values[at] === 'number') return at
    if (values[at] === null && row !== null) return undefined
  }
  return undefined
}
