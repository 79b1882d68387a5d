// How uPlot draws a trend: mean as a line, min to max as a band, limits dashed, one axis per unit, time in the chosen zone.
import uPlot from 'uplot'
import type { Limits } from '#core/tag.ts'
import { formatClock, formatDate, type Zone } from '#web/data/time-format.ts'
import { formatNumber, limitEntries } from '#web/data/value-format.ts'
import { drawLimits, drawPeriods, type TrendPeriod } from './trend-backdrop.ts'

export interface TrendLine {
  readonly tag: string
  readonly name: string
  readonly unit: string | null
  readonly decimals: number | null
  readonly limits: Limits | null
  readonly color: string
  /** Off and on, drawn as steps on an axis of its own. */
  readonly boolean: boolean
}

interface Handlers {
  zone: Zone
  /** Milliseconds. */
  onZoom: (from: number, to: number) => void
  onReset: () => void
  /** Row of the data under the cursor, or null. */
  onCursor: (chart: uPlot, row: number | null) => void
  periods: () => readonly TrendPeriod[]
}

/** Series of line `index` in the chart: mean, max, min, after the time axis. */
export const seriesOf = (index: number) => ({ mean: 1 + index * 3, max: 2 + index * 3, min: 3 + index * 3 })
/** Stands for the unit of booleans, so that they do not share an axis with numbers. */
export const booleanUnit = 'off/on'
const steps: uPlot.Series.PathBuilder = (...given) => uPlot.paths.stepped?.({ align: 1 })(...given) ?? null
export const unitsOf = (lines: readonly TrendLine[]) => [...new Set(lines.map(({ unit }) => unit))]
const scaleOf = (units: readonly (string | null)[], unit: string | null) => `y${units.indexOf(unit)}`

const font = '11px system-ui, sans-serif'
const axisColor = '#94a3b8'
const gridColor = 'rgba(148, 163, 184, 0.1)'
const dragPixelsMin = 6
/** A narrower chart, as on a phone, has closer time labels and axes for two units only; the legend tells the others. */
const narrowPx = 500

