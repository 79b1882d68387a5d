// Lets a few in at a time; the others wait in order.
import { RetryLater } from '#core/errors.ts'

export function createGate(insideMax: number, waitingMax: number): <Result>(act: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = []
  let inside = 0
  return async (act) => {
    if (inside >= insideMax) {
      if (waiting.length >= waitingMax) throw new RetryLater(`${waitingMax} queries wait already; ask again later`)
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else inside++
    try {
      return await act()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else inside--
    }
  }
}
