import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { startApiStandIn } from '#test/support/api-stand-in.ts'
import { runMillwright } from '#test/support/command-line.ts'
import { mountSmallDisk } from '#test/support/small-disk.ts'
import { confirmed } from './confirm.ts'
import { Amount, amountLine } from './export/amount.ts'

const folder = mkdtempSync(join(tmpdir(), 'export-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A server that sends these pieces, then ends, breaks or goes on for ever. */
async function sending(pieces: readonly string[], then: 'end' | 'break' | 'wait' = 'end') {
  const asked: URLSearchParams[] = []
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '/', 'http://localhost').searchParams)
    response.writeHead(200)
    for (const piece of pieces) response.write(piece)
    if (then === 'end') response.end()
    if (then === 'break') setImmediate(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const csv = ['tag,time,value,quality\n', 'm/x,2026-01-01T00:00:00.000000Z,1,good\n', 'm/x,2026-01-01T00:00:01.000000Z,2,good\n']

test('what the server sends is written to standard output, or to a file of that name when it is whole', async () => {
  const { url, asked } = await sending(csv)
  const range = ['--from', '2026-01-01', '--to', '2026-01-02']
  expect(await runMillwright(['export', 'm/x', 'm/y', ...range, '--server', url])).toEqual({ code: 0, stdout: csv.join(''), stderr: '' })
  expect([...(asked[0] ?? [])]).toEqual([
    ['tag', 'm/x'],
    ['tag', 'm/y'],
    ['from', '2026-01-01T00:00:00.000000Z'],
    ['to', '2026-01-02T00:00:00.000000Z'],
    ['format', 'csv'],
  ])
  const file = join(folder, 'whole.csv')
  const run = await runMillwright(['export', '--machine', 'm', '--output', file, '--server', url])
  expect(run).toEqual({ code: 0, stdout: '', stderr: `2 rows, 101 B in ${file}\n` })
  expect(readFileSync(file, 'utf8')).toBe(csv.join(''))
  expect(readdirSync(folder)).toEqual(['whole.csv'])
})

test('the format is told by the ending of the file', async () => {
  const { url, asked } = await sending(['{}\n'])
  await runMillwright([
    'export',
    'm/x',
    '--output',
    join(folder, 'a.parquet'),
    '--server',
    url,
    '--bucket',
    'day',
    '--zone',
    'Europe/Berlin',
  ])
  await runMillwright(['export', 'm/x', '--output', join(folder, 'a.jsonl'), '--server', url])
  await runMillwright(['export', 'm/x', '--output', join(folder, 'a.txt'), '--server', url, '--format', 'jsonl'])
  expect(asked.map((query) => query.get('format'))).toEqual(['parquet', 'jsonl', 'jsonl'])
  expect(Object.fromEntries(asked[0] ?? [])).toMatchObject({ bucket: 'day', zone: 'Europe/Berlin' })
})

test('an export that breaks leaves no file, and the earlier one as it was', async () => {
  const { url } = await sending(csv, 'break')
  const file = join(folder, 'earlier.csv')
  writeFileSync(file, 'earlier')
  const run = await runMillwright(['export', 'm/x', '--output', file, '--force', '--server', url])
  expect(run.code).toBe(1)
  expect(run.stderr).toMatch(/^millwright: the connection to http:\S+ broke after .*; nothing of it is kept \(terminated\)\n$/)
  expect(readFileSync(file, 'utf8')).toBe('earlier')
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('an export that is stopped leaves no file', async () => {
  const { url } = await sending(csv, 'wait')
  const file = join(folder, 'stopped.csv')
  const child = spawn(process.execPath, ['bin/millwright.js', 'export', 'm/x', '--output', file, '--server', url])
  let stderr = ''
  child.stderr.on('data', (chunk) => (stderr += String(chunk)))
  const part = () => readdirSync(folder).find((name) => name.endsWith('.part'))
  await vi.waitFor(() => expect(readFileSync(join(folder, part() as string), 'utf8')).toBe(csv.join('')), { timeout: 10_000 })
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([1, null])
  expect(stderr).toBe('millwright: stopped after 2 rows, 101 B; nothing of it is kept\n')
  expect([part(), existsSync(file)]).toEqual([undefined, false])
})

test('a full disk is said plainly, and gets its room back', async ({ skip }) => {
  const disk = mountSmallDisk(1) ?? skip('no disk can be mounted here')
  onTestFinished(disk.remove)
  const { url } = await sending(Array.from({ length: 200 }, () => 'x'.repeat(10_000)))
  const file = join(disk.folder, 'large.csv')
  const run = await runMillwright(['export', 'm/x', '--output', file, '--server', url])
  expect(run.code).toBe(1)
  expect(run.stderr).toMatch(/^millwright: the disk of \S+ is full after \d+ bytes; nothing of it is kept: make room, or choose .*\n$/)
  expect(readdirSync(disk.folder)).toEqual([])
})

test('a file that is there, a folder, and a place that is not there are refused before the server is asked', async () => {
  const { url, asked } = await sending(csv)
  const file = join(folder, 'there.csv')
  writeFileSync(file, 'there')
  const refusal = async (...args: string[]) => (await runMillwright(['export', ...args, '--server', url])).stderr
  expect(await refusal('m/x', '--output', file)).toBe(`millwright: ${file} is there already; add --force to replace it, or name another\n`)
  expect(await refusal('m/x', '--output', folder)).toBe(
    `millwright: ${folder} is no file; name one, or leave --output out for standard output\n`,
  )
  expect(await refusal('m/x', '--output', join(folder, 'none', 'a.csv'))).toMatch(
    /^millwright: cannot write .*choose another place with --output\n$/,
  )
  expect(await refusal()).toBe('millwright: name one or more tags, or --machine; "millwright tags" lists them\n')
  expect(asked).toEqual([])
})

test("the server's refusal is told in its words, and leaves no file", async () => {
  const body = { error: 'notFound', message: 'there is no tag "m/none"; GET /api/v1/tags lists them' }
  const api = await startApiStandIn(() => ({ status: 404, body }))
  onTestFinished(() => api.close())
  const file = join(folder, 'refused.csv')
  const run = await runMillwright(['export', 'm/none', '--output', file, '--server', api.url])
  expect(run).toMatchObject({ code: 1, stderr: `millwright: ${body.message}\n` })
  expect(readdirSync(folder).filter((name) => name.startsWith('refused'))).toEqual([])
})

test('rows are counted as they come, however they are cut; a text of several lines is one', () => {
  const amount = new Amount('csv')
  for (const piece of ['tag,va', 'lue\nm/x,"a\n', 'b"\nm/x,', '1\n']) amount.add(Buffer.from(piece))
  expect(amount.text).toBe('2 rows, 26 B')
  expect(amountLine(amount, 0.5)).toBe('2 rows, 26 B  4 rows/s, 52 B/s')
  const lines = new Amount('jsonl')
  lines.add(Buffer.from('{"a":"\\""}\n'.repeat(100_000)))
  expect(lines.text).toBe('100 000 rows, 1.1 MB')
  expect(new Amount('parquet').text).toBe('0 B')
})

test('only a terminal is asked, and only yes is yes', async () => {
  const ask = async (answer: string, isTTY = true) => {
    const input = Object.assign(new PassThrough(), { isTTY })
    const output = Object.assign(new PassThrough(), { isTTY })
    input.end(`${answer}\n`)
    const yes = await confirmed('Replace it?', input as never, output as never)
    return [yes, String(output.read() ?? '')]
  }
  expect(await ask('y')).toEqual([true, expect.stringContaining('Replace it? [y/N] ')])
  expect((await ask('YES'))[0]).toBe(true)
  for (const answer of ['', 'n', 'yet']) expect((await ask(answer))[0]).toBe(false)
  expect(await ask('y', false)).toEqual([undefined, ''])
})

test('a deletion needs --yes where nobody can be asked, and says what it would delete', async () => {
  const api = await startApiStandIn(() => ({ body: { removed: 1234 } }))
  onTestFinished(() => api.close())
  const run = (...args: string[]) => runMillwright(['delete', 'm/x', '--server', api.url, ...args])
  expect((await run()).stderr).toBe('millwright: this would delete m/x with all its samples for good; add --yes if that is meant\n')
  expect((await run('--from', '2026-01-01')).stderr).toContain('the samples of m/x from 2026-01-01T00:00:00.000000Z on')
  expect((await run('--from', '2026-01-02', '--to', '2026-01-01', '--yes')).stderr).toContain('swap or change them')
  expect(api.calls).toEqual([])
  expect((await run('--yes')).stdout).toBe('1 234 samples of m/x deleted\n')
  await run('--yes', '--to', '2026-01-01')
  expect(api.calls.map(({ method, resource, query }) => [method, resource, Object.fromEntries(query)])).toEqual([
    ['DELETE', 'tags', { tag: 'm/x' }],
    ['DELETE', 'samples', { tag: 'm/x', from: '1970-01-01T00:00:00.000000Z', to: '2026-01-01T00:00:00.000000Z' }],
  ])
})
