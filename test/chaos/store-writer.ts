// The victim of the store's crash test: appends numbered batches to a folder until it is killed, and prints each sequence once it is acknowledged.
// Arguments: folder, first sequence. What a batch holds: store-batches.ts.
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import { crashBatch, crashSource } from './store-batches.ts'

const [folder = '', first = '1'] = process.argv.slice(2)
const store = createEmbeddedStore({ folder, hotRowsMax: 3000, hotBytesMax: 20_000, cacheRowsMax: 5000 })
process.stdout.write('opening\n')
await store.open()
process.stdout.write('open\n')
const inFlight = 4
/** After so many batches days are rolled up and what is due is let go, while appends go on. */
const batchesPerRetention = 60
let sequence = Number(first)
for (;;) {
  const group = Array.from({ length: inFlight }, (_, index) => sequence + index)
  sequence += inFlight
  if (sequence % batchesPerRetention < inFlight) void store.retain()
  await Promise.all(
    group.map(async (sequence) => {
      await store.append([{ batch: crashBatch(sequence), origin: { source: crashSource, sequence } }])
      process.stdout.write(`${sequence}\n`)
    }),
  )
}
