// The rows mode against a plain binary COPY of the same rows into a table with the same primary key, interleaved in one run, each batch committed
// before the next. PostgreSQL keeps its own durability (fsync on).
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { from as copyFrom } from 'pg-copy-streams'
import { BatchBuilder, type Batch } from '#core/batch.ts'
import { systemClock } from '#core/clock.ts'
import { dayUs, secondUs } from '#core/time.ts'
import { createPool } from '#database/postgres.ts'
import { CopyRows } from '#store/postgres/rows/copy-rows.ts'
import { createRowMirror } from '#store/postgres/rows/row-mirror.ts'
import { startPostgres } from '#test/support/postgres.ts'

const { values: asked } = parseArgs({
  options: {
    batches: { type: 'string', default: '300' },
    rows: { type: 'string', default: '10000' },
    tags: { type: 'string', default: '1000' },
  },
})
const [batchCount, rowsPerBatch, tagCount] = [Number(asked.batches), Number(asked.rows), Number(asked.tags)]

/** One row per tag and second, from now back; `late` is the part of rows that come a batch later, `again` the part that comes twice. */
function batchesOf(machine: string, late: number, again: number): Batch[] {
  const start = Math.floor(systemClock.now() / dayUs) * dayUs - dayUs
  const builder = new BatchBuilder(rowsPerBatch * 2)
  let row = 0
  let held: (() => void)[] = []
  return Array.from({ length: batchCount }, () => {
    builder.clear()
    const due = held
    held = []
    for (let index = 0; index < rowsPerBatch; index++, row++) {
      const time = start + Math.floor(row / tagCount) * secondUs
      const value = Math.round(Math.sin(row / 1e4) * 1e4) / 100
      const tag = row % tagCount
      const add = () => builder.add(builder.tagIndex(`${machine}/tag-${tag}`, 'number'), time, value, 0)
      const chance = (row * 7919) % 10_000
      if (chance < late * 10_000) held.push(add)
      else add()
      if (chance >= 10_000 - again * 10_000) held.push(add)
    }
    for (const add of due) add()
    return builder.build()
  })
}

await using server = await startPostgres({ settings: { max_wal_size: '4GB', shared_buffers: '512MB' } })
const pool = createPool(await server.createDatabase())
await pool.query(`create table plain (tag int, time timestamptz, value float8, text text, quality int2, primary key (tag, time))`)
const mirror = createRowMirror({ pool, patterns: ['**'], clock: systemClock, log: { info() {}, warn: console.warn } })
await mirror.open()

const rows = new CopyRows()
async function plainCopy(batch: Batch): Promise<void> {
  rows.clear()
  for (let row = 0; row < batch.count; row++)
    rows.add(batch.tag[row] as number, batch.time[row] as number, batch.value[row] as number, undefined, batch.quality[row] as number)
  const client = await pool.connect()
  const stream = client.query(copyFrom('copy plain from stdin (format binary)'))
  stream.end(rows.finish())
  await finished(stream)
  client.release()
}

const contenders = [
  { name: 'plain binary COPY, primary key', batches: batchesOf('plain', 0, 0), write: plainCopy },
  { name: 'rows mode, rows in order', batches: batchesOf('ordered', 0, 0), write: (batch: Batch) => mirror.write([batch]) },
  { name: 'rows mode, 1 % late, 0.5 % twice', batches: batchesOf('mixed', 0.01, 0.005), write: (batch: Batch) => mirror.write([batch]) },
  { name: 'rows mode, all rows there already', batches: batchesOf('ordered', 0, 0), write: (batch: Batch) => mirror.write([batch]) },
].map((contender) => ({ ...contender, ms: [] as number[], rows: 0 }))

for (let index = 0; index < batchCount; index++)
  for (const contender of contenders) {
    const batch = contender.batches[index] as Batch
    const started = performance.now()
    await contender.write(batch)
    contender.ms.push(performance.now() - started)
    contender.rows += batch.count
  }

const [{ count } = { count: 0 }] = (await pool.query<{ count: number }>('select count(*) as count from history.sample')).rows
const perSecond = ({ ms, rows }: { ms: number[]; rows: number }) => (rows / ms.reduce((sum, one) => sum + one, 0)) * 1000
const base = perSecond(contenders[0] as (typeof contenders)[number])
const figures = contenders.map((contender) => {
  const sorted = contender.ms.toSorted((a, b) => a - b)
  const at = (part: number) => Math.round((sorted[Math.floor(sorted.length * part)] ?? 0) * 10) / 10
  return {
    name: contender.name,
    rowsPerSecond: Math.round(perSecond(contender)),
    ratio: Math.round((perSecond(contender) / base) * 100) / 100,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
})
console.table(figures)
const [size] = (
  await pool.query<{ rows: number; plain: number }>(
    `select sum(pg_total_relation_size(inhrelid))::float8 / (select count(*) from history.sample) as rows,
       pg_total_relation_size('plain')::float8 / (select count(*) from plain) as plain
     from pg_inherits where inhparent = 'history.sample'::regclass`,
  )
).rows
console.log(`bytes per row with its index: rows mode ${Math.round(size?.rows ?? 0)}, plain table ${Math.round(size?.plain ?? 0)}`)
console.log(`${count} rows in history.sample; expected ${2 * batchCount * rowsPerBatch} less what is still held back at the end`)
const results = join(import.meta.dirname, '..', 'results')
await mkdir(results, { recursive: true })
await writeFile(
  join(results, 'rows.json'),
  `${JSON.stringify({ batchCount, rowsPerBatch, tagCount, cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, figures }, null, 2)}\n`,
)
await pool.end()
