// What is exported from one Millwright and imported into another is the same there, over the real API and the real command line.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { plantSchema } from '#core/plant.ts'
import { qualities } from '#core/quality.ts'
import type { Store } from '#core/store.ts'
import { parseTime } from '#core/time.ts'
import { testApi } from '#test/support/api.ts'
import { runMillwright } from '#test/support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'export-import-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function server() {
  const api = await testApi({ ...plantSchema.parse({ plant: 'p' }), profiles: new Map() })
  onTestFinished(() => api.close())
  const url = await api.server.listen({ host: '127.0.0.1', port: 0 })
  return { ...api, run: (...args: string[]) => runMillwright([...args, '--server', url]) }
}

/** All that a store holds, with arrays and texts in place. */
async function contentOf(store: Store) {
  const rows: unknown[][] = []
  for (const { path, kind } of [...store.tags()].toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const { time, value, quality, texts } = await store.read(path, 0, Infinity, 1e6)
    for (const [row, at] of time.entries()) {
      const frame = kind === 'array' ? await store.arrayAt(path, at) : undefined
      const array = frame?.time === at ? { shape: frame.shape, data: [...frame.data] } : undefined
      rows.push([path, kind, at, kind === 'text' ? texts[value[row] as number] : (array ?? value[row]), quality[row]])
    }
  }
  return rows
}

const start = parseTime('2026-01-01') as number
const bad = qualities.badNotConnected.code

test('a machine that is exported as CSV and imported elsewhere is the same, whatever its values are', async () => {
  const [one, other] = [await server(), await server()]
  const numbers = [0.1 + 0.2, -0, 5e-324, 1.7976931348623157e308, -1e21, 123_456_789.125]
  const texts = ['auto', '=1+1', "'quoted'", "'=x", 'two\nlines, "and" more', ' blanks ', '', '12', 'true', 'läuft ☃']
  const fields = [
    { shape: [2, 2], data: Float32Array.of(0.1, -0, 3e38, 1e-45) },
    { shape: [3], data: Float32Array.of(1, 2, 3) },
  ]
  const tag = (name: string) => `Werk 1/Halle (2)/Pumpe 50%/${name}`
  // The first sample of each has no value: the kind must come along.
  for (const kind of ['number', 'boolean', 'text', 'array'] as const)
    await one.put({ tag: tag(kind), kind, time: start, value: null, quality: bad })
  await one.put(
    ...numbers.map((value, index) => ({ tag: tag('number'), time: start + 1 + index, value })),
    ...texts.map((value, index) => ({ tag: tag('text'), time: start + 1 + index, value })),
    ...[true, false].map((value, index) => ({ tag: tag('boolean'), time: start + 1 + index, value })),
    ...fields.map((value, index) => ({ tag: tag('array'), time: start + 1 + index, value })),
    { tag: tag('number'), time: start + 100, value: 1, quality: qualities.uncertainRangeExceeded.code },
    { tag: 'elsewhere/x', time: start, value: 1 },
  )
  const file = join(folder, 'machine.csv')
  const exported = await one.run('export', '--machine', 'Werk 1/Halle (2)/Pumpe 50%', '--output', file)
  expect(exported.stderr).toMatch(/^25 rows, [\d.]+ kB in /)
  const imported = await other.run('import', file)
  expect(imported).toMatchObject({ code: 0, stdout: '25 samples imported from 25 rows\n', stderr: '' })
  expect(await contentOf(other.store)).toEqual((await contentOf(one.store)).filter(([path]) => path !== 'elsewhere/x'))
})

test('many samples come across, and importing them again repeats nothing', async () => {
  const [one, other] = [await server(), await server()]
  await one.put(...Array.from({ length: 12_000 }, (_, index) => ({ tag: 'm/x', time: start + index * 1000, value: Math.sin(index) })))
  const file = join(folder, 'many.csv')
  await one.run('export', 'm/x', '--output', file)
  for (let time = 0; time < 2; time++) expect((await other.run('import', file)).stdout).toBe('12 000 samples imported from 12 000 rows\n')
  expect(await contentOf(other.store)).toEqual(await contentOf(one.store))
})

