import { createServer, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { runMillwright } from '#test/support/command-line.ts'
import { startNats } from '#test/support/nats.ts'
import { startPostgres } from '#test/support/postgres.ts'

const start = async (args: readonly string[], env: Record<string, string> = {}) => {
  const { code, stderr } = await runMillwright(['start', ...args], { env })
  expect(code).toBe(1)
  return stderr.trimEnd()
}
const places = ['--nats', 'nats://127.0.0.1:1', '--database', 'postgres://127.0.0.1:1/millwright']

test('roles come from the command line or the environment, and what is wrong with them is one plain sentence', async () => {
  expect(await start(['--role', 'ingest'])).toBe(
    'millwright: the role ingest needs NATS: write NATS_URL or --nats, such as nats://127.0.0.1:4222',
  )
  expect(await start([], { MILLWRIGHT_ROLES: 'api, wrtier' })).toBe('millwright: there is no role "wrtier"; there are ingest, writer, api')
  for (const flag of [['--demo'], ['--next-free-port'], ['--rows', '**']])
    expect(await start(['--role', 'api', ...places, ...flag])).toMatch(
      /^millwright: --demo, --next-free-port and --rows are for everything in one process/,
    )
  expect(await start(['--host', '0.0.0.0'])).toMatch(/^millwright: everything in one process answers on its own machine only/)
  expect(await start(['--role', 'api', '--telemetry-log', 'much'])).toContain('write a size with its unit, such as 4GB')
})

test('what cannot be reached or used is said with the mend', async () => {
  expect(await start(['--role', 'writer', ...places])).toMatch(/^millwright: no PostgreSQL at 127\.0\.0\.1:1: .*; start it, or correct/)
  await using postgres = await startPostgres({ fsync: false })
  const database = ['--database', postgres.url('postgres')]
  expect(await start(['--role', 'writer', '--nats', 'nats://127.0.0.1:1', ...database])).toMatch(
    /^millwright: no NATS server answers at 127\.0\.0\.1:1: /,
  )
  await using nats = await startNats()
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const taken = await start(['--role', 'writer', '--nats', nats.url, ...database, '--partitions', '1', '--port', String(port)])
  expect(taken.split('\n').at(-1)).toBe(
    `millwright: port ${port} is taken, and the role writer needs it; choose another with --port or MILLWRIGHT_PORT`,
  )
  expect(await start(['--role', 'ingest', '--nats', nats.url, ...database, '--host', '192.0.2.1'])).toContain(
    '192.0.2.1 is no address of this machine; choose another with --host or MILLWRIGHT_HOST',
  )
})
