// GET /export: samples, or buckets of them, as a file of any length.
import { z } from 'zod'
import { intervalsOf, utcCalendar } from '#core/calendar.ts'
import type { TagEntry } from '#core/directory.ts'
import { Rejected, RetryLater } from '#core/errors.ts'
import { futureToleranceUs } from '#core/time.ts'
import type { ApiContext, ApiScope } from '#api/context.ts'
import { NotFound } from '#api/errors.ts'
import { errorSchema } from '#api/schema.ts'
import { csv } from '#reports/csv.ts'
import { jsonl } from '#reports/jsonl.ts'
import { parquet } from '#reports/parquet.ts'
import { bucketTable } from './bucket-table.ts'
import { sampleTable, type Table } from './sample-table.ts'
import { exportQuerySchema, type ExportFormat, type ExportQuery } from './schema.ts'
import { begun, streamOf } from './stream.ts'

/** Exports that may be under way at the same time. */
const exportsMax = 8

const mediaTypes: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
}

const writers: Record<ExportFormat, (table: Table) => AsyncGenerator<Uint8Array>> = {
  csv: ({ heads, blocks }) => csv(heads, blocks),
  jsonl: ({ blocks }) => jsonl(blocks),
  parquet: ({ heads, blocks }) => parquet(heads, blocks),
}

export function exportRoutes(api: ApiScope, { directory, store, clock, calendar = utcCalendar }: ApiContext): void {
  let underWay = 0

  api.get(
    '/export',
    {
      // A HEAD would make the whole file for nobody.
      exposeHeadRoute: false,
      schema: {
        summary: 'Samples with from ≤ time < to, or buckets of them, as a file of any length: CSV, JSON lines or Parquet',
        description:
          'One row per sample: tag, time, value, quality; unit where a tag has one, kind where not all are numbers. Should it fail on the way, the connection breaks: what ended properly is whole.',
        querystring: exportQuerySchema,
        response: { 200: z.string(), 400: errorSchema, 404: errorSchema, 503: errorSchema },
      },
    },
    async ({ query }, reply) => {
      const table = tableOf(query)
      if (underWay >= exportsMax) throw new RetryLater(`${exportsMax} exports are under way already; try again when one has ended`)
      underWay++
      const ended = () => underWay--
      const blocks = await begun(table.blocks).catch((error: unknown) => {
        ended()
        throw error
      })
      const stream = streamOf(writers[query.format]({ ...table, blocks }), clock).once('close', ended)
      return reply
        .type(mediaTypes[query.format])
        .header('content-disposition', `attachment; filename="${fileNameOf(query)}"`)
        .send(stream as never)
    },
  )

  function tableOf({ tag = [], machine, from = 0, to, format, bucket, zone }: ExportQuery): Table {
    const end = clock.now() + futureToleranceUs + 1
    const range = { from: Math.max(from, 0), to: Math.min(to ?? end, end) }
    if (to !== undefined && to <= from) throw new Rejected('"to" must be after "from"')
    const tags = tagsOf(tag, machine)
    if (bucket !== undefined) {
      const numeric = tags.filter(({ kind }) => kind === 'number' || kind === 'boolean')
      if (numeric.length === 0) throw new Rejected('there are buckets of numbers and booleans only; leave "bucket" out for other tags')
      return bucketTable(store, numeric, range, intervalsOf(bucket, calendar, zone))
    }
    if (zone !== undefined) throw new Rejected('samples come in UTC; "zone" is for buckets such as bucket=day')
    return sampleTable(store, tags, range, format === 'parquet')
  }

  function tagsOf(paths: readonly string[], machine: string | undefined): TagEntry[] {
    if (paths.length === 0 && machine === undefined) throw new Rejected('name what to export: "tag", once or several times, or "machine"')
    if (machine !== undefined && !directory.machine(machine))
      throw new NotFound(`there is no machine "${machine}"; GET /api/v1/machines lists them`)
    const named = paths.map((path) => {
      const tag = directory.tag(path)
      if (!tag) throw new NotFound(`there is no tag "${path}"; GET /api/v1/tags lists them`)
      return tag
    })
    return [...new Set([...named, ...(machine === undefined ? [] : directory.tags(machine))])]
  }
}

/** Of harmless letters only, whatever the plant's names are. */
function fileNameOf({ tag = [], machine, bucket, format }: ExportQuery): string {
  const [only] = machine === undefined && tag.length === 1 ? tag : [machine]
  const parts = ['millwright', only ?? 'export', ...(bucket === undefined ? [] : [bucket])]
  const name = parts.join('-').replaceAll(/[^A-Za-z0-9]+/g, '-')
  return `${name.slice(0, 100).replace(/-$/, '')}.${format}`
}
