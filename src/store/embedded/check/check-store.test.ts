// Every kind of damage is found and said in plain words, what can be mended is mended, and everything else can still be read.
import { cp, mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { batchOf, type Batch } from '#core/batch.ts'
import { dayUs, hourUs, secondUs } from '#core/time.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import { segmentOf } from '#store/embedded/log-segment.ts'
import { checkStore } from './check-store.ts'
import type { Finding } from './checking.ts'
import { repairStore } from './repair-store.ts'

const start = Date.UTC(2026, 0, 1) * 1000
const rules = [{ tags: '**', raw: 3, minutes: 'forever' as const }]
let whole: string

/** Eight days of a value every fifteen seconds, of which three and a bit stay, some texts and fields. */
function rows(): Batch {
  const times = Array.from({ length: (8 * dayUs) / (15 * secondUs) }, (_, index) => start + index * 15 * secondUs)
  return batchOf([
    ...times.map((time, index) => ({ tag: 'm/pressure', time, value: Math.round(1000 * Math.sin(index / 500)) / 1000 })),
    ...times.slice(-500).map((time, index) => ({ tag: 'm/state', time, value: `state ${index % 5}` })),
    ...times.slice(-3).map((time, index) => ({ tag: 'm/field', time, value: { shape: [2, 2], data: Float32Array.of(index, 2, 3, 4.5) } })),
    ...times.slice(-9).map((time) => ({ tag: 'm/few', time, value: null, quality: 0x80 })),
  ])
}

beforeAll(async () => {
  whole = await mkdtemp(join(tmpdir(), 'millwright-check-'))
  const store = createEmbeddedStore({ folder: whole, retention: { rules, bytesMax: Infinity } })
  await store.open()
  await store.append([{ batch: rows(), origin: { source: 'a', sequence: 1 } }])
  await store.seal()
  await store.retain()
  await store.close()
})
afterAll(() => rm(whole, { recursive: true }))

/** A copy of the whole store, changed as given. */
async function damaged(change: string | ((folder: string) => unknown)): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-check-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await cp(whole, folder, { recursive: true })
  if (typeof change === 'string') {
    const database = new DatabaseSync(join(folder, 'chunks.db'))
    database.exec(change)
    database.close()
  } else await change(folder)
  return folder
}

async function check(folder: string): Promise<{ findings: Finding[]; texts: string[]; waiting: number; samples: number }> {
  const findings: Finding[] = []
  const { waiting, samples } = await checkStore(folder, { found: (finding) => void findings.push(finding), progress: () => {} })
  return { findings, texts: findings.map(({ text }) => text), waiting, samples }
}

/** The bytes of a blob with one of them changed. */
const flipped = (blob: string, at = 20) => `cast(substr(${blob}, 1, ${at}) || x'a5' || substr(${blob}, ${at + 2}) as blob)`
const newestChunk = 'select data from chunk where tag = 1 order by start desc limit 1'
const firstDayKept = start + 4 * dayUs
const blockOf = (tier: string, order: string) => `select id from ${tier}_block where id / 2097152 = 1 order by id ${order} limit 1`

test('S21: a store in order has no findings, and nothing of it changes', async () => {
  const folder = await damaged('')
  const before = await readdir(folder)
  const checked = await check(folder)
  expect(checked).toMatchObject({ texts: [], waiting: 0, samples: 4 * 5760 + 500 + 3 + 9 })
  expect(await readdir(folder)).toEqual(expect.arrayContaining(before))
})

