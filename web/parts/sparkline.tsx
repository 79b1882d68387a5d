// Up to the last ten minutes of a tag as a small line on a canvas; redrawn at most once a second, and only when something came or time moved on.
import { memo, useEffect, useRef } from 'react'
import type { Limits } from '#core/tag.ts'
import { limitExceeded } from '#core/limit.ts'
import { useGeneration } from '#web/data/live-socket.ts'
import { followHistory, sparklineBucketMs } from '#web/data/sparkline-data.ts'
import { shownSpanMs, sparklineSpanMs } from '#web/data/sparkline-span.ts'
import { gapAfterMs, type TrendSeries } from '#web/data/trend-series.ts'
import { limitColors } from '#web/theme/theme.ts'
import styles from './sparkline.module.css'

const redrawMs = 1000
const redraws = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

/** All sparklines share one timer; browsers skip the drawing of a hidden page. */
function everySecond(redraw: () => void): () => void {
  redraws.add(redraw)
  timer ??= setInterval(() => {
    if (!document.hidden) for (const each of redraws) each()
  }, redrawMs)
  return () => {
    redraws.delete(redraw)
    if (redraws.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function draw(canvas: HTMLCanvasElement, series: TrendSeries, limits: Limits | null): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const ratio = window.devicePixelRatio
  const [width, height] = [canvas.clientWidth, canvas.clientHeight]
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio)
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio)
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  const { time, mean, min, max } = series
  const now = Date.now()
  const start = Math.max(
    0,
    time.findIndex((at) => at >= now - sparklineSpanMs),
  )
  if (time.length === 0 || (time.at(-1) as number) < now - sparklineSpanMs) return
  const low = Math.min(...min.slice(start))
  const high = Math.max(...max.slice(start))
  // A steady value is a line in the middle, not noise blown up.
  const span = Math.max(high - low, Math.abs(high) * 0.002, 1e-9)
  const middle = (high + low) / 2
  const spanMs = shownSpanMs(time[start] as number, now)
  const x = (at: number) => width - 2 - ((now - at) / spanMs) * (width - 3)
  const y = (value: number) => height / 2 - ((value - middle) / span) * (height - 4)
  const gapMs = gapAfterMs(time.slice(start), sparklineBucketMs)
  context.lineWidth = 1.25
  context.lineJoin = 'round'
  context.strokeStyle = '#6f86a3'
  context.beginPath()
  for (let i = start; i < time.length; i++) {
    const joined = i > start && (time[i] as number) - (time[i - 1] as number) <= gapMs
    if (joined) context.lineTo(x(time[i] as number), y(mean[i] as number))
    else context.moveTo(x(time[i] as number), y(mean[i] as number))
  }
  context.stroke()
  const last = mean.at(-1) as number
  const exceeded = limitExceeded(limits ?? undefined, last)
  context.fillStyle = exceeded ? limitColors[exceeded] : '#2dd4bf'
  context.beginPath()
  context.arc(x(time.at(-1) as number), y(last), 1.75, 0, 7)
  context.fill()
}

export const Sparkline = memo(function Sparkline({ tag, limits, label }: { tag: string; limits: Limits | null; label: string }) {
  const canvasRef = useRef<HTMLCanvasElement>(null)
  const generation = useGeneration()
  useEffect(() => {
    let series: TrendSeries | undefined
    let drawn = false
    const redraw = () => {
      if (canvasRef.current && series) draw(canvasRef.current, series, limits)
    }
    const unfollow = followHistory(tag, (grown) => {
      series = grown
      if (!drawn) requestAnimationFrame(redraw)
      drawn = true
    })
    const stop = everySecond(redraw)
    return () => {
      unfollow()
      stop()
    }
  }, [tag, limits, generation])
  return <canvas ref={canvasRef} className={`reading ${styles.canvas}`} role="img" aria-label={`${label}, up to the last ten minutes`} />
})
