import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { startApiStandIn, type ApiAnswer, type ApiCall } from '#test/support/api-stand-in.ts'
import { runMillwright } from '#test/support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'millwright-import-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function importOf(content: string | Uint8Array, args: string[], answer?: (call: ApiCall) => ApiAnswer | undefined) {
  const file = join(folder, 'table.csv')
  writeFileSync(file, content)
  const api = await startApiStandIn(answer)
  onTestFinished(() => api.close())
  return { ...(await runMillwright(['import', file, '--server', api.url, ...args])), api, file }
}

test('a table with every oddity of spreadsheets is imported, its bad parts told by line', async () => {
  const table = [
    '\uFEFFdatetime;Temp [°C];"Mode ""x""";changepoint',
    '2020-03-09 10:14:33;20,5;auto;0',
    '2020-03-09 10:14:34;hot;"hand;\r\nor foot";0',
    'later;21,5;auto;0',
    '2020-03-09 10:14:35;;auto',
    '2020-03-09 10:14:36;-1,25e1;auto;0',
    '2020-03-09 10:14:36;22;;0',
  ].join('\r\n')
  const errors = join(folder, 'errors.csv')
  const run = await importOf(table, ['--machine', 'a/b/c/m', '--skip-columns', 'changepoint', '--errors', errors])
  expect(run.stdout).toBe('6 samples imported from 6 rows, 3 rows with faults\n')
  expect(run.code).toBe(0)
  expect(run.stderr).toContain('Temp [°C] → Temp (C) (number)')
  expect(run.stderr).toContain('1 row had the time of the row before')
  expect(run.api.samples).toEqual([
    { tag: 'a/b/c/m/Temp (C)', time: '2020-03-09T10:14:33.000000Z', value: 20.5 },
    { tag: 'a/b/c/m/Mode x', time: '2020-03-09T10:14:33.000000Z', value: 'auto' },
    { tag: 'a/b/c/m/Mode x', time: '2020-03-09T10:14:34.000000Z', value: 'hand;\nor foot' },
    { tag: 'a/b/c/m/Temp (C)', time: '2020-03-09T10:14:36.000000Z', value: -12.5 },
    { tag: 'a/b/c/m/Mode x', time: '2020-03-09T10:14:36.000000Z', value: 'auto' },
    { tag: 'a/b/c/m/Temp (C)', time: '2020-03-09T10:14:36.000000Z', value: 22 },
  ])
  expect(readFileSync(errors, 'utf8').trim().split('\n')).toEqual([
    'line,reason',
    '3,"Temp [°C]: ""hot"" is no number"',
    '5,"datetime: ""later"" is no time such as 2026-01-31T12:00:00Z, nor seconds or milliseconds since 1970"',
    '6,"the row has 3 fields, the file 4 columns"',
  ])
})

test('a file of run-to-failure cycles becomes one machine per unit', async () => {
  const rows = ['1 1 0.5 100  ', '1 2 0.6 101  ', '2 1 0.7 102  ']
  const columns = '--columns unit,cycle,setting,sensor --time cycle --time-column-is cycle --start 2026-01-01 --step 1h'
  const machines = '--group-by unit --machine cmapss/engines/unit-{unit} --tag sensor=s1'
  const run = await importOf(gzipSync(`${rows.join('\n')}\n`), `${columns} ${machines}`.split(' '))
  expect(run.stdout).toBe('6 samples imported from 3 rows\n')
  expect(run.api.samples.map(({ tag, time, value }) => [tag, time, value])).toEqual([
    ['cmapss/engines/unit-1/setting', '2026-01-01T01:00:00.000000Z', 0.5],
    ['cmapss/engines/unit-1/s1', '2026-01-01T01:00:00.000000Z', 100],
    ['cmapss/engines/unit-1/setting', '2026-01-01T02:00:00.000000Z', 0.6],
    ['cmapss/engines/unit-1/s1', '2026-01-01T02:00:00.000000Z', 101],
    ['cmapss/engines/unit-2/setting', '2026-01-01T01:00:00.000000Z', 0.7],
    ['cmapss/engines/unit-2/s1', '2026-01-01T01:00:00.000000Z', 102],
  ])
})

