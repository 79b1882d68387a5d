// docs/guides/many-machines.md as a reader follows it, as far as processes go: NATS, one process of each role, a gateway, and the secrets for
// containers.
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { ConnectionList } from '#api/connections/schema.ts'
import { freePort } from '#test/support/free-port.ts'
import { startPostgres, type PostgresServer } from '#test/support/postgres.ts'
import { runProgram, startProgram } from '#test/support/program.ts'
import { requireTool } from '#test/support/tool.ts'

const home = join(import.meta.dirname, '..', '..')
const patience = { timeout: 90_000, interval: 100 }

let folder: string
let postgres: PostgresServer
let sections: Map<string, string>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'many-machines-guide-'))
  postgres = await startPostgres({ fsync: false })
  const guide = await readFile(join(home, 'docs', 'guides', 'many-machines.md'), 'utf8')
  sections = new Map(guide.split(/^## /m).map((section) => [section.split('\n')[0] ?? '', section]))
})
afterAll(async () => {
  await postgres[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const blocksOf = (section: string) => Array.from((sections.get(section) ?? '').matchAll(/```sh\n([^]*?)```/g), ([, text = '']) => text)

test('the guide to many machines works as it is written', { timeout: 240_000 }, async () => {
  const database = await postgres.createDatabase()
  const [nats, push, ...ports] = await Promise.all(Array.from({ length: 5 }, () => freePort()))
  const blocks = blocksOf('Try it on one machine').map((text) =>
    text
      .replaceAll(/postgres:\S+/g, database)
      .replaceAll('4222', String(nats))
      .replaceAll(/810([123])/g, (_, index) => String(ports[Number(index) - 1]))
      .replaceAll('npx millwright', `"${process.execPath}" "${join(home, 'bin', 'millwright.js')}"`)
      .replaceAll('nats-server', requireTool('nats-server', 'nats-server')),
  )
  let variables = ':'
  const inShell = (lines: string) => ['-ec', `cd "${folder}"; ${variables}; ${lines}`]
  const next = () => blocks.shift() ?? ''
  /** Runs until the test is over; resolves when it has said so. */
  const inOwnTerminal = async (lines: string, says: string) => {
    const program = startProgram('/bin/sh', inShell(`exec ${lines}`))
    onTestFinished(() => program.kill('SIGINT'))
    await vi.waitFor(() => expect(program.output() + program.errors()).toContain(says), patience)
  }

  await inOwnTerminal(next(), 'Server is ready')
  const [exports, doctor] = next().split(/(?<=\n)(?=".*doctor)/)
  variables = (exports ?? '').trim().replaceAll('\n', '; ')
  expect((await runProgram('/bin/sh', inShell(doctor ?? ''))).output).toMatch(/^ok {4}PostgreSQL \d/m)
  for (const role of ['ingest', 'writer', 'api']) await inOwnTerminal(next(), `Millwright ${role} is running at http://127.0.0.1:`)

  await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${ports[1]}/readyz`)).status).toBe(200), patience)
  const [post = '', ask = ''] = next().split(/\n(?=")/)
  requireTool('curl', 'curl')
  expect((await runProgram('/bin/sh', inShell(post))).output).toBe('{"accepted":1,"rejected":[]}')
  await vi.waitFor(async () => expect((await runProgram('/bin/sh', inShell(ask))).output).toMatch(/ 4\.5 +good/), patience)

  const token = (await runProgram('/bin/sh', inShell(next()))).output.trim()
  await writeFile(
    join(folder, 'plant.yaml'),
    `plant: P\nconnections: [{ name: push, driver: http, gateway: hall-1, settings: { port: ${push} }, tags: { site/box/level: { device: box } } }]\n`,
  )
  await inOwnTerminal(next().replace('TOKEN', token), 'gateway hall-1 runs 1 connection')
  await vi.waitFor(async () => {
    const connections = (await (await fetch(`http://127.0.0.1:${ports[2]}/api/v1/connections`)).json()) as ConnectionList
    expect(connections).toMatchObject([{ name: 'push', gateway: 'hall-1', state: 'connected' }])
  }, patience)
  expect(blocks).toEqual([])
})

test('the secrets of the guide are what the containers want, and only their owner reaches them', async () => {
  await mkdir(join(folder, 'deploy'))
  const [make] = blocksOf('With Docker')
  requireTool('openssl', 'openssl')
  expect(await runProgram('/bin/sh', ['-ec', `cd "${folder}"; ${make}`])).toMatchObject({ code: 0, errors: '' })
  const secrets = join(folder, 'deploy', 'secrets')
  expect((await stat(secrets)).mode & 0o777).toBe(0o700)
  const read = (name: string) => readFile(join(secrets, name), 'utf8')
  const password = /password: "(\w{32})"/.exec(await read('nats-auth'))?.[1]
  expect(await read('nats-url')).toBe(`nats://millwright:${password}@nats-1:4222,nats://nats-2:4222,nats://nats-3:4222`)
  expect(new URL(await read('database-url')).password).toBe(await read('postgres-password'))
})
