// The same data in Millwright and in a real Prometheus, the same questions to both: the answers must be the same.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { plantSchema, type Plant } from '#core/plant.ts'
import { profileSchema } from '#core/profile.ts'
import { qualities } from '#core/quality.ts'
import { metricNameOf } from '#promql/catalog.ts'
import { testApi, type TestApi } from '#test/support/api.ts'
import { startPrometheus, type PrometheusSeries, type PrometheusServer } from '#test/support/prometheus.ts'

interface Answer {
  readonly status: string
  readonly data: { readonly resultType: string; readonly result: unknown }
}
interface AnsweredSeries {
  readonly metric: Record<string, string>
  readonly value?: [number, string]
  readonly values?: [number, string][]
}

const profile = profileSchema.parse({
  profile: 'pump',
  title: 'Pump',
  tags: { temperature: { unit: '°C' }, revolutions: {}, 'field.max': { unit: '°C' }, running: { kind: 'boolean' }, level: { unit: 'm' } },
})
const pumps = ['works/water/line-1/pump-1', 'works/water/line-1/pump-2', 'works/water/line-2/pump-3']
const plant: Plant = {
  ...plantSchema.parse({ plant: 'p', machines: pumps.map((path) => ({ path, profile: 'pump' })) }),
  profiles: new Map([['pump', profile]]),
}

const startMs = Date.UTC(2025, 5, 1)
const endMs = startMs + 3 * 3_600_000
/** Reproducible, between 0 and 1. */
const noise = (n: number) => Math.abs(Math.sin(n * 12.9898) * 43_758.5453) % 1

/** Samples of a tag; null is one without a value. */
function* samplesOf(pump: number, tag: string): Generator<{ timeMs: number; value: number | null }> {
  const everyMs = { temperature: 10_000, revolutions: 15_000, 'field.max': 7000, running: 60_000, level: 240_000 }[tag] as number
  let count = 1000 * pump
  for (let row = 0, timeMs = startMs; timeMs < endMs; row++, timeMs += everyMs) {
    count = row % 97 === 96 ? Math.floor(noise(row) * 20) : count + Math.floor(noise(row + pump) * 30)
    // Most samples are a little late, some exactly in time; now and then a machine is silent for a while.
    const late = row % 5 === 0 ? 0 : Math.floor(noise(row * 3 + pump) * everyMs * 0.4)
    if ((row + pump * 40) % 300 > 270) continue
    const values: Record<string, number> = {
      temperature: 60 + 10 * Math.sin(row / 40 + pump) + noise(row),
      revolutions: count,
      'field.max': Math.round(800 + 100 * noise(row * pump)),
      running: noise(Math.floor(row / 6) + pump) > 0.4 ? 1 : 0,
      level: 5 + pump - row / 50,
    }
    yield { timeMs: timeMs + late, value: (row + pump * 7) % 111 === 110 ? null : (values[tag] as number) }
  }
}

const series = pumps.flatMap((machine, index) =>
  Object.keys(profile.tags).map((tag) => ({ machine, tag, samples: [...samplesOf(index + 1, tag)] })),
)

function labelsOf(machine: string, tag: string): PrometheusSeries['labels'] {
  const [site, area, line, name] = machine.split('/') as [string, string, string, string]
  const unit = profile.tags[tag]?.unit
  return {
    __name__: metricNameOf(tag),
    tag: `${machine}/${tag}`,
    machine: name,
    site,
    area,
    line,
    profile: 'pump',
    ...(unit !== undefined && { unit }),
  }
}

let api: TestApi
let prometheus: PrometheusServer
beforeAll(async () => {
  ;[api, prometheus] = await Promise.all([testApi(plant), startPrometheus()])
  await prometheus.write(series.map(({ machine, tag, samples }) => ({ labels: labelsOf(machine, tag), samples })))
  for (const { machine, tag, samples } of series)
    await api.put(
      ...samples.map(({ timeMs, value }) => ({
        tag: `${machine}/${tag}`,
        kind: tag === 'running' ? ('boolean' as const) : ('number' as const),
        time: timeMs * 1000,
        value: value === null ? null : tag === 'running' ? value === 1 : value,
        quality: value === null ? qualities.badNotConnected.code : qualities.good.code,
      })),
    )
})
afterAll(async () => {
  await prometheus?.[Symbol.asyncDispose]()
  await api?.close()
})