test('a large file is sent in several posts, and a busy or broken server loses and doubles nothing', async () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => `${1_700_000_000 + index},${index}`)
  const trouble: ApiAnswer[] = [
    { hangUp: true },
    { status: 503, headers: { 'retry-after': '0' }, body: { error: 'retryLater', message: 'the disk is full' } },
    { status: 429, headers: { 'retry-after': '0' }, body: { error: 'tooMany', message: 'slow down' } },
  ]
  const run = await importOf(`time,v\n${rows.join('\n')}`, ['--machine', 'm'], ({ method }) =>
    method === 'POST' ? trouble.pop() : undefined,
  )
  expect(run.stdout).toBe('20 000 samples imported from 20 000 rows\n')
  expect(run.stderr).toContain('waiting for the server: ')
  const values = run.api.samples.map(({ value }) => value as number).toSorted((a, b) => a - b)
  expect(values).toEqual(Array.from({ length: 20_000 }, (_, index) => index))
})

test('what the server refuses is told by line, the first twenty at length', async () => {
  const rows = Array.from({ length: 30 }, (_, index) => `2020-03-09T00:00:${10 + index},${index}`)
  const refuseOdd = ({ method, body }: ApiCall) =>
    method !== 'POST'
      ? undefined
      : {
          body: { accepted: 5, rejected: (body as unknown[]).slice(0, 25).map((_, index) => ({ index, reason: 'too early' })) },
        }
  const run = await importOf(`t,v\n${rows.join('\n')}`, ['--machine', 'm'], refuseOdd)
  expect(run.stdout).toBe('5 samples imported from 30 rows, 25 samples refused by the server\n')
  expect(run.stderr.match(/too early/g)).toHaveLength(20)
  expect(run.stderr).toContain('line 2: m/v: too early')
  expect(run.stderr).toContain('more faults follow; --errors FILE writes them all')
})

test('an import of nothing exits with 1', async () => {
  const run = await importOf('t,v\n2020-03-09,\n', ['--machine', 'm'])
  expect(run).toMatchObject({ code: 1, stdout: '0 samples imported from 1 row\n' })
  expect(run.stderr).toContain('nothing of')
  expect(run.stderr).not.toContain('    at ')
})

test('standard input is imported too', async () => {
  const api = await startApiStandIn()
  onTestFinished(() => api.close())
  const args = ['import', '-', '--machine', 'm', '--server', api.url, '--start', '2026-01-01', '--step', '100ms']
  const run = await runMillwright(args, { input: 'a\n1\n2\n' })
  expect(run.stdout).toBe('2 samples imported from 2 rows\n')
  expect(api.samples.map(({ time }) => time)).toEqual(['2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.100000Z'])
})

test('a damaged archive says so and keeps what came before', async () => {
  const whole = gzipSync(`t,v\n${Array.from({ length: 50_000 }, (_, index) => `${1_700_000_000 + index},${Math.sin(index)}`).join('\n')}`)
  const run = await importOf(whole.subarray(0, whole.length - 1000), ['--machine', 'm'])
  expect(run.code).toBe(1)
  expect(run.stderr).toMatch(/cannot be read to its end: unexpected end of file/)
  expect(run.stderr).toMatch(/stopped after [\d ]+ rows: [\d ]+ samples imported; importing the file again repeats nothing/)
  expect(run.api.samples.length).toBeGreaterThan(0)
})

test.for([
  [['--machine', 'm', '--time', 'x'], '--time names the column "x", but the file has: t, v'],
  [['--machine', 'm', '--step', '1s'], 'need both --start TIME and --step DURATION'],
  [['--machine', 'm', '--time-column-is', 'cycle'], '--time-column-is cycle needs --time COLUMN'],
  [['--machine', 'm//n'], '--machine: "" in "m//n" is no path segment'],
  [['--machine', 'm', '--time-zone', 'Nowhere'], '"Nowhere" is no time zone'],
  [['--machine', 'm', '--tag', 'v'], 'write COLUMN=NAME'],
  [['--machine', 'm', '--encoding', 'ebcdic'], 'write an encoding such as'],
  [['--machine', 'm', '--errors', '/nonexistent/file'], 'cannot write /nonexistent/file (--errors)'],
] as const)('%j is refused in one sentence', async ([args, sentence]) => {
  const { code, stderr } = await importOf('t,v\n2020-03-09,1\n', [...args])
  expect(code).toBe(1)
  expect(stderr).toContain(sentence)
  expect(stderr).not.toContain('    at ')
})

test('a file that is missing, a folder or empty is refused in one sentence', async () => {
  const refusal = async (file: string) => (await runMillwright(['import', file, '--machine', 'm'])).stderr
  expect(await refusal(join(folder, 'missing.csv'))).toMatch(/^millwright: cannot read .*missing\.csv: ENOENT.*\n$/)
  expect(await refusal(folder)).toBe(`millwright: ${folder} is a folder; name a file\n`)
  writeFileSync(join(folder, 'empty.csv'), '')
  expect(await refusal(join(folder, 'empty.csv'))).toBe('millwright: the file is empty\n')
})
