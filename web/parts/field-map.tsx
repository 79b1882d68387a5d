// A two-dimensional field as a heat map on a canvas: one pixel per element, value under the pointer or arrow keys, hottest element marked.
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react'
import { colorGradient, paint } from '#web/data/color-map.ts'
import type { Frame } from '#web/data/frames.ts'
import { formatNumber } from '#web/data/value-format.ts'
import styles from './field-map.module.css'

interface Properties {
  frame: Frame
  /** Ends of the colour scale. */
  min: number
  max: number
  unit: string | null
  decimals: number | null
  label: string
}

interface Element {
  row: number
  column: number
}

const heightMaxPx = 380
const gradient = colorGradient('to top')

export function FieldMap({ frame, min, max, unit, decimals, label }: Properties) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [probe, setProbe] = useState<Element>()
  const { rows, columns, data, statistics } = frame
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    const image = context.createImageData(columns, rows)
    paint(data, min, max, image.data)
    context.putImageData(image, 0, 0)
  }, [data, rows, columns, min, max])

  const point = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    setProbe({
      row: clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), rows),
      column: clamp(Math.floor(((event.clientX - box.left) / box.width) * columns), columns),
    })
  }
  const step = (event: KeyboardEvent) => {
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    const from = probe ?? { row: statistics.hotSpotRow, column: statistics.hotSpotColumn }
    setProbe({ row: clamp(from.row + move[0], rows), column: clamp(from.column + move[1], columns) })
  }
  const text = (value: number) => `${formatNumber(value, decimals)}${unit ? ` ${unit}` : ''}`
  const probed = probe && probe.row < rows && probe.column < columns ? probe : undefined
  return (
    <figure className={`reading ${styles.figure}`}>
      <div className={styles.plot}>
        <div className={styles.map} style={{ aspectRatio: `${columns} / ${rows}`, maxWidth: (heightMaxPx * columns) / rows }}>
          <canvas
            ref={canvas}
            width={columns}
            height={rows}
            className={styles.canvas}
            tabIndex={0}
            role="img"
            aria-label={`${label}: ${rows} by ${columns} values from ${text(statistics.min)} to ${text(statistics.max)}. Arrow keys move the probe.`}
            onPointerMove={point}
            onPointerDown={point}
            onPointerLeave={() => setProbe(undefined)}
            onKeyDown={step}
            onBlur={() => setProbe(undefined)}
          />
          <Marker row={statistics.hotSpotRow} column={statistics.hotSpotColumn} rows={rows} columns={columns} className={styles.hot} />
          {probed && <Marker {...probed} rows={rows} columns={columns} className={styles.probe} />}
        </div>
        <div className={styles.scale} aria-hidden="true">
          <span>{unit ?? ''}</span>
          <div className={styles.ramp}>
            <div className={styles.gradient} style={{ background: gradient }} />
            <div className={styles.ticks}>
              {[1, 0.75, 0.5, 0.25, 0].map((at) => (
                <span key={at}>{formatNumber(min + (max - min) * at, scaleDecimals(max - min))}</span>
              ))}
            </div>
          </div>
        </div>
      </div>
      <figcaption className={styles.caption} aria-live="polite">
        {probed ? (
          <>
            row {probed.row}, column {probed.column} <strong>{text(data[probed.row * columns + probed.column] as number)}</strong>
          </>
        ) : (
          <>
            <span className={styles.hotKey} aria-hidden="true" /> hottest at row {statistics.hotSpotRow}, column {statistics.hotSpotColumn}{' '}
            <strong>{text(statistics.max)}</strong>
          </>
        )}
      </figcaption>
    </figure>
  )
}

function Marker({ row, column, rows, columns, className }: Element & { rows: number; columns: number; className: string | undefined }) {
  return (
    <span
      className={className}
      aria-hidden="true"
      style={{ left: `${((column + 0.5) / columns) * 100}%`, top: `${((row + 0.5) / rows) * 100}%` }}
    />
  )
}

const moves: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }
const clamp = (index: number, length: number) => Math.min(length - 1, Math.max(0, index))
const scaleDecimals = (span: number) => (span >= 40 ? 0 : span >= 4 ? 1 : span >= 0.4 ? 2 : 4)
