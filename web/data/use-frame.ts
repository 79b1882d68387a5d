// The frame of an array tag at a wanted time: one request at a time, always going on with the newest wish, so that neither fast
// scrubbing nor fast machines pile up requests.
import { useEffect, useRef, useState } from 'react'
import { fetchFrame, type Frame } from './frames.ts'

interface Shown {
  readonly tag: string
  readonly frame: Frame | undefined
  readonly error: unknown
}

/** `time`: ISO 8601, or undefined for none. `attempt`: a new number asks again after an error. */
export function useFrame(tag: string, time: string | undefined, attempt: number): { frame: Frame | undefined; error: unknown } {
  const [shown, setShown] = useState<Shown>({ tag, frame: undefined, error: undefined })
  const wanted = useRef<{ tag: string; time: string; attempt: number }>(undefined)
  const busy = useRef(false)
  const ended = useRef(false)

  useEffect(() => {
    ended.current = false
    return () => {
      ended.current = true
    }
  }, [])

  useEffect(() => {
    if (time === undefined) return
    wanted.current = { tag, time, attempt }
    if (busy.current) return
    busy.current = true
    const run = async () => {
      for (let next = wanted.current; next && !ended.current; next = wanted.current) {
        wanted.current = undefined
        const asked = next
        try {
          const frame = await fetchFrame(asked.tag, asked.time)
          if (!ended.current) setShown({ tag: asked.tag, frame, error: undefined })
        } catch (error) {
          if (!ended.current) setShown((before) => ({ tag: asked.tag, frame: before.tag === asked.tag ? before.frame : undefined, error }))
        }
      }
      busy.current = false
    }
    void run()
  }, [tag, time, attempt])

  return shown.tag === tag ? shown : { frame: undefined, error: undefined }
}