export function trendOptions(lines: readonly TrendLine[], width: number, height: number, handlers: Handlers): uPlot.Options {
  const { zone, onZoom, onReset, onCursor, periods } = handlers
  const units = unitsOf(lines)
  return {
    width,
    height,
    padding: [10, units.length > 1 ? 0 : 14, 0, (chart) => (typeof chart.scales.y0?.min === 'number' ? 0 : 20)],
    legend: { show: false },
    ...(zone === 'utc' ? { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') } : {}),
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: dragPixelsMin },
      points: { size: 6 },
      bind: {
        dblclick: () => () => {
          onReset()
          return null
        },
      },
    },
    scales: {
      x: { time: true, auto: false },
      ...Object.fromEntries(units.map((unit) => [scaleOf(units, unit), { range: rangeWith(lines.filter((line) => line.unit === unit)) }])),
    },
    axes: [
      {
        stroke: axisColor,
        font,
        size: 38,
        space: timeSpace,
        grid: { stroke: gridColor, width: 1 },
        ticks: { show: false },
        values: timeLabels(zone),
      },
      ...units.map((unit, index) => ({
        show: width >= narrowPx || index < 2,
        scale: scaleOf(units, unit),
        // Left and right in turn; uPlot types its numbers as an enum that does not exist at run time.
        // oxlint-disable-next-line typescript/no-unsafe-enum-assignment
        side: (index % 2 === 0 ? 3 : 1) as uPlot.Axis.Side,
        stroke: axisColor,
        font,
        size: axisWidth,
        label: unit === booleanUnit ? '' : (unit ?? ''),
        labelSize: unit && unit !== booleanUnit ? 16 : 0,
        labelFont: font,
        grid: { show: index === 0, stroke: gridColor, width: 1 },
        ticks: { show: false },
        ...(unit === booleanUnit
          ? { splits: [0, 1], values: ['off', 'on'] }
          : { values: (_: uPlot, splits: number[]) => splits.map((value) => formatNumber(value, decimalsBetween(splits))) }),
      })),
    ],
    series: [
      {},
      ...lines.flatMap((line) => {
        const scale = scaleOf(units, line.unit)
        const edge = { scale, stroke: 'transparent', width: 0, points: { show: false } }
        return [
          {
            scale,
            stroke: line.color,
            width: 1.5,
            points: { show: true, size: 4, fill: line.color, filter: lonePoints },
            ...(line.boolean && { paths: steps }),
          },
          edge,
          edge,
        ]
      }),
    ],
    bands: lines.map((line, index) => ({ series: [seriesOf(index).max, seriesOf(index).min], fill: `${line.color}2e` })),
    hooks: {
      drawClear: [(chart) => drawPeriods(chart, periods()), (chart) => drawLimits(chart, lines, (unit) => scaleOf(units, unit))],
      setSelect: [
        (chart) => {
          const { left, width } = chart.select
          if (width < dragPixelsMin) return
          const [from, to] = [chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x')]
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          onZoom(from * 1000, to * 1000)
        },
      ],
      setCursor: [(chart) => onCursor(chart, chart.cursor.idx ?? null)],
    },
  }
}

/** Points whose neighbours are both missing would be invisible as a line. */
function lonePoints(chart: uPlot, series: number): number[] {
  const [from, to] = chart.series[series]?.idxs ?? [0, -1]
  const values = chart.data[series] as (number | null | undefined)[]
  const present: { row: number; joined: boolean }[] = []
  let joined = false
  for (let row = from; row <= to; row++) {
    const value = values[row]
    if (value === undefined) continue
    if (value === null) joined = false
    else {
      const before = present.at(-1)
      if (joined && before) before.joined = true
      present.push({ row, joined })
      joined = true
    }
  }
  return present.filter((point) => !point.joined).map(({ row }) => row)
}

/** Leaves room around the data, and takes in limits that are no further away than the data is high. */
function rangeWith(lines: readonly TrendLine[]): uPlot.Range.Function {
  return (_, low, high) => {
    // Without values there is no axis, rather than one made up.
    if (low === null || high === null) return [null, null]
    if (lines.some(({ boolean }) => boolean)) return [-0.08, 1.08]
    const span = Math.max(high - low, Math.abs(high) * 0.01, 1e-6)
    const limits = lines
      .flatMap(({ limits }) => limitEntries(limits))
      .map(([, limit]) => limit)
      .filter((limit) => limit > low - span && limit < high + span)
    const [bottom, top] = [Math.min(low, ...limits), Math.max(high, ...limits)]
    const room = Math.max(top - bottom, span) * 0.06
    return [bottom - room, top + room]
  }
}

/** Least distance of time labels. */
const timeSpace = (_: uPlot, _axis: number, _min: number, _max: number, widthPx: number) => (widthPx < narrowPx ? 50 : 74)

/** Room for the widest label. */
function axisWidth(_: uPlot, labels: string[] | null): number {
  const longest = Math.max(0, ...(labels ?? []).map((label) => label.length))
  return Math.max(34, 14 + longest * 6.6)
}

function decimalsBetween(splits: readonly number[]): number {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0))
  return step >= 1 || step === 0 ? 0 : Math.min(6, Math.ceil(-Math.log10(step) - 1e-9))
}

/** Clock times; the date stands below where a day begins, and below the first. */
const timeLabels = (zone: Zone) => (_: uPlot, splits: number[], _axis: number, _space: number, stepSeconds: number) =>
  splits.map((seconds, index) => {
    const ms = seconds * 1000
    const date = formatDate(ms, zone)
    if (stepSeconds >= 86_400) return date.slice(5)
    const clock = formatClock(ms, zone, stepSeconds < 1)
    const shown = stepSeconds < 60 ? clock : clock.slice(0, 5)
    const before = splits[index - 1]
    return before === undefined || formatDate(before * 1000, zone) !== date ? `${shown}\n${date.slice(5)}` : shown
  })
