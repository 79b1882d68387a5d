// InfluxDB 1.x over HTTP: line protocol with microseconds, InfluxQL.
import { hourUs } from '#core/time.ts'
import { createHttpClient } from '#bench/support/http-client.ts'
import { lineProtocolEncoder } from '#bench/support/line-protocol.ts'
import { machineName, tagName } from '#bench/support/telemetry-file.ts'
import { untilQuiet } from '#bench/support/until-answers.ts'
import { bucketWidth, hoursOf, type Engine, type Place, type Range } from '#bench/store/engine.ts'

interface Series {
  readonly tags?: { readonly tag: string }
  readonly values: number[][]
}

const database = 'bench'
const quietMs = 12_000
/** It finds the newest of a series quicker when it knows where to look. */
const latestWithinUs = 300_000_000

export function createInfluxdb({ port, tags }: Place): Engine {
  const http = createHttpClient(port)
  const encode = lineProtocolEncoder({ tags, unitUs: 1, quality: true })
  const pathOf = (q: string) => `/query?${new URLSearchParams({ db: database, epoch: 'u', q }).toString()}`
  const ask = async (q: string): Promise<Series[]> => {
    const answer = JSON.parse((await http.get(pathOf(q))).toString()) as { results: { series?: Series[]; error?: string }[] }
    const [result] = answer.results
    if (result?.error !== undefined) throw new Error(`InfluxDB: ${result.error}`)
    return result?.series ?? []
  }
  return {
    open: async () => void (await http.post(pathOf(`CREATE DATABASE ${database}`), Buffer.alloc(0))),
    append: async (batch) => void (await http.post(`/write?db=${database}&precision=u`, encode(batch))),
    settle: () => untilQuiet(async () => (await busyBytes()) === 0, quietMs),
    async totals(range) {
      const [series] = await ask(`SELECT count(v), sum(v) FROM samples WHERE ${within(range)}`)
      const [, count = 0, sum = 0] = series?.values[0] ?? []
      return { count, sum }
    },
    async latest({ to }) {
      const values = new Float64Array(tags)
      const within = `time >= ${to - latestWithinUs}u`
      for (const series of await ask(`SELECT last(v) FROM samples WHERE ${within} GROUP BY machine, "tag"`))
        values[tagOf(series)] = series.values[0]?.[1] ?? 0
      return values
    },
    async raw(tag, range) {
      const [series] = await ask(`SELECT v FROM samples WHERE ${isTag(tag)} AND ${within(range)}`)
      return columnsOf(series, { time: 0, value: 1 })
    },
    async buckets(tag, range, count) {
      const width = bucketWidth(range, count)
      const whole = { from: range.from, to: range.from + count * width }
      const [series] = await ask(
        `SELECT min(v), max(v), mean(v) FROM samples WHERE ${isTag(tag)} AND ${within(whole)} GROUP BY time(${width}u, ${range.from % width}u)`,
      )
      return columnsOf(series, { min: 1, max: 2, mean: 3 })
    },
    async hourlyMeans(tags, range) {
      const hours = hoursOf(range)
      const machines = new Set(Array.from({ length: tags }, (_, tag) => `machine = '${machineName(tag)}'`))
      const means = new Float64Array(tags * hours)
      const query = `SELECT mean(v) FROM samples WHERE (${[...machines].join(' OR ')}) AND ${within(range)} GROUP BY time(1h, ${range.from % hourUs}u), machine, "tag"`
      for (const series of await ask(query)) means.set(columnsOf(series, { mean: 1 }).mean, tagOf(series) * hours)
      return means
    },
    exportCsv(tags, range, file) {
      const names = Array.from({ length: tags }, (_, tag) => `(${isTag(tag)})`)
      const query = `SELECT machine, "tag", v FROM samples WHERE (${names.join(' OR ')}) AND ${within(range)}`
      return http.download(`${pathOf(query)}&chunked=true`, file, { accept: 'application/csv' })
    },
    close: async () => http.close(),
  }

  /** What is still in memory, and compactions that run or wait. */
  async function busyBytes(): Promise<number> {
    const variables = JSON.parse((await http.get('/debug/vars')).toString()) as Record<string, { values?: Record<string, number> }>
    return Object.values(variables)
      .flatMap(({ values }) => Object.entries(values ?? {}))
      .filter(([name]) => name === 'memBytes' || /Compactions(Active|Queue)$/.test(name))
      .reduce((sum, [, number]) => sum + number, 0)
  }
}

const within = ({ from, to }: Range) => `time >= ${from}u AND time < ${to}u`
const isTag = (tag: number) => `machine = '${machineName(tag)}' AND "tag" = '${tagName(tag)}'`
const tagOf = ({ tags }: Series) => Number(tags?.tag.slice(1))

function columnsOf<Name extends string>(series: Series | undefined, indexes: Record<Name, number>): Record<Name, Float64Array> {
  const rows = series?.values ?? []
  const columns = Object.entries<number>(indexes).map(([name, index]) => [name, Float64Array.from(rows, (row) => row[index] as number)])
  return Object.fromEntries(columns) as Record<Name, Float64Array>
}
