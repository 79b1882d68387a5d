// Telemetry in PostgreSQL as chunks, roll-ups kept, against a plain binary COPY of rows into a table with a primary key: by turns, in one run, each
// batch durable before the next. The bar: four times the rows per second, at most three bytes per point. Beside it what the owner of a partition takes
// whose rows are durable in a stream already.
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import type { Pool } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Batch } from '#core/batch.ts'
import { equalEdges } from '#core/bucket-edges.ts'
import { hourUs } from '#core/time.ts'
import { createPool } from '#database/postgres.ts'
import { openPartition, type PartitionStore } from '#store/postgres/partition-store.ts'
import { createPostgresStore, type PostgresStore } from '#store/postgres/postgres-store.ts'
import { CopyRows } from '#store/postgres/rows/copy-rows.ts'
import { startPostgres } from '#test/support/postgres.ts'
import { countText, readCount } from '../support/count.ts'
import { barText, machine, markdownTable, passes, printTable, writeResults, type Bar } from '../support/results.ts'
import { withScratch, type Scratch } from '../support/scratch.ts'
import { round } from '../support/statistics.ts'
import { createTelemetry } from '../support/telemetry.ts'
import { readBatches, tagPath, type Telemetry } from '../support/telemetry-file.ts'

const { values: asked } = parseArgs({
  options: {
    points: { type: 'string', default: '32M' },
    tags: { type: 'string', default: '250' },
    /** The first one warms up, and does not count. */
    turns: { type: 'string', default: '4' },
    /** Of the rows of a turn, the part that is copied as well. */
    part: { type: 'string', default: '0.1' },
  },
})
const [points, tags, turns, part] = [readCount(asked.points), readCount(asked.tags), Number(asked.turns), Number(asked.part)]

interface Figures {
  readonly name: string
  rows: number
  ms: number
}

