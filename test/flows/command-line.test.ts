// The command line against the real API: what is imported is what tags and query show.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { plantSchema } from '#core/plant.ts'
import { testApi, type TestApi } from '#test/support/api.ts'
import { runMillwright } from '#test/support/command-line.ts'

let api: TestApi
let url: string
const folder = mkdtempSync(join(tmpdir(), 'command-line-'))
beforeAll(async () => {
  api = await testApi({ ...plantSchema.parse({ plant: 'p' }), profiles: new Map() })
  url = await api.server.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await api.close()
})

function run(...args: string[]) {
  return runMillwright([...args, '--server', url])
}

async function importTable(rows: readonly string[], ...args: string[]) {
  const file = join(folder, 'table.csv')
  writeFileSync(file, rows.join('\n'))
  return run('import', file, '--machine', 'site/area/line/pump', ...args)
}

const second = (index: number) => `2026-01-31T12:00:${String(index).padStart(2, '0')}`
const rows = [
  'time,pressure,mode',
  ...Array.from({ length: 60 }, (_, index) => `${second(index)},${index / 10},${index < 30 ? 'auto' : 'hand'}`),
]
const history = ['--from', '2026-01-31T12:00:00Z', '--to', '2026-01-31T12:01:00Z']

test('a table is imported, listed and read back to the microsecond, and importing it again repeats nothing', async () => {
  expect((await importTable(rows)).stdout).toBe('120 samples imported from 60 rows\n')
  expect((await importTable(rows)).code).toBe(0)
  const tags = await run('tags', '--machine', 'site/area/line/pump')
  expect(tags.stdout).toMatch(/pump\/pressure +number +5\.9 +good +2026-01-31T12:00:59\.000000Z/)
  expect(tags.stdout).toMatch(/pump\/mode +text +hand +good/)
  const { stdout } = await run('query', 'site/area/line/pump/pressure', '--csv', ...history)
  expect(stdout.trim().split('\n')).toEqual([
    'time,value,quality',
    ...Array.from({ length: 60 }, (_, index) => `${second(index)}.000000Z,${index / 10},good`),
  ])
})

test('buckets say what the samples say', async () => {
  const { stdout } = await run('query', 'site/area/line/pump/pressure', '--buckets', '2', '--json', ...history)
  expect(JSON.parse(stdout)).toEqual([
    { time: `${second(0)}.000000Z`, count: 30, min: 0, mean: expect.closeTo(1.45), max: 2.9, last: 2.9 },
    { time: `${second(30)}.000000Z`, count: 30, min: 3, mean: expect.closeTo(4.45), max: 5.9, last: 5.9 },
  ])
})

test('what the server refuses is named by its line, the rest is kept', async () => {
  const { stdout, stderr, code } = await importTable([
    'time,mode,level',
    '2026-01-31T13:00:00,7,1',
    '2126-01-31T13:00:01,,2',
    '2026-01-31T13:00:02,8,3',
  ])
  expect(stderr).toMatch(/^line 2: site\/area\/line\/pump\/mode: .*kind/m)
  expect(stderr).toMatch(/^line 3: site\/area\/line\/pump\/level: .*more than an hour ahead/m)
  expect(stdout).toBe('2 samples imported from 3 rows, 3 samples refused by the server\n')
  expect(code).toBe(0)
})

test('an unknown tag and a machine without simulator are refused in one sentence', async () => {
  expect((await run('query', 'site/area/line/pump/speed')).stderr).toMatch(
    /^millwright: there is no tag "site\/area\/line\/pump\/speed"[^\n]*\n$/,
  )
  expect((await run('sim', 'faults')).stderr).toMatch(/^millwright: [^\n]*\n$/)
})
