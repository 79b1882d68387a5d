// VictoriaMetrics over HTTP. JSON lines, a series per line, are the quickest of its imports for a client that has columns: 1.2 to 1.5 M points/s
// where CSV had 1.2 to 1.35 M, line protocol and Prometheus text 1.0 to 1.15 M, its native blocks 1.1 to 1.2 M. Queries go past its cache of
// answers (nocache), which also keeps it from moving the range.
import type { Batch } from '#core/batch.ts'
import { hourUs } from '#core/time.ts'
import { createHttpClient } from '#bench/support/http-client.ts'
import { machineName, tagName } from '#bench/support/telemetry-file.ts'
import { TextWriter } from '#bench/support/text-writer.ts'
import { untilQuiet } from '#bench/support/until-answers.ts'
import { bucketWidth, hoursOf, type Engine, type Place, type Range } from '#bench/store/engine.ts'

interface Series<Value> {
  readonly metric: Readonly<Record<string, string>>
  readonly value: Value
  readonly values: Value[]
}
type Point = [time: number, value: string]

const comma = 0x2c
const quietMs = 3000

export function createVictoriaMetrics({ port, tags }: Place): Engine {
  const http = createHttpClient(port)
  const encode = jsonLinesEncoder(tags)
  const ask = async (path: 'query' | 'query_range', parameters: Record<string, string>): Promise<Series<Point>[]> => {
    const answer = await http.get(`/api/v1/${path}?${new URLSearchParams({ nocache: '1', ...parameters }).toString()}`)
    return (JSON.parse(answer.toString()) as { data: { result: Series<Point>[] } }).data.result
  }
  /** VictoriaMetrics looks back from each time, including it: the last millisecond of a bucket sees exactly that bucket. */
  const stepsOf = (from: number, widthUs: number, count: number) => ({
    start: seconds(from + widthUs - 1000),
    end: seconds(from + count * widthUs - 1000),
    step: `${widthUs / 1000}ms`,
  })
  const exportQuery = (match: string, { from, to }: Range) =>
    new URLSearchParams({ 'match[]': match, start: seconds(from), end: seconds(to - 1000) }).toString()
  return {
    open: async () => void (await http.get('/health')),
    append: async (batch) => void (await http.post('/api/v1/import', encode(batch))),
    async settle() {
      await http.get('/internal/force_flush')
      await untilQuiet(async () => (await busyMerges()) === 0, quietMs)
    },
    async totals({ from, to }) {
      const window = `[${(to - from) / 1000}ms]`
      const total = async (rollup: string) => {
        const [series] = await ask('query', { query: `sum(${rollup}(samples_v${window}))`, time: seconds(to - 1000) })
        return Number(series?.value[1])
      }
      return { count: await total('count_over_time'), sum: await total('sum_over_time') }
    },
    async latest({ to }) {
      const values = new Float64Array(tags)
      for (const { metric, value } of await ask('query', { query: 'samples_v', time: seconds(to - 1000) }))
        values[tagOf(metric)] = Number(value[1])
      return values
    },
    async raw(tag, range) {
      const lines = (await http.get(`/api/v1/export?${exportQuery(selector(tag), range)}`)).toString().trim().split('\n')
      const parts = lines.map((line) => JSON.parse(line) as { values: number[]; timestamps: number[] })
      return {
        time: Float64Array.from(
          parts.flatMap(({ timestamps }) => timestamps),
          (ms) => ms * 1000,
        ),
        value: Float64Array.from(parts.flatMap(({ values }) => values)),
      }
    },
    async buckets(tag, range, count) {
      const width = bucketWidth(range, count)
      // As quick as rollup(), which takes a row too many where buckets are hardly wider than the rows are apart.
      const query = `aggr_over_time(("min_over_time", "max_over_time", "avg_over_time"), ${selector(tag)}[${width / 1000}ms])`
      const series = await ask('query_range', { query, ...stepsOf(range.from, width, count) })
      const columnOf = (rollup: string) => numbersOf(series.find(({ metric }) => metric['rollup'] === `${rollup}_over_time`))
      return { min: columnOf('min'), max: columnOf('max'), mean: columnOf('avg') }
    },
    async hourlyMeans(tags, range) {
      const hours = hoursOf(range)
      const query = `avg_over_time(samples_v{machine=~"${machinesOf(tags).join('|')}"}[1h])`
      const means = new Float64Array(tags * hours)
      for (const series of await ask('query_range', { query, ...stepsOf(range.from, hourUs, hours) }))
        means.set(numbersOf(series), tagOf(series.metric) * hours)
      return means
    },
    exportCsv: (tags, range, file) => {
      const format = 'machine,tag,__timestamp__:unix_ms,__value__'
      return http.download(`/api/v1/export/csv?format=${format}&${exportQuery(`{tag=~"${tagsOf(tags).join('|')}"}`, range)}`, file)
    },
    close: async () => http.close(),
  }

  async function busyMerges(): Promise<number> {
    const metrics = (await http.get('/metrics')).toString()
    return metrics.matchAll(/^vm_(?:active_merges|pending_rows)\{.*\} (\d+)$/gm).reduce((sum, [, number]) => sum + Number(number), 0)
  }
}

