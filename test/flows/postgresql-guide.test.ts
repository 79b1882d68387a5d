// docs/guides/postgresql.md as a reader follows it: every command and every query in it, in order, on a PostgreSQL of the test's own.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'
import { runProgram, startProgram, type Program } from '#test/support/program.ts'

const home = join(import.meta.dirname, '..', '..')
let server: PostgresServer
let folder: string
let blocks: { language: string; text: string }[]

beforeAll(async () => {
  server = await startPostgres({ fsync: false })
  folder = await mkdtemp(join(tmpdir(), 'postgresql-guide-'))
  const guide = await readFile(join(home, 'docs', 'guides', 'postgresql.md'), 'utf8')
  blocks = Array.from(guide.matchAll(/```(sh|sql)\n([^]*?)```/g), ([, language = '', text = '']) => ({
    language,
    text: text
      .replaceAll('127.0.0.1:5432', `127.0.0.1:${server.port}`)
      .replaceAll('npx millwright', `"${process.execPath}" "${join(home, 'bin', 'millwright.js')}"`),
  }))
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** The next block of the guide, which must be in this language. */
function next(language: 'sh' | 'sql'): string {
  const block = blocks.shift()
  expect(block?.language).toBe(language)
  return block?.text ?? ''
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const statement of text.split(/;\s*\n/).filter((one) => one.trim() !== '')) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}

/** A block as a shell in an empty folder runs it. */
const inShell = (lines: string, env = '') => runProgram('/bin/sh', ['-ec', `cd "${folder}"; ${env}\n${lines}`])

test('the guide to PostgreSQL works as it is written', async () => {
  await query(server.url('postgres'), next('sql'))
  const url = `postgres://millwright:change-me@127.0.0.1:${server.port}/millwright`
  const variables = `export DATABASE_URL="${url}" MILLWRIGHT_PORT=0`

  const first = await inShell(next('sh').replace('doctor', 'doctor --port 1'))
  expect(first.errors).toContain('It is shown only now')
  expect(first.output).toMatch(/^ok {4}PostgreSQL \d.* with no tables yet/m)
  expect(first.output).toMatch(/^mwg\.hall-2\./m)

  expect(await inShell(next('sh'), variables)).toMatchObject({ code: 0, errors: '' })
  expect((await stat(join(folder, 'millwright.dump'))).size).toBeGreaterThan(1000)

  await using running = await started(next('sh'), variables)
  const tags = ['waterworks/intake/pumps/pump-7/pressure', 'waterworks/intake/well/probe-1/humidity', 'waterworks/intake/well/fan/speed']
  const answer = await fetch(`${running.url}/api/v1/samples`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(tags.map((tag) => ({ tag, value: 4.5 }))),
  })
  expect(await answer.json()).toMatchObject({ accepted: 3 })
  const lastHour = next('sql')
  await vi.waitFor(async () => expect(await query(url, lastHour)).toEqual([{ time: expect.any(Date), value: 4.5, status: 'good' }]), {
    timeout: 10_000,
  })
  expect(await query(url, next('sql'))).toEqual([{ machine: 'waterworks/intake/pumps/pump-7', hour: expect.any(Date), avg: 4.5, max: 4.5 }])
  const health = (await (await fetch(`${running.url}/api/v1/health`)).json()) as { checks: unknown[] }
  expect(health.checks).toContainEqual({ name: 'rows for SQL', ok: true, detail: 'up with the store' })

  await query(server.url('millwright'), next('sql'))
  const counts = await inShell(next('sh'))
  expect(counts.output).toContain(tags[0])
  expect(counts.output).toContain(tags[1])
  expect(counts.output).not.toContain(tags[2])
  const analyst = `postgres://analyst:change-me-too@127.0.0.1:${server.port}/millwright`
  await expect(query(analyst, 'select * from "gatewayToken"')).rejects.toThrow('permission denied')
  expect(blocks).toEqual([])
})

/** Runs `millwright start` of the guide until it is disposed of. */
async function started(lines: string, variables: string): Promise<{ url: string } & AsyncDisposable> {
  const program: Program = startProgram('/bin/sh', ['-ec', `cd "${folder}"; ${variables}; exec ${lines}`])
  const url = await vi.waitFor(
    () => {
      const found = /Millwright is running\s+(http:\S+)/.exec(program.output())?.[1]
      if (found === undefined) throw new Error(`not running yet: ${program.output()} ${program.errors()}`)
      return found
    },
    { timeout: 60_000 },
  )
  return { url, [Symbol.asyncDispose]: () => program.kill('SIGINT') }
}
