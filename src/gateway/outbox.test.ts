import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ledgerBalances } from '#core/ledger.ts'
import { Outbox, renewIdentity } from './outbox.ts'

let folder: string
let outbox: Outbox
const file = () => join(folder, 'outbox.db')
const entry = (connection: string, count: number, size = 100) => ({ connection, count, frame: new Uint8Array(size).fill(count) })
const stored = (count: number) => ({ stored: count, duplicate: 0, rejected: 0 })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outbox-'))
  outbox = new Outbox(file())
})
afterEach(async () => {
  outbox.close()
  await rm(folder, { recursive: true })
})

function reopen(bytesMax?: number): void {
  outbox.close()
  outbox = new Outbox(file(), bytesMax)
}

test('frames come back in order, numbered from 1 without holes', () => {
  outbox.append([entry('a', 1), entry('b', 2)], 5)
  outbox.append([entry('a', 3)], 6)
  expect(outbox.next(0, 10, 1e6).map(({ sequence, connection, frame }) => [sequence, connection, frame[0]])).toEqual([
    [1, 'a', 1],
    [2, 'b', 2],
    [3, 'a', 3],
  ])
  expect(outbox.next(1, 1, 1e6).map(({ sequence }) => sequence)).toEqual([2])
  expect(outbox.next(0, 10, 150)).toHaveLength(1)
  expect(outbox.oldest).toBe(5)
})

test('what is acknowledged is gone, also after a restart; the rest, the numbers, the identity and the ledger stay', () => {
  const { id } = outbox
  outbox.append([entry('a', 10), entry('a', 5)], 1)
  const [first] = outbox.next(0, 1, 1e6)
  outbox.acknowledge([first as NonNullable<typeof first>], [{ stored: 7, duplicate: 2, rejected: 1 }])
  reopen()
  expect(outbox.id).toBe(id)
  expect(outbox.next(0, 10, 1e6).map(({ sequence }) => sequence)).toEqual([2])
  expect(outbox.ledger('a')).toEqual({ collected: 15, buffered: 5, sent: 10, stored: 7, duplicate: 2, rejected: 1, dropped: 0 })
  expect(outbox.bytes).toBe(100)
  outbox.append([entry('a', 1)], 2)
  expect(outbox.next(2, 10, 1e6)[0]?.sequence).toBe(3)
})

test('beyond its quota the oldest frames are dropped and counted', () => {
  reopen(250)
  for (let index = 0; index < 4; index++) outbox.append([entry('a', 10)], index)
  expect(outbox.bytes).toBeLessThanOrEqual(250)
  expect(outbox.ledger('a')).toMatchObject({ collected: 40, buffered: 20, dropped: 20 })
  expect(outbox.next(0, 10, 1e6).map(({ sequence }) => sequence)).toEqual([3, 4])
})

test('a frame that was dropped while it was under way and arrived all the same balances', () => {
  reopen(250)
  outbox.append([entry('a', 10)], 1)
  const underWay = outbox.next(0, 1, 1e6)
  for (let index = 0; index < 3; index++) outbox.append([entry('a', 10)], index)
  outbox.acknowledge(underWay, [stored(10)])
  expect(ledgerBalances(outbox.ledger('a'))).toBe(true)
  expect(outbox.ledger('a')).toMatchObject({ collected: 40, sent: 10, dropped: 10 })
})

test('a second outbox on the same file is refused in plain words', () => {
  expect(() => new Outbox(file())).toThrow(/cannot use the outbox .*locked; end the other gateway/)
})

test('a file that is no database is refused in plain words', async () => {
  const { writeFile } = await import('node:fs/promises')
  const other = join(folder, 'other.db')
  await writeFile(other, 'this is not a database, only text that is long enough to look like something')
  expect(() => new Outbox(other)).toThrow(/cannot use the outbox .*other\.db: .*; move the file away to begin a new one/)
})

test('a copy is an outbox of its own, and whole without a log; what is written afterwards is not in it', async () => {
  for (let index = 0; index < 300; index++) outbox.append([entry('a', 1, 50_000)], index)
  outbox.acknowledge(
    outbox.next(0, 50, 1e9),
    Array.from({ length: 50 }, () => stored(1)),
  )
  outbox.copyTo(join(folder, 'copy.db'))
  outbox.append([entry('a', 1)], 400)
  expect((await readdir(folder)).filter((name) => name.startsWith('copy'))).toEqual(['copy.db'])
  renewIdentity(join(folder, 'copy.db'))
  const copy = new Outbox(join(folder, 'copy.db'))
  try {
    expect(copy.id).not.toBe(outbox.id)
    expect(copy.next(0, 1, 1)).toEqual([{ sequence: 51, connection: 'a', count: 1, frame: entry('a', 1, 50_000).frame }])
    expect(copy.ledger('a')).toMatchObject({ collected: 300, sent: 50, buffered: 250 })
    copy.append([entry('a', 2)], 500)
    expect(copy.next(300, 1, 1)).toMatchObject([{ sequence: 301, count: 2 }])
    expect(ledgerBalances(copy.ledger('a'))).toBe(true)
  } finally {
    copy.close()
  }
})