async function ask(path: string, parameters: Record<string, string>): Promise<{ ours: Answer; theirs: Answer }> {
  const query = new URLSearchParams(parameters).toString()
  const theirs = (await (await fetch(`${prometheus.url}/api/v1/${path}?${query}`)).json()) as Answer
  const ours = (await api.get(`/api/v1/${path}?${query}`)).body as Answer
  return { ours, theirs }
}

/** Values in their last digits and, but for sort and topk, the order of series do not matter. */
function plain({ status, data, ...rest }: Answer, ordered: boolean): unknown {
  if (status !== 'success') return { status, errorType: (rest as { errorType?: string }).errorType }
  if (data.resultType !== 'vector' && data.resultType !== 'matrix')
    return { type: data.resultType, result: plainPoint(data.result as [number, string]) }
  const result = (data.result as AnsweredSeries[]).map(({ metric, value, values }) => ({
    metric: Object.entries(metric)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, text]) => `${name}=${text}`)
      .join(' '),
    points: (values ?? [value as [number, string]]).map(plainPoint),
  }))
  return { type: data.resultType, result: ordered ? result : result.toSorted((a, b) => (a.metric < b.metric ? -1 : 1)) }
}

function plainPoint([time, text]: [number, string]): string {
  const value = Number(text.replace('Inf', 'Infinity'))
  return `${time} ${Number.isFinite(value) ? (Math.abs(value) < 1e-9 ? 0 : value.toPrecision(9)) : text}`
}

