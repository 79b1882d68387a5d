// The embedded store as a library in the process of its user.
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { hourUs } from '#core/time.ts'
import { csv } from '#reports/csv.ts'
import { sameText, type Block, type ColumnHead } from '#reports/table.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import { tagPath } from '#bench/support/telemetry-file.ts'
import { bucketWidth, hoursOf, type Engine, type Place, type Range } from '#bench/store/engine.ts'

/** As the product's export does. */
const pageRows = 16_384
const csvHeads: readonly ColumnHead[] = [
  { name: 'tag', type: 'text' },
  { name: 'time', type: 'time' },
  { name: 'value', type: 'number' },
]

export function createOurs({ folder, tags }: Place): Engine {
  const store = createEmbeddedStore({ folder })
  const paths = Array.from({ length: tags }, (_, tag) => tagPath(tag))
  const pathOf = (tag: number) => paths[tag] as string
  const edgesOf = (from: number, width: number, count: number) => Float64Array.from({ length: count + 1 }, (_, edge) => from + edge * width)
  return {
    open: () => store.open(),
    append: async (batch) => void (await store.append([{ batch }])),
    async settle() {
      await store.close()
      await store.open()
    },
    async totals({ from, to }) {
      const columns = await store.buckets(paths, Float64Array.of(from, to))
      return { count: store.statistics().samples, sum: columns.reduce((sum, column) => sum + (column.sum[0] ?? 0), 0) }
    },
    latest: async () => Float64Array.from(paths, (path) => store.latest(path)?.value as number),
    raw: (tag, { from, to }) => store.read(pathOf(tag), from, to, Number.MAX_SAFE_INTEGER),
    async buckets(tag, range, count) {
      const [columns] = await store.buckets([pathOf(tag)], edgesOf(range.from, bucketWidth(range, count), count))
      if (!columns) throw new Error('the store gave no buckets')
      return columns
    },
    async hourlyMeans(tags, range) {
      const columns = await store.buckets(paths.slice(0, tags), edgesOf(range.from, hourUs, hoursOf(range)))
      return Float64Array.from(columns.flatMap(({ mean }) => [...mean]))
    },
    exportCsv: (tags, range, file) => pipeline(csv(csvHeads, blocksOf(paths.slice(0, tags), range)), createWriteStream(file)),
    close: () => store.close(),
  }

  async function* blocksOf(paths: readonly string[], { from, to }: Range): AsyncGenerator<Block> {
    for (const path of paths)
      for (let cursor = from; cursor < to; ) {
        const { time, value } = await store.read(path, cursor, to, pageRows)
        const count = time.length
        const columns = [sameText('tag', count, path), { ...csvHeads[1], values: time }, { ...csvHeads[2], values: value }]
        yield { count, columns: columns as Block['columns'] }
        cursor = count < pageRows ? to : (time[count - 1] as number) + 1
      }
  }
}
