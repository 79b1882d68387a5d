// The store's thread: seals, rolls up, lets go, reads what is long. All in steps, so that a short question waits for a long one for a step only.
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf, RetryLater } from '#core/errors.ts'
import { joinRows, rowsBetween } from '#store/chunk/rows.ts'
import { createDesk } from '#store/engine/desk.ts'
import { readRows, readRowsBack, type Source } from '#store/engine/history.ts'
import { readBuckets } from '#store/engine/read-buckets.ts'
import type { SourceCopy } from '#store/engine/source-copy.ts'
import { TimeSlice } from '#store/engine/time-slice.ts'
import { copyDatabase } from './copy-database.ts'
import { connect } from './database.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { SqliteWriter } from './sqlite-writer.ts'
import type { ActName, Acts, Ask, Reply } from './worker-acts.ts'

const { folder } = workerData as { folder: string }
const port = parentPort as NonNullable<typeof parentPort>
const say = (reply: Reply, handedOver: ArrayBuffer[] = []) => port.postMessage(reply, handedOver)
const damage = (what: string, reason: string) => say({ damage: { what, reason } })

const [writing, reading] = [connect(folder), connect(folder)]
const slice = new TimeSlice()
const pause = () => slice.pause()
const shelf = new SqliteWriter(writing, damage, pause)
const shelfToRead = new SqliteReader(reading, damage)

const desk = createDesk(shelf, pause)
let isClosing = false
let copying: Promise<void> | undefined

const acts: { [Name in ActName]: (given: Acts[Name]['given']) => Promise<Acts[Name]['answer'] | void> } = {
  ...desk,
  // While a copy holds its moment, nothing can be given back.
  shrink: async () => (copying ? undefined : desk.shrink()),
  rows: ({ source, from, to, limit }) => readRows({ shelf: shelfToRead, pause }, sourceOf(source), from, to, limit),
  rowsBack: ({ source, before, limit }) => readRowsBack({ shelf: shelfToRead, pause }, sourceOf(source), before, limit),
  async buckets({ sources, edges }) {
    const columns = []
    for (const source of sources) columns.push(await readBuckets({ shelf: shelfToRead, pause }, sourceOf(source), edges))
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
    reading.close()
    writing.exec('pragma wal_checkpoint(truncate)')
    writing.close()
    port.close()
  },
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