const seconds = (time: number) => String(time / 1e6)
const selector = (tag: number) => `samples_v{machine="${machineName(tag)}",tag="${tagName(tag)}"}`
const tagOf = (metric: Readonly<Record<string, string>>) => Number(metric['tag']?.slice(1))
const numbersOf = (series: Series<Point> | undefined) => Float64Array.from(series?.values ?? [], ([, value]) => Number(value))
const tagsOf = (tags: number) => Array.from({ length: tags }, (_, tag) => tagName(tag))
const machinesOf = (tags: number) => [...new Set(Array.from({ length: tags }, (_, tag) => machineName(tag)))]

/** The rows of each tag as one line of JSON; valid until the next call. */
function jsonLinesEncoder(tags: number): (batch: Batch) => Buffer {
  const writer = new TextWriter()
  const middle = Buffer.from('],"timestamps":[')
  const tail = Buffer.from(']}\n')
  const heads = Array.from({ length: tags }, (_, tag) =>
    Buffer.from(`{"metric":{"__name__":"samples_v","machine":"${machineName(tag)}","tag":"${tagName(tag)}"},"values":[`),
  )
  return (batch) => {
    const { order, starts } = rowsByTag(batch, tags)
    writer.clear()
    for (let tag = 0; tag < tags; tag++) {
      const [first, end] = [starts[tag] as number, starts[tag + 1] as number]
      if (first === end) continue
      writer.bytes(heads[tag] as Buffer)
      for (let at = first; at < end; at++) {
        if (at > first) writer.byte(comma)
        writer.decimal(batch.value[order[at] as number] as number)
      }
      writer.bytes(middle)
      for (let at = first; at < end; at++) {
        if (at > first) writer.byte(comma)
        writer.integer((batch.time[order[at] as number] as number) / 1000)
      }
      writer.bytes(tail)
    }
    return writer.written
  }
}

/** A counting sort: the rows of tag t are order[starts[t]] … order[starts[t + 1] − 1]. */
function rowsByTag({ tag, count }: Batch, tags: number): { readonly order: Uint32Array; readonly starts: Uint32Array } {
  const starts = new Uint32Array(tags + 1)
  for (let row = 0; row < count; row++) starts[(tag[row] as number) + 1] = (starts[(tag[row] as number) + 1] as number) + 1
  for (let index = 0; index < tags; index++) starts[index + 1] = (starts[index + 1] as number) + (starts[index] as number)
  const next = starts.slice()
  const order = new Uint32Array(count)
  for (let row = 0; row < count; row++) {
    const at = next[tag[row] as number] as number
    next[tag[row] as number] = at + 1
    order[at] = row
  }
  return { order, starts }
}
