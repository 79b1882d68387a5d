// `millwright query`: the history of one tag, sample by sample or as buckets.
import { Option, type Command } from 'commander'
import { bucketsMax, bucketsSchema, type Buckets } from '#api/buckets/schema.ts'
import { samplesPerAnswerMax, samplesSchema } from '#api/samples/schema.ts'
import type { SampleJson } from '#api/schema.ts'
import { ConfigError } from '#core/errors.ts'
import { formatTime, hourUs, type Micros } from '#core/time.ts'
import { csvLine, note, plural, print, table } from './output.ts'
import { callServer, serverOption } from './server.ts'
import { countArgument, timeArgument } from './time-argument.ts'
import { valueText } from './value-text.ts'

interface QueryOptions {
  server: string
  from: Micros
  to: Micros
  limit: number
  buckets?: number
  every?: string
  zone?: string
  json?: true
  csv?: true
}

export function registerQuery(program: Command): void {
  const now = Date.now() * 1000
  const time = (text: string) => timeArgument(text, now)
  program
    .command('query')
    .description("show a tag's history, oldest first")
    .argument('<tag>', 'path of the tag, e.g. site/area/line/machine/tag')
    .addOption(new Option('--from <time>', 'from this time on: ISO 8601 or -1h, -7d').argParser(time).default(now - hourUs, '-1h'))
    .addOption(new Option('--to <time>', 'up to but not including this time').argParser(time).default(now, 'now'))
    .option('--limit <count>', 'at most so many samples', countArgument, 1000)
    .option('--buckets <count>', 'so many equal intervals with count, min, mean, max, last instead of samples', countArgument)
    .addOption(
      new Option('--every <interval>', 'the same for each 15m, 1h, 1d …, hour, day, week, month, quarter, year or shift').conflicts(
        'buckets',
      ),
    )
    .option('--zone <zone>', "whose days and months, e.g. Europe/Berlin (default: the plant's)")
    .addOption(new Option('--json', 'as JSON').conflicts('csv'))
    .option('--csv', 'as CSV')
    .addOption(serverOption())
    .action(async (tag: string, options: QueryOptions) => {
      if (options.from >= options.to)
        throw new ConfigError(`--from ${formatTime(options.from)} is not before --to ${formatTime(options.to)}; swap or change them`)
      if (options.zone !== undefined && options.every === undefined)
        throw new ConfigError('--zone is for intervals such as --every day; add one, or leave it out')
      await (options.buckets === undefined && options.every === undefined ? showSamples(tag, options) : showBuckets(tag, options))
    })
}

/** Prints page by page, so that a long history needs no memory. */
async function showSamples(tag: string, { server, from, to, limit, json, csv }: QueryOptions): Promise<void> {
  let shown = 0
  let cursor: string | undefined
  do {
    const page = Math.min(limit - shown, samplesPerAnswerMax)
    const query = { tag, from: formatTime(from), to: formatTime(to), limit: page, cursor }
    const { samples, unit, next } = await callServer(server, 'samples', samplesSchema, { query })
    printSamples(samples, unit, shown === 0, json ? 'json' : csv ? 'csv' : 'table')
    shown += samples.length
    cursor = next ?? undefined
  } while (cursor !== undefined && shown < limit)
  if (json) print(shown === 0 ? '[]' : ']')
  if (shown === 0) note(`no sample of ${tag} from ${formatTime(from)} to ${formatTime(to)}; "millwright tags" shows when the last one was`)
  else if (cursor !== undefined) note(`there are more than ${plural(shown, 'sample')}; raise --limit, or use --buckets`)
}

function printSamples(samples: readonly SampleJson[], unit: string | null, first: boolean, form: 'json' | 'csv' | 'table'): void {
  if (form === 'csv' && first) print('time,value,quality')
  if (samples.length === 0) return
  if (form === 'json') print(samples.map((sample, index) => `${first && index === 0 ? '[' : ','}${JSON.stringify(sample)}`).join('\n'))
  else if (form === 'csv') print(samples.map(({ time, value, quality }) => csvLine([time, csvValue(value), quality])).join('\n'))
  else {
    const rows = samples.map(({ time, value, quality }) => [time, valueText(value, unit), quality])
    const lines = table(['TIME', 'VALUE', 'QUALITY'], rows, new Set([1]))
    print(first ? lines : lines.slice(lines.indexOf('\n') + 1))
  }
}

function csvValue(value: SampleJson['value']): string | number | boolean {
  return value === null ? '' : typeof value === 'object' ? valueText(value) : value
}

async function showBuckets(tag: string, { server, from, to, buckets, every, zone, json, csv }: QueryOptions): Promise<void> {
  if (buckets !== undefined && buckets > bucketsMax)
    throw new ConfigError(`--buckets ${buckets} is more than the server gives; ask for up to ${bucketsMax}`)
  const query = { tag, from: formatTime(from), to: formatTime(to), buckets, every, zone }
  const [columns] = await callServer(server, 'buckets', bucketsSchema, { query })
  const rows = columns ? rowsOf(columns) : []
  if (json) return print(JSON.stringify(rows, null, 2))
  const headings = ['time', ...(every ? ['end'] : []), ...(columns?.shift ? ['shift'] : []), 'count', 'min', 'mean', 'max', 'last'] as const
  const fields = rows.map((row) => headings.map((name) => row[name] ?? ''))
  if (csv) return print([headings, ...fields].map((line) => csvLine(line)).join('\n'))
  if (rows.length === 0) return note(`no number of ${tag} from ${formatTime(from)} to ${formatTime(to)}`)
  // A mean has digits that no machine measured; nine of them are more than any sensor gives.
  const texts = fields.map((line) => line.map((field) => String(typeof field === 'number' ? Number(field.toPrecision(9)) : field)))
  print(
    table(
      headings.map((name) => name.toUpperCase()),
      texts,
      new Set(headings.flatMap((name, column) => (textColumns.has(name) ? [] : [column]))),
    ),
  )
}

const textColumns = new Set(['time', 'end', 'shift'])

function rowsOf({ time, end, shift, count, min, mean, max, last }: Buckets[number]): Record<string, string | number>[] {
  return time.map((time, row) => ({
    time,
    ...(end && { end: end[row] ?? '' }),
    ...(shift && { shift: shift[row] ?? '' }),
    count: count[row] ?? 0,
    min: min[row] ?? Number.NaN,
    mean: mean[row] ?? Number.NaN,
    max: max[row] ?? Number.NaN,
    last: last[row] ?? Number.NaN,
  }))
}
