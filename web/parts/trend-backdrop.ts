// What a trend shows behind its lines: limits as dashed lines, and periods to be told from the rest.
import uPlot from 'uplot'
import type { Limits } from '#core/tag.ts'
import { limitEntries } from '#web/data/value-format.ts'
import { limitColors } from '#web/theme/theme.ts'

/** A time to be told from the rest, drawn behind the lines. */
export interface TrendPeriod {
  /** Milliseconds. */
  readonly from: number
  readonly to: number
  readonly label: string
}

interface LimitedLine {
  readonly unit: string | null
  readonly limits: Limits | null
}

const periodColor = 'rgba(148, 163, 184, 0.14)'
const labelColor = '#94a3b8'

export function drawPeriods(chart: uPlot, periods: readonly TrendPeriod[]): void {
  const { ctx, bbox } = chart
  const ratio = uPlot.pxRatio
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  ctx.font = `${11 * ratio}px system-ui, sans-serif`
  ctx.textBaseline = 'top'
  for (const { from, to, label } of periods) {
    const [left, right] = [from, to].map((ms) => chart.valToPos(ms / 1000, 'x', true)) as [number, number]
    const start = Math.max(left, bbox.left)
    if (right < bbox.left || left > bbox.left + bbox.width) continue
    ctx.fillStyle = periodColor
    ctx.fillRect(start, bbox.top, Math.max(right - start, ratio), bbox.height)
    ctx.fillStyle = labelColor
    ctx.fillText(label, start + 6 * ratio, bbox.top + 4 * ratio)
  }
  ctx.restore()
}

export function drawLimits(chart: uPlot, lines: readonly LimitedLine[], scaleOf: (unit: string | null) => string): void {
  const { ctx, bbox } = chart
  if (typeof chart.scales.x?.min !== 'number') return
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  ctx.lineWidth = uPlot.pxRatio
  ctx.setLineDash([6 * uPlot.pxRatio, 5 * uPlot.pxRatio])
  for (const line of lines)
    for (const [name, limit] of limitEntries(line.limits)) {
      if (typeof chart.scales[scaleOf(line.unit)]?.min !== 'number') continue
      const y = Math.round(chart.valToPos(limit, scaleOf(line.unit), true)) + 0.5
      ctx.strokeStyle = limitColors[name]
      ctx.globalAlpha = 0.7
      ctx.beginPath()
      ctx.moveTo(bbox.left, y)
      ctx.lineTo(bbox.left + bbox.width, y)
      ctx.stroke()
    }
  ctx.restore()
}