test.each([
  [
    'a damaged chunk',
    `update chunk_data set bytes = ${flipped('bytes')} where id = (${newestChunk})`,
    /^a chunk of \d+ samples of m\/pressure from 2026-.* cannot be read \(the chunk is damaged: its checksum does not match\)$/,
  ],
  [
    'a chunk without content',
    `delete from chunk_data where id = (${newestChunk})`,
    /^a chunk of .* cannot be read \(its content is missing\)$/,
  ],
  [
    'a wrong count',
    `update chunk set count = count - 1 where data = (${newestChunk}); update meta set value = value - 1 where name = 'samples'`,
    /^a chunk of \d+ samples of m\/pressure .* has \d+$/,
  ],
  ['a wrong end', `update chunk set end = end + 1 where data = (${newestChunk})`, /^a chunk of .* has some from 2026-.* to 2026-/],
  [
    'wrong summaries',
    `update chunk set summaries = ${flipped('summaries', 15)} where data = (${newestChunk})`,
    /^a chunk of .* has summaries that are not those of its samples$/,
  ],
  [
    'summaries of texts',
    `update chunk set summaries = zeroblob(96) where tag = 2`,
    /^a chunk of 500 samples of m\/state .* has summaries that are not/,
  ],
  [
    'wrong minutes',
    `update minute_block set bytes = (select bytes from minute_block where id = (${blockOf('minute', '')})) where id = (${blockOf('minute', 'desc')})`,
    /^the minutes of m\/pressure on 2026-01-0\d are not those of that day$/,
  ],
  [
    'damaged hours of a day whose samples are kept',
    `update hour_block set bytes = ${flipped('bytes')} where id = (${blockOf('hour', 'desc')})`,
    /^the hours of m\/pressure on 2026-01-0\d cannot be read/,
  ],
  [
    'damaged hours of a day whose minutes are kept',
    `update hour_block set bytes = ${flipped('bytes')} where id = (${blockOf('hour', '')})`,
    /^the hours of m\/pressure on 2026-01-01 cannot be read/,
  ],
  [
    'wrong statistics of an array',
    `update array_sample set statistics = ${flipped('statistics', 7)} where id = 2`,
    /^the array of m\/field at .* has statistics that are not its own$/,
  ],
  [
    'a wrong newest sample',
    `update tag set latest_time = latest_time + 5 where id = 1`,
    /^the newest sample of m\/pressure is noted as .*, and is /,
  ],
  [
    'another newest value',
    `update tag set latest_quality = 3 where id = 2`,
    /^the newest sample of m\/state is noted as .* with another value$/,
  ],
  ['a wrong total', `update meta set value = 7 where name = 'samples'`, /^7 samples are noted, and there are 23552$/],
  ['content without a chunk', `insert into chunk_data values(999, x'00')`, /^the content of 1 chunks belongs to no chunk$/],
] as const)('S21: found, and mended when that is asked for: %s', async (_, sql, sentence) => {
  const folder = await damaged(sql)
  const { findings, texts } = await check(folder)
  expect(texts).toEqual([expect.stringMatching(sentence)])
  expect(findings[0]?.repair).toBeDefined()
  await repairStore(folder, findings)
  expect((await check(folder)).texts).toEqual([])
  await everythingElseIsThere(folder)
})

test.each([
  [
    'a chunk that reaches into another',
    `update chunk set end = end + ${hourUs} where data = (select data from chunk where tag = 1 order by start limit 1)`,
    /reaches into the one before it/,
  ],
  ['a damaged array', `update array_sample set bytes = ${flipped('bytes')} where id = 2`, /^the array of m\/field at .* cannot be read/],
  [
    'damaged minutes of a day whose samples are gone',
    `update minute_block set bytes = ${flipped('bytes')} where id = (${blockOf('minute', '')})`,
    /^the minutes of m\/pressure on 2026-01-01 cannot be read/,
  ],
  ['chunks of no tag', `delete from tag where id = 4`, /^1 chunks are of tags that are not there$/],
  ['shared content', `update chunk set data = (${newestChunk}) where tag = 2`, /^1 chunks share their content with others$/],
] as const)('S21: found, with the advice to use a backup: %s', async (_, sql, sentence) => {
  const { findings, texts } = await check(await damaged(sql))
  expect(texts).toEqual(expect.arrayContaining([expect.stringMatching(sentence)]))
  const finding = findings.find(({ text }) => sentence.test(text))
  expect(finding?.repair).toBeUndefined()
  expect(finding?.mend).toMatch(/from a backup/)
})

