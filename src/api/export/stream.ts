// Bytes on their way to a client: no faster than it reads, no longer than it is there, and in turns with everything else.
import { Readable } from 'node:stream'
import type { Clock } from '#core/clock.ts'
import { RetryLater } from '#core/errors.ts'
import { Turn } from '#core/turn.ts'

/** A client that takes nothing for so long is given up. */
const stallMsMax = 10 * 60_000

/** The items, the first of them made already: what fails before it can still be answered as an error. */
export async function begun<Item>(items: AsyncGenerator<Item>): Promise<AsyncGenerator<Item>> {
  const first = await items.next()
  return (async function* () {
    if (first.done) return
    yield first.value
    yield* items
  })()
}

/** The pieces as a stream; destroying it ends their generator. */
export function streamOf(pieces: AsyncGenerator<Uint8Array>, clock: Clock): Readable {
  const stream = Readable.from(paced(), { objectMode: false })
  return stream

  async function* paced(): AsyncGenerator<Uint8Array> {
    const turn = new Turn()
    for await (const piece of pieces) {
      if (turn.isOver) await turn.next()
      const cancel = clock.after(stallMsMax, () => stream.destroy(new RetryLater('the client took nothing for ten minutes')))
      try {
        yield piece
      } finally {
        cancel()
      }
    }
  }
}