test('rows that cannot be are told by line, the others are imported', async () => {
  const api = await server()
  const file = join(folder, 'faulty.csv')
  const time = '2026-01-01T00:00:00Z'
  const rows = [
    `m/n,${time},1,good,number`,
    `n,${time},1,good,number`,
    `m/n,yesterday,1,good,number`,
    `m/n,${time},x,good,number`,
    `m/n,${time},1,fine,number`,
    `m/n,${time},1,good,vector`,
    `m/a,${time},"{""shape"":[1]}",good,array`,
    `m/n,2126-01-01,1,good,number`,
    `m/n,${time},text,good,text`,
    `m/t,${time},,good,text`,
  ]
  writeFileSync(file, `tag,time,value,quality,kind\n${rows.join('\n')}\n`)
  const { stdout, stderr } = await api.run('import', file)
  expect(stdout).toBe('2 samples imported from 10 rows, 6 rows with faults, 2 samples refused by the server\n')
  expect(stderr.trimEnd().split('\n').toSorted()).toEqual([
    expect.stringMatching(/^line 10: m\/n: tag "m\/n" is of kind number, this value is of kind text/),
    expect.stringMatching(/^line 3: "n" has 1 segment/),
    expect.stringMatching(/^line 4: "yesterday" is no time/),
    'line 5: "x" is no number',
    expect.stringMatching(/^line 6: "fine" is no quality/),
    expect.stringMatching(/^line 7: "vector" is no kind; write number, boolean, text, array/),
    'line 8: "{"shape":[1]}" is no array',
    expect.stringMatching(/^line 9: m\/n: .*more than an hour ahead/),
  ])
  expect(await contentOf(api.store)).toEqual([
    ['m/n', 'number', start, 1, 0],
    ['m/t', 'text', start, '', 0],
  ])
  writeFileSync(file, 'time,a,b\n2026-01-01,1,2\n')
  expect((await api.run('import', file)).stderr).toMatch(/^millwright: --machine says where the samples go.* has: time, a, b\n$/)
})

test('days, a deletion, and JSON lines are the same over the command line', async () => {
  const api = await server()
  await api.put(...Array.from({ length: 48 }, (_, hour) => ({ tag: 'm/x', time: start + hour * 3600e6, value: hour })))
  const days = await api.run(
    'query',
    'm/x',
    '--from',
    '2026-01-01',
    '--to',
    '2026-01-03',
    '--every',
    'day',
    '--zone',
    'Asia/Kolkata',
    '--csv',
  )
  expect(days.stdout.split('\n').map((line) => line.split(',').slice(0, 3).join())).toEqual([
    'time,end,count',
    '2026-01-01T00:00:00.000000Z,2026-01-01T18:30:00.000000Z,19',
    '2026-01-01T18:30:00.000000Z,2026-01-02T18:30:00.000000Z,24',
    '2026-01-02T18:30:00.000000Z,2026-01-03T00:00:00.000000Z,5',
    '',
  ])
  expect((await api.run('delete', 'm/x', '--from', '2026-01-01T12:00', '--yes')).stdout).toBe('36 samples of m/x deleted\n')
  const file = join(folder, 'rest.jsonl')
  expect((await api.run('export', 'm/x', '--output', file)).stderr).toContain('12 rows')
  const values = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { value: number }).value)
  expect(values).toEqual(Array.from({ length: 12 }, (_, hour) => hour))
  expect((await api.run('delete', 'm/x', '--yes')).stdout).toBe('12 samples of m/x deleted\n')
  expect((await api.run('export', 'm/x')).stderr).toContain('there is no tag "m/x"')
})