const expressions = [
  // Selectors
  'temperature',
  '{__name__="temperature", machine!="pump-1"}',
  'temperature{line=~"line-[12]", machine!~"pump-(1|3)"}',
  'field_max{unit="°C"}',
  '{machine="pump-2"}',
  'temperature offset 7m',
  'temperature offset -7m',
  'temperature @ 1748740000',
  'temperature @ start() - temperature @ end()',
  'level',
  'running',
  'on',
  'nothing',
  '{machine=~".+", __name__=~"(?i:LEVEL)|r[tu]nn.*"}',
  '{tag=~"works/.*/pump-[^3]/t.*"}',
  // Range vectors
  'rate(revolutions[5m])',
  'rate(revolutions[2m] offset 3m)',
  'increase(revolutions[17m])',
  'increase(revolutions[1h])',
  'irate(revolutions[3m])',
  'delta(temperature[10m])',
  'idelta(temperature[1m])',
  'deriv(temperature[4m])',
  'deriv(level[1h])',
  'predict_linear(level[30m], 3600)',
  'predict_linear(level[30m] offset 10m, time() % 100)',
  'avg_over_time(temperature[1m])',
  'avg_over_time(temperature[7m])',
  'sum_over_time(temperature[30s])',
  'sum_over_time(temperature[30m])',
  'min_over_time(field_max[2m])',
  'min_over_time(field_max[20m])',
  'max_over_time(field_max[2m])',
  'max_over_time(field_max[7m])',
  'count_over_time(temperature[1m])',
  'count_over_time(temperature[7m])',
  'count_over_time({machine="pump-1"}[1h] offset 10m)',
  'last_over_time(running[30m])',
  'last_over_time(running[90s])',
  'present_over_time(level[3m])',
  'stddev_over_time(temperature[2m])',
  'stddev_over_time(temperature[40m])',
  'stdvar_over_time(temperature[2m])',
  'stdvar_over_time(field_max[40m])',
  'quantile_over_time(0.9, temperature[10m])',
  'quantile_over_time(1.5, temperature[10m])',
  'quantile_over_time(scalar(level{machine="pump-1"}) / 10, temperature[10m])',
  'quantile_over_time(0.5, temperature[10m] @ end())',
  'changes(running[20m])',
  'resets(revolutions[1h])',
  'absent_over_time(level{machine="pump-1"}[2m])',
  // Functions
  'abs(temperature - 70)',
  'ceil(temperature) + floor(temperature)',
  'round(temperature, 5)',
  'round(-temperature)',
  'clamp(temperature, 60, 65)',
  'clamp(temperature, 65, 60)',
  'clamp_min(temperature, 65) + clamp_max(temperature, 65)',
  'exp(level) + ln(level) + log2(level) + log10(level) + sqrt(level)',
  'sgn(temperature - 60)',
  'sin(level) * cos(level) + deg(atan(level)) - rad(level)',
  'scalar(temperature{machine="pump-1"})',
  'scalar(temperature)',
  'vector(time() % 100)',
  'time()',
  'pi()',
  'timestamp(temperature)',
  'timestamp(temperature offset 1h)',
  'timestamp(-temperature)',
  'timestamp(timestamp(temperature))',
  'sort(temperature)',
  'sort_desc(sqrt(level - 6))',
  'absent(nothing{machine="pump-9", line=~".*", site="works", site="other"})',
  'absent(level{machine="pump-1"})',
  'absent(sum(nothing))',
  'minute() + hour() * 100 + day_of_week() * 10000 + day_of_month() + day_of_year() + days_in_month() + month() + year()',
  'hour(timestamp(temperature))',
  'label_replace(temperature, "short", "p$1", "machine", "pump-(.*)")',
  'label_replace(temperature, "__name__", "x_${n}$$", "line", ".*(?P<n>\\d)")',
  'label_replace(temperature, "machine", "", "machine", ".*")',
  'label_replace(temperature, "machine", "none$9", "machine", "pump")',
  'label_join(temperature, "where", "/", "site", "area", "missing", "line")',
  // Aggregations
  'sum(temperature)',
  'sum by (line) (temperature)',
  'sum(temperature) without (machine, tag)',
  'avg by (line, missing) ({machine=~"pump-."})',
  'min without () (field_max)',
  'max(field_max)',
  'count by (__name__) ({site="works"})',
  'group by (machine) (temperature)',
  'stddev(temperature)',
  'stdvar by (line) (temperature)',
  'quantile(0.3, temperature)',
  'quantile by (line) (2, temperature)',
  'quantile(0.5, sqrt(temperature - 65))',
  'max(sqrt(temperature - 65)) + min(sqrt(temperature - 65))',
  'topk(2, temperature)',
  'topk by (line) (1, field_max)',
  'bottomk(2, temperature)',
  'bottomk(2, sqrt(level - 6))',
  'topk(scalar(level{machine="pump-1"}) - 3, temperature)',
  'topk(0, temperature)',
  'sum(rate(revolutions[5m])) by (line) / count(rate(revolutions[5m])) by (line)',
  // Operators
  '1 + 2 * 3 ^ 2 ^ 0.5 - -4 % 3 / 7 atan2 2',
  '-2 ^ 2',
  '(-8) ^ (1 / 3)',
  '2 - 3 - 4',
  '5 > bool 3 == bool 1',
  '1 / 0 - Inf',
  '-(1 / 0)',
  '1e3 + 0x1F + .5 + 010 + NaN',
  '"a text"',
  'temperature > 65',
  '65 < temperature',
  '65 <= bool temperature',
  'temperature == temperature',
  'temperature != bool temperature',
  'temperature * on (machine) level',
  'temperature - ignoring (__name__, tag, unit) field_max',
  'temperature + on (machine, line) group_left (unit) level',
  'level / on (line) group_right (area) max by (line, area) (temperature)',
  'temperature / on () group_left sum(temperature)',
  'temperature > on (machine) (level + 58)',
  'temperature >= ignoring (unit, tag) (running * 65)',
  'temperature + ignoring (tag, unit, profile) running',
  'temperature and on (machine) (running == 1)',
  'temperature unless on (machine) (running == 1)',
  'temperature > 69 or field_max > 880',
  'temperature or on (line) level',
  'temperature and nothing or level unless nothing',
  '(temperature > 66) * 2 or on (machine) temperature',
  '-temperature',
  '+temperature',
  '- sum(temperature) ^ 2',
  'temperature % 7 atan2 level',
  'level ^ -level',
  'sum(temperature > 68) / count(temperature)',
  // Keywords as names, comments, blanks
  'SUM BY (line) (temperature) # a comment',
  'count',
  'sum + on () group_left avg',
  'temperature{}offset\n5m',
  "{__name__='\\x74emperature'}",
  '{__name__=`temperature`,}',
  // What has no answer
  'temperature + on (line) level',
  'temperature + on (machine) group_left running{line="line-1"} + on (line) group_left level',
  'sum by (line) (temperature) * on (line) temperature',
  'label_replace(temperature, "tag", "same", "tag", ".*") + 1',
  'sum(label_replace(label_replace(temperature, "machine", "", "", ""), "tag", "", "", ""))',
  '-{machine="pump-1", unit="°C"}',
  'rate({machine="pump-1"}[5m])',
  'abs(label_replace({machine="pump-1"}, "tag", "", "", ""))',
  'topk(NaN, temperature)',
  'label_replace(temperature, "not allowed", "", "", "")',
  'temperature and',
  'temperature > bool',
  'temperature[5m]',
  'temperature[5m] offset 20m',
  'rate(temperature)',
  'sum(1)',
  '1 > 2',
  'temperature{machine=~"("}',
  '{machine=~".*"}',
  'time(1)',
  'unknown(temperature)',
  'temperature @ running',
  'sum(temperature) offset 5m',
  'temperature[0s]',
  'temperature offset 5m[5m]',
  'temperature on (line) + level',
  'temperature + on (line) group_left (line) level',
  'temperature and on (line) group_left level',
  '1 + on (line) 2',
  'temperature and 1',
  '"a" + "b"',
  '-"a"',
  'bool',
  'topk(temperature)',
  '{__name__="a", __name__="b"}',
  'a{__name__="b"}',
  "'a\\\"b'",
  '5mx',
  '',
]