/** Rows that are newer than all before of their tag: late ones and repetitions would violate the key. */
class PlainTable {
  readonly #pool: Pool
  readonly #rows = new CopyRows()
  readonly #newest = new Float64Array(tags).fill(-Infinity)
  rows = 0

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Returns how many rows were written. */
  async copy({ count, tag, time, value, quality }: Batch): Promise<number> {
    this.#rows.clear()
    for (let row = 0; row < count; row++) {
      const [number, at] = [tag[row] as number, time[row] as number]
      if (at <= (this.#newest[number] as number)) continue
      this.#newest[number] = at
      this.#rows.add(number, at, value[row] as number, undefined, quality[row] as number)
    }
    const client = await this.#pool.connect()
    const stream = client.query(copyFrom('copy plain from stdin (format binary)'))
    stream.end(this.#rows.finish())
    await finished(stream)
    client.release()
    this.rows += this.#rows.count
    return this.#rows.count
  }
}

async function run(scratch: Scratch): Promise<void> {
  const telemetry = createTelemetry({ tags }).write(join(scratch.folder, 'telemetry'), points)
  // Minutes stand for hours here, so what is free is looked for more often.
  const settings = { max_wal_size: '4GB', shared_buffers: '512MB', autovacuum_naptime: 5 }
  const server = await startPostgres({ settings })
  scratch.atEnd(async () => server[Symbol.asyncDispose]())
  const [pool, ownersPool] = [createPool(await server.createDatabase()), createPool(await server.createDatabase())]
  for (const each of [pool, ownersPool]) scratch.atEnd(() => each.end())
  await pool.query('create table plain (tag int, time timestamptz, value float8, text text, quality int2, primary key (tag, time))')
  const store = createPostgresStore({ pool, folder: join(scratch.folder, 'log'), retention: { rules: [], bytesMax: Infinity } })
  await store.open()
  const owner = await openPartition({ pool: ownersPool, partition: 1, token: 1, acknowledge: async () => {}, superseded: () => {} })
  const plain = new PlainTable(pool)
  const load = await inTurns(telemetry, store, owner, plain)
  for (const { samples } of [store.statistics(), owner.statistics()])
    if (samples !== telemetry.unique) throw new Error(`there are ${samples} samples in place of ${telemetry.unique}`)
  const questions = await ask(store, telemetry)
  await store.close()
  await owner.close()
  await report(load, questions, {
    store: (await bytesOf(pool, 'telemetry')) / telemetry.unique,
    owner: (await bytesOf(ownersPool, 'telemetry')) / telemetry.unique,
    plain: (await bytesOf(pool, 'public')) / plain.rows,
  })
}

interface Load {
  readonly store: Figures
  readonly owner: Figures
  readonly plain: Figures
}

async function inTurns({ file, batches }: Telemetry, store: PostgresStore, owner: PartitionStore, plain: PlainTable): Promise<Load> {
  const load: Load = {
    store: { name: 'chunks in PostgreSQL', rows: 0, ms: 0 },
    owner: { name: 'the same for a partition’s owner', rows: 0, ms: 0 },
    plain: { name: 'binary COPY, primary key', rows: 0, ms: 0 },
  }
  const measure = async (figures: Figures, write: (batch: Batch) => Promise<number>, from: number, to: number, finish?: Settled) => {
    const started = performance.now()
    for (const batch of readBatches({ file, tags, batches: to }, from)) figures.rows += await write(batch)
    await finish?.seal()
    await finish?.seal()
    await finish?.retain()
    figures.ms += performance.now() - started
  }
  const perTurn = Math.ceil(batches / turns)
  const ownPaths = Array.from({ length: tags }, (_, tag) => `owned/${tagPath(tag)}`)
  for (let turn = 0, sequence = 1; turn < turns; turn++) {
    const [from, to] = [turn * perTurn, Math.min(batches, (turn + 1) * perTurn)]
    const append = async (batch: Batch) => {
      await store.append([{ batch }])
      return batch.count
    }
    const apply = async (batch: Batch) => {
      await owner.apply([{ sequence: sequence++, delivery: { batch: { ...batch, tags: ownPaths } } }])
      return batch.count
    }
    await measure(load.store, append, from, to, store)
    await measure(load.owner, apply, from, to, owner)
    await measure(load.plain, (batch) => plain.copy(batch), from, from + Math.ceil((to - from) * part))
    const rates = Object.values(load).map((each: Figures) => `${each.name} ${countText(perSecond(each))} rows/s`)
    console.log(`turn ${turn + 1} of ${turns}: ${rates.join(', ')}`)
    if (turn === 0) for (const figures of Object.values(load) as Figures[]) figures.rows = figures.ms = 0
  }
  return load
}

/** What is left in memory is sealed, and days are rolled up, within the turn. */
type Settled = Pick<PostgresStore, 'seal' | 'retain'>

const perSecond = ({ rows, ms }: Figures) => (rows / ms) * 1000

/** Milliseconds per question, the median of some. */
async function ask(store: PostgresStore, { from, to }: Telemetry): Promise<Record<string, number>> {
  const paths = Array.from({ length: tags }, (_, tag) => tagPath(tag))
  const median = async (act: (path: string) => Promise<unknown>) => {
    const times: number[] = []
    for (const path of paths.slice(0, 21)) {
      const started = performance.now()
      await act(path)
      times.push(performance.now() - started)
    }
    return times.toSorted((a, b) => a - b)[10] as number
  }
  return {
    'last hour raw, ms': await median((path) => store.read(path, to - hourUs, to, 1e6)),
    'whole range → 1,000 buckets, ms': await median((path) => store.buckets([path], equalEdges(from, to, 1000))),
    'hourly mean of 100 tags, ms': await median(() =>
      store.buckets(
        paths.slice(0, 100),
        equalEdges(from, from + Math.ceil((to - from) / hourUs) * hourUs, Math.ceil((to - from) / hourUs)),
      ),
    ),
  }
}

async function bytesOf(pool: Pool, schema: string): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>(
    `select sum(pg_total_relation_size(pg_class.oid)) as bytes from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = $1 and relkind = 'r'`,
    [schema],
  )
  return Number(rows[0]?.bytes)
}

async function report(load: Load, questions: Record<string, number>, bytes: Record<keyof Load, number>): Promise<void> {
  const { store: chunks, owner, plain } = load
  const bars: Bar[] = [
    { name: 'rows per second, times those of COPY', figure: perSecond(chunks) / perSecond(plain), limit: 4, is: 'at least' },
    { name: 'bytes per point', figure: bytes.store, limit: 3, is: 'at most' },
  ]
  const table = [
    { engine: chunks.name, 'rows/s': Math.round(perSecond(chunks)), 'bytes per point': bytes.store, ...questions },
    { engine: owner.name, 'rows/s': Math.round(perSecond(owner)), 'bytes per point': bytes.owner },
    { engine: plain.name, 'rows/s': Math.round(perSecond(plain)), 'bytes per point': bytes.plain },
  ]
  printTable(table)
  for (const bar of bars) console.log(barText(bar))
  const what = `${countText(points)} points of ${tags} tags, batches of 10,000, 1 % late, 0.5 % twice; in ${turns} turns`
  await writeResults(
    'postgres',
    { machine: machine(), what, bars: bars.map((bar) => ({ ...bar, figure: round(bar.figure), passes: passes(bar) })), table },
    `# Chunks in PostgreSQL beside a plain COPY\n\n${what}. Both take part in one run by turns; only their ratio counts.\n\n${markdownTable(table)}\n\n${bars.map((bar) => `- ${barText(bar)}`).join('\n')}\n`,
  )
  if (!bars.every(passes)) process.exitCode = 1
}

await withScratch('postgres', run)
