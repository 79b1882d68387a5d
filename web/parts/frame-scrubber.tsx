// Walks through stored frames: slider, play and pause, one frame back or on, and back to now.
import { ActionIcon, Button, Slider } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useZone } from '#web/data/clock.ts'
import { formatClock } from '#web/data/time-format.ts'
import { NextIcon, PauseIcon, PlayIcon, PreviousIcon } from './icons.tsx'
import styles from './frame-scrubber.module.css'

interface Properties {
  /** Oldest first. */
  frames: readonly { time: string }[]
  /** The frame looked at; undefined while following the machine. */
  time: string | undefined
  go: (time: string) => void
  follow: () => void
}

const framePeriodMs = 160

export function FrameScrubber({ frames, time, go, follow }: Properties) {
  const zone = useZone()
  const [playing, setPlaying] = useState(false)
  const last = frames.length - 1
  const found = time === undefined ? last : frames.findLastIndex((frame) => frame.time <= time)
  const index = Math.max(0, found)
  const goTo = (wanted: number) => {
    const frame = frames[Math.min(last, Math.max(0, wanted))]
    if (frame) go(frame.time)
  }
  useEffect(() => {
    if (!playing) return undefined
    const timer = setTimeout(() => {
      if (index >= last) setPlaying(false)
      else goTo(index + 1)
    }, framePeriodMs)
    return () => clearTimeout(timer)
  })
  const clock = (at: number) => (frames[at] ? formatClock(Date.parse(frames[at].time), zone) : '')
  return (
    <div className={styles.scrubber} role="group" aria-label="Frames">
      <div className={styles.buttons}>
        <ActionIcon
          variant="default"
          aria-label="One frame back"
          disabled={index <= 0}
          onClick={() => {
            setPlaying(false)
            goTo(index - 1)
          }}
        >
          <PreviousIcon size={16} />
        </ActionIcon>
        <ActionIcon
          variant="default"
          aria-label={playing ? 'Pause' : 'Play'}
          disabled={last < 1}
          onClick={() => {
            if (!playing && index >= last) goTo(0)
            setPlaying(!playing)
          }}
        >
          {playing ? <PauseIcon size={16} /> : <PlayIcon size={16} />}
        </ActionIcon>
        <ActionIcon
          variant="default"
          aria-label="One frame on"
          disabled={index >= last}
          onClick={() => {
            setPlaying(false)
            goTo(index + 1)
          }}
        >
          <NextIcon size={16} />
        </ActionIcon>
        <Button
          size="compact-sm"
          variant={time === undefined ? 'light' : 'default'}
          aria-pressed={time === undefined}
          onClick={() => {
            setPlaying(false)
            follow()
          }}
        >
          Live
        </Button>
      </div>
      <Slider
        className={styles.slider}
        size="sm"
        min={0}
        max={Math.max(last, 1)}
        value={index}
        disabled={last < 1}
        label={clock}
        thumbLabel="Frame"
        onChange={(wanted) => {
          setPlaying(false)
          goTo(wanted)
        }}
      />
      <span className={styles.ends}>
        {last >= 0 ? `${clock(0)} – ${clock(last)}, ${last + 1} frame${last === 0 ? '' : 's'}` : 'no frame in this range'}
      </span>
    </div>
  )
}
