import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Rows } from '#store/chunk/rows.ts'
import type { Chunk } from '#store/engine/shelf.ts'
import { connect, prepareDatabase } from './database.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { SqliteWriter } from './sqlite-writer.ts'

const rows = (...values: number[]): Rows => ({
  count: values.length,
  time: Float64Array.from(values, (_, index) => index * 10),
  value: Float64Array.from(values),
  quality: new Uint8Array(values.length),
  texts: [],
})

test('a chunk that is written anew after it was found gives what its range holds now, never what another tag has put in its place', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-shelf-'))
  const said: string[] = []
  prepareDatabase(folder, () => {})
  const [writing, reading] = [connect(folder), connect(folder)]
  onTestFinished(async () => {
    writing.close()
    reading.close()
    await rm(folder, { recursive: true })
  })
  const writer = new SqliteWriter(
    writing,
    (what) => void said.push(what),
    async () => {},
  )
  const reader = new SqliteReader(reading, (what) => void said.push(what))
  writer.begin()
  writer.insertChunk(1, rows(1, 2, 3), undefined)
  writer.commit()
  const [found] = reader.chunks(1, 0, 100, 1) as [Chunk]
  writer.begin()
  writer.deleteChunk(found)
  writer.insertChunk(2, rows(7, 8, 9), undefined)
  writer.insertChunk(1, rows(1, 2, 3, 4), undefined)
  writer.commit()
  expect(reader.chunks(2, 0, 100, 1)[0]?.data).toBe(found.data)
  expect([...(reader.rows([found])[0]?.value ?? [])]).toEqual([1, 2, 3])
  expect(said).toEqual([])
})
