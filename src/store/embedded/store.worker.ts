// The store's thread: seals, rolls up, lets go, reads what is long. All in steps, so that a short question waits for a long one for a step only.
import { backup, type DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '#core/errors.ts'
import { dayUs } from '#core/time.ts'
import { joinRows, rowsBetween } from '#store/chunk/rows.ts'
import { unpackFrozen } from '#store/engine/frozen-part.ts'
import { readRows, readRowsBack, type Source } from '#store/engine/history.ts'
import { readBuckets } from '#store/engine/read-buckets.ts'
import { expire, removeRange, rollUp } from '#store/engine/roll-up.ts'
import { sealTag } from '#store/engine/seal-tag.ts'
import { TimeSlice } from '#store/engine/time-slice.ts'
import { connect } from './database.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { SqliteWriter } from './sqlite-writer.ts'
import type { ActName, Acts, Ask, Reply, SourceCopy, Totals } from './worker-acts.ts'

/** Pages that are given back to the disk, and copied into a backup, per step. */
const stepPages = 16

const { folder } = workerData as { folder: string }
const port = parentPort as NonNullable<typeof parentPort>
const say = (reply: Reply, handedOver: ArrayBuffer[] = []) => port.postMessage(reply, handedOver)
const damage = (what: string, reason: string) => say({ damage: { what, reason } })

const [writing, reading] = [connect(folder), connect(folder)]
const shelf = new SqliteWriter(writing, damage)
const shelfToRead = new SqliteReader(reading, damage)
const slice = new TimeSlice()
const pause = () => slice.pause()
const pages = (connection: DatabaseSync, pragma: string) => Number(Object.values(connection.prepare(`pragma ${pragma}`).get() ?? {})[0])

const acts: { [Name in ActName]: (given: Acts[Name]['given']) => Promise<Acts[Name]['answer'] | void> } = {
  async begin() {
    shelf.begin()
  },
  async seal(part) {
    let grown = 0
    for (const tag of unpackFrozen(part)) grown += await sealTag(shelf, tag, pause)
    return grown
  },
  async commit({ segment, origins, ...totals }) {
    const saveOrigin = writing.prepare('insert into origin values(?, ?) on conflict(source) do update set sequence = excluded.sequence')
    for (const [source, sequence] of origins) saveOrigin.run(source, sequence)
    saveMeta({ ...totals, segment })
    shelf.commit()
    writing.exec('pragma wal_checkpoint(passive)')
  },
  async rollback() {
    shelf.rollback()
  },

  rows: ({ source, from, to, limit }) => readRows({ shelf: shelfToRead, pause }, sourceOf(source), from, to, limit),
  rowsBack: ({ source, before, limit }) => readRowsBack({ shelf: shelfToRead, pause }, sourceOf(source), before, limit),
  async buckets({ sources, edges }) {
    const columns = []
    for (const source of sources) columns.push(await readBuckets({ shelf: shelfToRead, pause }, sourceOf(source), edges))
    return columns
  },

  remove: ({ id, kind, keptFrom, range, totals }) =>
    shelf.transaction(async () => {
      const { from, to } = range ?? { from: -Infinity, to: Infinity }
      const keptDay = range ? Math.floor(keptFrom / dayUs) : Infinity
      const gone = await removeRange(shelf, id, kind === 'text', from, to, keptDay, pause)
      saveMeta({ ...totals, samples: totals.samples - gone })
      if (range) return { gone, left: shelf.renewLatest(id) }
      shelf.deleteTag(id)
      return { gone, left: undefined }
    }),
  retain: ({ tags, totals }) =>
    shelf.transaction(async () => {
      const gone: number[] = []
      for (const { id, kind, until, keep } of tags) {
        const isNumeric = kind === 'number' || kind === 'boolean'
        if (isNumeric) await rollUp(shelf, id, until, pause)
        gone.push(await expire(shelf, id, isNumeric, keep, pause))
        if (Number.isFinite(keep.raw)) shelf.setKeptFrom(id, keep.raw * dayUs)
      }
      saveMeta({ ...totals, samples: totals.samples - gone.reduce((sum, count) => sum + count, 0) })
      return gone
    }),
  async survey() {
    const [count, free, size] = ['page_count', 'freelist_count', 'page_size'].map((pragma) => pages(reading, pragma)) as [
      number,
      number,
      number,
    ]
    const first = shelfToRead.firstTime()
    return { firstDay: first === undefined ? undefined : Math.floor(first / dayUs), bytesUsed: (count - free) * size }
  },
  async shrink() {
    while (pages(writing, 'freelist_count') > 0) {
      writing.exec(`pragma incremental_vacuum(${stepPages})`)
      await pause()
    }
    writing.exec('pragma wal_checkpoint(truncate)')
  },
  async backup({ file }) {
    await backup(writing, file, { rate: stepPages })
  },
  async close() {
    reading.close()
    writing.exec('pragma wal_checkpoint(truncate)')
    writing.close()
    port.close()
  },
}

function saveMeta(values: Totals & { segment?: number }): void {
  const save = writing.prepare('insert into meta values(?, ?) on conflict(name) do update set value = excluded.value')
  for (const [name, value] of Object.entries(values)) save.run(name, value)
}

function sourceOf({ rows, ...source }: SourceCopy): Source {
  // What was copied stands still; views of it would be handed over with the answer.
  return { ...source, memory: (from, to) => joinRows([rowsBetween(rows, from, to)]), memoryArrays: () => [] }
}

port.on('message', async (ask: Ask) => {
  try {
    const answer: unknown = await acts[ask.act](ask.given as never)
    if (ask.act !== 'close') say({ id: ask.id, answer }, buffersIn(answer))
  } catch (error) {
    say({ id: ask.id, error: { name: error instanceof Error ? error.name : 'Error', message: messageOf(error) } })
  }
})

/** The memory of the columns of an answer, each once. */
function buffersIn(answer: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>()
  for (const columns of Array.isArray(answer) ? answer : [answer])
    if (typeof columns === 'object' && columns !== null)
      for (const column of Object.values(columns)) if (ArrayBuffer.isView(column)) found.add(column.buffer as ArrayBuffer)
  return [...found]
}
