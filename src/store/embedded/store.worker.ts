// The store's thread: seals, rolls up, lets go, reads what is long. All in steps, so that a short question waits for a long one for a step only.
import type { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import { RetryLater } from '#core/errors.ts'
import { joinRows, rowsBetween } from '#store/chunk/rows.ts'
import { createDesk, type Desk } from '#store/engine/desk.ts'
import { readRows, readRowsBack, type Source } from '#store/engine/history.ts'
import { readBuckets } from '#store/engine/read-buckets.ts'
import type { SourceCopy } from '#store/engine/source-copy.ts'
import { answerAsks, tellDamage } from '#store/engine/thread.ts'
import { TimeSlice } from '#store/engine/time-slice.ts'
import { copyDatabase } from './copy-database.ts'
import { connect } from './database.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { SqliteWriter } from './sqlite-writer.ts'
import type { StoreActs } from './worker-acts.ts'

const { folder } = workerData as { folder: string }
const slice = new TimeSlice()
const pause = () => slice.pause()

// Opened when they are first needed, and again after a failure: a disk that is full now is not full for ever.
let reading: { connection: DatabaseSync; shelf: SqliteReader } | undefined
let writing: { connection: DatabaseSync; desk: Desk } | undefined

function shelfToRead(): SqliteReader {
  if (!reading) {
    const connection = connect(folder)
    reading = { connection, shelf: new SqliteReader(connection, tellDamage) }
  }
  return reading.shelf
}

function desk(): Desk {
  if (!writing) {
    const connection = connect(folder)
    writing = { connection, desk: createDesk(new SqliteWriter(connection, tellDamage, pause), pause) }
  }
  return writing.desk
}

let isClosing = false
let copying: Promise<void> | undefined

answerAsks<StoreActs>({
  begin: () => desk().begin(),
  seal: (part) => desk().seal(part),
  commit: (given) => desk().commit(given),
  async rollback() {
    const failed = writing
    writing = undefined
    await failed?.desk.rollback()
    failed?.connection.close()
  },
  remove: (given) => desk().remove(given),
  retain: (given) => desk().retain(given),
  survey: () => desk().survey(),
  // While a copy holds its moment, nothing can be given back.
  shrink: async () => (copying ? undefined : desk().shrink()),
  rows: ({ source, from, to, limit }) => readRows({ shelf: shelfToRead(), pause }, sourceOf(source), from, to, limit),
  rowsBack: ({ source, before, limit }) => readRowsBack({ shelf: shelfToRead(), pause }, sourceOf(source), before, limit),
  async buckets({ sources, edges }) {
    const columns = []
    for (const source of sources) columns.push(await readBuckets({ shelf: shelfToRead(), pause }, sourceOf(source), edges))
    return columns
  },

  async backup({ file }) {
    copying = copyDatabase(folder, file, () => {
      if (isClosing) throw new RetryLater('the store was closed meanwhile')
    })
    await copying.finally(() => (copying = undefined))
  },
  async close() {
    isClosing = true
    await copying?.catch(() => {})
    reading?.connection.close()
    writing?.connection.exec('pragma wal_checkpoint(truncate)')
    writing?.connection.close()
  },
})

function sourceOf({ rows, ...source }: SourceCopy): Source {
  // What was copied stands still; views of it would be handed over with the answer.
  return { ...source, memory: (from, to) => joinRows([rowsBetween(rows, from, to)]), memoryArrays: () => [] }
}