test('S21: pages that are overwritten are found, and what lies on others is looked at all the same', async () => {
  const folder = await damaged(async (folder) => {
    const file = await open(join(folder, 'chunks.db'), 'r+')
    await file.write(new Uint8Array(65_536).fill(0xa5), 0, 65_536, 65_536 * 5)
    await file.close()
  })
  const { texts } = await check(folder)
  expect(texts).toEqual(expect.arrayContaining([expect.stringMatching(/damaged|malformed/)]))
  await expect(
    checkStore(await damaged((folder) => writeFile(join(folder, 'chunks.db'), 'no database')), { found: () => {}, progress: () => {} }),
  ).rejects.toThrow(/cannot read .*chunks\.db: .*; bring the file back from a backup/)
})

test('S21: the log is read: rows that wait are told, damage in between is found, an unfinished end is none', async () => {
  const folder = await damaged(async (folder) => {
    const store = createEmbeddedStore({ folder })
    await store.open()
    for (let row = 0; row < 3; row++)
      await store.append([{ batch: batchOf([{ tag: 'm/few', time: start + 9 * dayUs + row, value: row }]) }])
    // As a crash leaves it: a copy of what is on the disk right now.
    await cp(folder, `${folder}-crashed`, { recursive: true })
    await store.close()
  })
  const crashed = `${folder}-crashed`
  onTestFinished(() => rm(crashed, { recursive: true }))
  expect(await check(crashed)).toMatchObject({ texts: [], waiting: 3 })
  const log = join(
    crashed,
    (await readdir(crashed))
      .filter((name) => segmentOf(name) !== undefined)
      .toSorted()
      .at(-1) as string,
  )
  const file = await open(log, 'r+')
  const { size } = await file.stat()
  await file.write(Uint8Array.of(0xff), 0, 1, size / 2)
  await file.close()
  expect(await check(crashed)).toMatchObject({
    texts: [expect.stringMatching(/bytes at byte \d+ of .* are damaged: rows that are not sealed yet are lost/)],
    waiting: 2,
  })
  await truncate(log, size / 3 + 8)
  expect(await check(crashed)).toMatchObject({ texts: [], waiting: 1 })
})

test('S21: a store in use is not checked, nor one of another format', async () => {
  const folder = await damaged('')
  const store = createEmbeddedStore({ folder })
  await store.open()
  await expect(check(folder)).rejects.toThrow(/is in use by another Millwright/)
  await store.close()
  await expect(check(await damaged('pragma user_version = 1'))).rejects.toThrow(/has format 1: start Millwright on it once/)
  await expect(check(await damaged('pragma user_version = 99'))).rejects.toThrow(/written by a newer Millwright/)
  await expect(check(tmpdir())).rejects.toThrow(/there is no store in/)
})

/** What a damage to a single thing must not touch. */
async function everythingElseIsThere(folder: string): Promise<void> {
  const store = createEmbeddedStore({ folder, retention: { rules, bytesMax: Infinity } })
  await store.open()
  try {
    const { time } = await store.read('m/pressure', 0, Infinity, 1e6)
    expect(time[0]).toBe(firstDayKept)
    expect(time.length).toBeGreaterThanOrEqual(4 * 5760 - 6144)
    expect((await store.read('m/state', 0, Infinity, 1e6)).time.length).toBe(500)
    expect((await store.arrays('m/field', 0, Infinity, 9)).length).toBe(3)
    const [days] = await store.buckets(
      ['m/pressure'],
      Float64Array.from({ length: 9 }, (_, day) => start + day * dayUs),
    )
    expect(days?.count.length).toBe(8)
    expect(store.statistics().damaged).toBe(0)
  } finally {
    await store.close()
  }
}
