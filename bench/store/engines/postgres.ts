// PostgreSQL: a row per sample, binary COPY. `upsert` copies into a temporary table and inserts from there, so that rows may come twice;
// `copy` goes straight into the table, for which the client has to know itself what came twice.
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Client } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { Batch } from '#core/batch.ts'
import { hourUs, secondUs } from '#core/time.ts'
import { bucketWidth, hoursOf, type Engine, type Place } from '#bench/store/engine.ts'

type Numbers = (number | string)[]

const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
const rowBytes = 40
const columns = '(tag int not null, time bigint not null, value float8 not null, quality smallint not null'

export function createPostgres({ url, tags }: Place, way: 'upsert' | 'copy'): Engine {
  const writer = new Client({ connectionString: url })
  const reader = new Client({ connectionString: url })
  const isNew = newRows(tags)
  const rows = async (name: string, text: string, values: Numbers = []): Promise<number[][]> => {
    const result = await reader.query<string[]>({ name, text, values, rowMode: 'array' })
    return result.rows.map((row) => row.map(Number))
  }
  const column = (table: number[][], index: number) => Float64Array.from(table, (row) => row[index] as number)
  return {
    async open() {
      await writer.connect()
      await reader.connect()
      await writer.query(`create table if not exists samples ${columns}, primary key (tag, time))`)
      await writer.query(`create temporary table if not exists incoming ${columns}) on commit delete rows`)
    },
    async append(batch) {
      if (way === 'copy') return copy('samples', encode(batch, isNew))
      await writer.query('begin')
      await copy(
        'incoming',
        encode(batch, () => true),
      )
      await writer.query('insert into samples select * from incoming on conflict do nothing; commit')
    },
    async settle() {
      await writer.query('vacuum (analyze) samples')
      await writer.query('checkpoint')
    },
    async totals({ from, to }) {
      const [row = []] = await rows('totals', 'select count(*), sum(value) from samples where time >= $1 and time < $2', [from, to])
      return { count: row[0] ?? 0, sum: row[1] ?? 0 }
    },
    async latest() {
      const newest = 'select value from samples where tag = tags.tag order by time desc limit 1'
      return column(
        await rows('latest', `select value from generate_series(0, $1 - 1) tags (tag), lateral (${newest}) newest order by tag`, [tags]),
        0,
      )
    },
    async raw(tag, { from, to }) {
      const table = await rows('raw', 'select time, value from samples where tag = $1 and time >= $2 and time < $3 order by time', [
        tag,
        from,
        to,
      ])
      return { time: column(table, 0), value: column(table, 1) }
    },
    async buckets(tag, range, count) {
      const width = bucketWidth(range, count)
      const text = `select min(value), max(value), avg(value) from samples where tag = $1 and time >= $2 and time < $3
        group by (time - $2) / $4 order by (time - $2) / $4`
      const table = await rows('buckets', text, [tag, range.from, range.from + count * width, width])
      return { min: column(table, 0), max: column(table, 1), mean: column(table, 2) }
    },
    async hourlyMeans(tags, range) {
      const text = `select avg(value) from samples where tag < $1 and time >= $2 and time < $3
        group by tag, (time - $2) / $4 order by tag, (time - $2) / $4`
      return column(await rows('means', text, [tags, range.from, range.from + hoursOf(range) * hourUs, hourUs]), 0)
    },
    async exportCsv(tags, { from, to }, file) {
      const query = `select tag, time, value from samples where tag < ${tags} and time >= ${from} and time < ${to}`
      await pipeline(reader.query(copyTo(`copy (${query}) to stdout (format csv)`)), createWriteStream(file))
    },
    async bytesOnDisk() {
      return (await rows('bytes', "select pg_total_relation_size('samples')"))[0]?.[0] as number
    },
    async close() {
      await writer.end()
      await reader.end()
    },
  }

  async function copy(table: string, body: Buffer): Promise<void> {
    const stream = writer.query(copyFrom(`copy ${table} from stdin (format binary)`))
    await new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject).end(body))
  }
}

/** The rows as binary COPY wants them (PostgreSQL manual, COPY, Binary Format). */
function encode({ count, tag, time, value, quality }: Batch, keep: (tag: number, time: number) => boolean): Buffer {
  const body = Buffer.allocUnsafe(header.length + count * rowBytes + 2)
  header.copy(body)
  let at = header.length
  for (let row = 0; row < count; row++) {
    const micros = time[row] as number
    if (!keep(tag[row] as number, micros)) continue
    body.writeInt16BE(4, at)
    body.writeInt32BE(4, at + 2)
    body.writeInt32BE(tag[row] as number, at + 6)
    body.writeInt32BE(8, at + 10)
    body.writeInt32BE(Math.floor(micros / 2 ** 32), at + 14)
    body.writeUInt32BE(micros % 2 ** 32, at + 18)
    body.writeInt32BE(8, at + 22)
    body.writeDoubleBE(value[row] as number, at + 26)
    body.writeInt32BE(2, at + 34)
    body.writeInt16BE(quality[row] as number, at + 38)
    at += rowBytes
  }
  body.writeInt16BE(-1, at)
  return body.subarray(0, at + 2)
}

/** Says of each tag and second once that it is new. */
function newRows(tags: number): (tag: number, time: number) => boolean {
  let first: number | undefined
  let seen = new Uint8Array(1 << 20)
  return (tag, time) => {
    const second = Math.floor(time / secondUs)
    first ??= second - 7200
    const index = (second - first) * tags + tag
    const byte = index >> 3
    if (byte >= seen.length) {
      const grown = new Uint8Array(2 * byte)
      grown.set(seen)
      seen = grown
    }
    const bit = 1 << (index & 7)
    if (((seen[byte] as number) & bit) !== 0) return false
    seen[byte] = (seen[byte] as number) | bit
    return true
  }
}
