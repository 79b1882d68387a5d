// A one-dimensional array as a line over its index, with the value under the pointer.
import { useState } from 'react'
import type { Frame } from '#web/data/frames.ts'
import { formatNumber } from '#web/data/value-format.ts'
import styles from './waveform.module.css'

interface Properties {
  frame: Frame
  min: number
  max: number
  unit: string | null
  decimals: number | null
  label: string
}

/** Drawing units; the picture stretches to its place. */
const width = 1000
const height = 300

export function Waveform({ frame: { data }, min, max, unit, decimals, label }: Properties) {
  const [probe, setProbe] = useState<number>()
  const span = max - min || 1
  const x = (index: number) => (data.length > 1 ? (index / (data.length - 1)) * width : width / 2)
  const y = (value: number) => height - ((value - min) / span) * height
  const text = (value: number) => `${formatNumber(value, decimals)}${unit ? ` ${unit}` : ''}`
  return (
    <figure className={`reading ${styles.figure}`}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        className={styles.plot}
        role="img"
        aria-label={`${label}: ${data.length} values`}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect()
          setProbe(Math.min(data.length - 1, Math.max(0, Math.round(((event.clientX - box.left) / box.width) * (data.length - 1)))))
        }}
        onPointerLeave={() => setProbe(undefined)}
      >
        <path d={outline(data, x, y)} fill="none" stroke="#2dd4bf" strokeWidth="1.25" vectorEffect="non-scaling-stroke" />
        {probe !== undefined && <path d={`M${x(probe)} 0V${height}`} stroke="#94a3b8" strokeWidth="1" vectorEffect="non-scaling-stroke" />}
      </svg>
      <figcaption className={styles.caption}>
        {probe === undefined ? (
          `${text(min)} to ${text(max)}, ${data.length} values`
        ) : (
          <>
            index {probe} <strong>{text(data[probe] as number)}</strong>
          </>
        )}
      </figcaption>
    </figure>
  )
}

const columnsMax = 1000

/** As a path; beyond a thousand values, minimum and maximum per column. */
function outline(data: Float32Array, x: (index: number) => number, y: (value: number) => number): string {
  if (data.length <= columnsMax * 2)
    return `M${Array.from(data, (value, index) => `${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join('L')}`
  const parts: string[] = []
  for (let column = 0; column < columnsMax; column++) {
    const start = Math.floor((column / columnsMax) * data.length)
    const slice = data.subarray(start, Math.floor(((column + 1) / columnsMax) * data.length))
    parts.push(`${x(start).toFixed(1)} ${y(Math.min(...slice)).toFixed(1)}`, `${x(start).toFixed(1)} ${y(Math.max(...slice)).toFixed(1)}`)
  }
  return `M${parts.join('L')}`
}
