import { mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { batchOf } from '#core/batch.ts'
import { RetryLater } from '#core/errors.ts'
import type { Delivery } from '#core/store.ts'
import { WriteAheadLog, type OpenFile } from './write-ahead-log.ts'

const delivery = (sequence: number): Delivery => ({
  batch: batchOf([{ tag: 'm/t', time: sequence, value: `text ${sequence}` }]),
  origin: { source: 'lager-ä', sequence },
})
const record = (...sequences: number[]) => sequences.map(delivery)

async function setUp(openFile?: OpenFile) {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-log-'))
  const said: string[] = []
  const report = { info: (message: string) => void said.push(message), warn: (message: string) => void said.push(message) }
  const logs: WriteAheadLog[] = []
  onTestFinished(async () => {
    for (const log of logs) await log.close()
    await rm(folder, { recursive: true })
  })
  /** Opens the folder anew and returns the log with the sequences it replayed. */
  async function start(sealed = 0) {
    const log = new WriteAheadLog(folder, report, openFile)
    logs.push(log)
    const sequences: number[] = []
    await log.start(sealed, (deliveries) => {
      for (const { origin } of deliveries) sequences.push(origin?.sequence ?? 0)
    })
    return { log, sequences }
  }
  const first = join(folder, 'log-0000000001')
  return { folder, said, start, first }
}

test('what was written is replayed in order, over segments', async () => {
  const { start } = await setUp()
  const { log } = await start()
  await log.write(record(1, 2))
  expect(await log.rotate()).toBe(1)
  await log.write(record(3))
  await log.close()
  expect((await start()).sequences).toEqual([1, 2, 3])
})

test('sealed segments are deleted and not replayed', async () => {
  const { start, folder } = await setUp()
  const { log } = await start()
  await log.write(record(1))
  const segment = await log.rotate()
  await log.write(record(2))
  await log.close()
  expect((await start(segment)).sequences).toEqual([2])
  expect(await readdir(folder)).not.toContain('log-0000000001')
})

test('a torn tail is cut at every possible length, and said', async () => {
  const { start, first, said } = await setUp()
  const { log } = await start()
  await log.write(record(1))
  const good = log.bytes
  await log.write(record(2))
  await log.close()
  const whole = await readFile(first)
  for (let length = good + 1; length < whole.length; length += 7) {
    await writeFile(first, whole.subarray(0, length))
    const { log, sequences } = await start()
    await log.close()
    expect(sequences).toEqual([1])
    expect((await stat(first)).size).toBe(good)
    expect(said.at(-1)).toMatch(`cut ${length - good} bytes off the end of ${first}`)
  }
})

test.each([
  ['its content', 60],
  ['its length', 5],
  ['its count of deliveries', 12],
  ['its first byte', 0],
])('a record in the middle that is damaged in %s is left out, said and counted; those behind it are used', async (_, offset) => {
  const { start, first, said } = await setUp()
  const { log } = await start()
  await log.write(record(1))
  const middle = log.bytes
  for (const sequence of [2, 3]) await log.write(record(sequence))
  await log.close()
  const bytes = await readFile(first)
  bytes[middle + offset] = (bytes[middle + offset] as number) ^ 0xff
  await writeFile(first, bytes)
  const again = await start()
  expect(again.sequences).toEqual([1, 3])
  expect(again.log.damagedRecords).toBe(1)
  expect(said[0]).toMatch('are damaged and were left out')
})

test('a new segment whose folder cannot be synced is no segment, and leaves no file open', async () => {
  const opened: FileHandle[] = []
  let isFailing = false
  const { start, folder } = await setUp(async (path, flags) => {
    const file = await open(path, flags)
    opened.push(file)
    if (isFailing) await rename(folder, `${folder}-away`)
    return file
  })
  const { log } = await start()
  await log.write(record(1))
  isFailing = true
  await expect(log.rotate()).rejects.toThrow()
  isFailing = false
  await rename(`${folder}-away`, folder)
  expect(await log.rotate()).toBe(1)
  expect(opened.filter(({ fd }) => fd >= 0)).toHaveLength(1)
})

test('a write that fails leaves nothing behind, says why, and the next one works', async () => {
  let failing: 'writev' | 'datasync' | undefined
  let cutFails = false
  const openFailing: OpenFile = async (path, flags) => {
    const file = await open(path, flags)
    return new Proxy(file, {
      get(target, name: keyof FileHandle) {
        if (name === failing || (name === 'truncate' && cutFails))
          return async (pieces: Uint8Array[], at: number) => {
            if (name === 'writev') await target.write(Buffer.concat(pieces).subarray(0, 20), 0, 20, at)
            throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
          }
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  }
  const { start, folder } = await setUp(openFailing)
  const { log } = await start()
  await log.write(record(1))
  for (const kind of ['writev', 'datasync'] as const)
    for (const withoutCut of [false, true]) {
      failing = kind
      cutFails = withoutCut
      await expect(log.write(record(99))).rejects.toThrow(RetryLater)
      await expect(log.write(record(99))).rejects.toThrow(`the disk that holds ${folder} is full`)
      failing = undefined
      cutFails = false
      await log.write(record(2))
    }
  await log.close()
  expect((await start()).sequences).toEqual([1, 2, 2, 2, 2])
})
