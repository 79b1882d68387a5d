// Several partitions of one process share a pool: at most half of its connections write at once, so that reading, and what a writer needs besides, finds one.
import type { Pool } from 'pg'

interface Turns {
  free: number
  readonly waiting: (() => void)[]
}

const turnsOf = new WeakMap<Pool, Turns>()

/** Waits for a turn; the result gives it back. */
export async function takeTurn(pool: Pool): Promise<() => void> {
  let turns = turnsOf.get(pool)
  if (!turns) turnsOf.set(pool, (turns = { free: Math.max(1, Math.floor(pool.options.max / 2)), waiting: [] }))
  const { waiting } = turns
  if (turns.free > 0) turns.free--
  else await new Promise<void>((resolve) => void waiting.push(resolve))
  return () => {
    const next = waiting.shift()
    if (next) next()
    else turns.free++
  }
}
