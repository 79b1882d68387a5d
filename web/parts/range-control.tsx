// Chooses the range of a trend: live, a preset, all there is, or an own one by its ends.
import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useZone } from '#web/data/clock.ts'
import { fromInput, toInput } from '#web/data/time-format.ts'
import { boundsOf, isOwn, type Preset, presets, type TimeRange, type WantedRange } from '#web/data/time-range.ts'
import styles from './range-control.module.css'

interface RangeProperties {
  range: TimeRange
  changeRange: (range: WantedRange) => void
}

export function RangeControl({ range, changeRange }: RangeProperties) {
  const own = isOwn(range)
  return (
    <div className={styles.range}>
      <SegmentedControl
        size="xs"
        aria-label="Range"
        value={'preset' in range ? range.preset : own ? 'own' : 'all'}
        data={[
          ...Object.entries(presets).map(([value, { label }]) => ({ value, label })),
          { value: 'all', label: 'All' },
          { value: 'own', label: 'Own' },
        ]}
        onChange={(value) =>
          changeRange(value === 'all' ? value : value === 'own' ? boundsOf(range, Date.now()) : { preset: value as Preset })
        }
      />
      {!('preset' in range) && own && <OwnRange key={`${range.from} ${range.to}`} range={range} changeRange={changeRange} />}
    </div>
  )
}

function OwnRange({ range, changeRange }: { range: { from: number; to: number }; changeRange: (range: TimeRange) => void }) {
  const zone = useZone()
  const [from, setFrom] = useState(range.from)
  const [to, setTo] = useState(range.to)
  const wrong = !(from < to)
  return (
    <form
      className={styles.own}
      onSubmit={(event) => {
        event.preventDefault()
        if (!wrong) changeRange({ from, to })
      }}
    >
      <TextInput
        key={`from ${zone}`}
        size="xs"
        type="datetime-local"
        step={1}
        aria-label={`From, ${zone}`}
        defaultValue={toInput(from, zone)}
        onChange={(event) => setFrom(fromInput(event.currentTarget.value, zone) ?? Number.NaN)}
      />
      <span className="muted">to</span>
      <TextInput
        key={`to ${zone}`}
        size="xs"
        type="datetime-local"
        step={1}
        aria-label={`To, ${zone}`}
        error={wrong}
        defaultValue={toInput(to, zone)}
        onChange={(event) => setTo(fromInput(event.currentTarget.value, zone) ?? Number.NaN)}
      />
      <Button type="submit" size="xs" variant="default" disabled={wrong || (from === range.from && to === range.to)}>
        Show
      </Button>
    </form>
  )
}