const ranges = [
  { start: startMs / 1000, end: endMs / 1000, step: '60' },
  { start: startMs / 1000 - 400, end: endMs / 1000 + 600, step: '7m' },
  { start: startMs / 1000 + 1800.5, end: startMs / 1000 + 3600, step: '13.7' },
]

test.each(expressions)('%s is answered as by Prometheus', async (query) => {
  const ordered = /^(sort|topk|bottomk)/.test(query)
  for (const minutes of [0, 59, 113.337, 184]) {
    const { ours, theirs } = await ask('query', { query, time: String(startMs / 1000 + minutes * 60) })
    expect({ minutes, ...(plain(ours, ordered) as object) }).toEqual({ minutes, ...(plain(theirs, ordered) as object) })
  }
  for (const { start, end, step } of ranges) {
    const { ours, theirs } = await ask('query_range', { query, start: String(start), end: String(end), step })
    expect({ step, ...(plain(ours, false) as object) }).toEqual({ step, ...(plain(theirs, false) as object) })
  }
})

test.each([
  'labels',
  'labels?match[]=temperature&match[]=running',
  'label/machine/values',
  'label/__name__/values?match[]={machine="pump-1"}',
  'label/unit/values',
  'series?match[]=temperature',
  'series?match[]={machine=~"pump-[12]",unit!=""}&match[]={line="line-2"}',
  'label/no-label/values',
  'series',
])('%s is answered as by Prometheus', async (path) => {
  const range = `${path.includes('?') ? '&' : '?'}start=${startMs / 1000}&end=${endMs / 1000}`
  const theirs = (await (await fetch(`${prometheus.url}/api/v1/${path}${range}`)).json()) as { status: string; data?: unknown[] }
  const ours = (await api.get(`/api/v1/${path}${range}`)).body as typeof theirs
  const plainList = ({ status, data = [] }: typeof theirs) => ({ status, data: data.map(inOrder).toSorted() })
  expect(plainList(ours)).toEqual(plainList(theirs))
})

const inOrder = (item: unknown) => (typeof item === 'string' ? item : JSON.stringify(item, Object.keys(item as object).toSorted()))
