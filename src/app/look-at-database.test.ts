import { tmpdir } from 'node:os'
import { expect, test, vi } from 'vitest'
import { ManualClock } from '#core/clock.ts'
import { openDatabase } from '#database/open.ts'
import { createGatewayBoard } from '#plant/gateway-board.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'
import { runMillwright } from '#test/support/command-line.ts'
import { startPostgres } from '#test/support/postgres.ts'
import { healthChecks } from './health-checks.ts'
import { lookAtDatabase } from './look-at-database.ts'

const clock = new ManualClock()
const parts = { store: createMemoryStore(), board: createGatewayBoard(clock), clock, folder: tmpdir() }

test('doctor and health say whether the database answers; doctor also what it is and what to mend', async () => {
  await using server = await startPostgres({ fsync: false })
  const url = await server.createDatabase()
  const at = new RegExp(`^PostgreSQL \\d.* answers at postgres://postgres@127.0.0.1:${server.port}/test_\\w+, with no tables yet`)
  expect(await lookAtDatabase(url)).toEqual({ level: 'ok', text: expect.stringMatching(at) })
  await (await openDatabase(url)).destroy()
  expect(await lookAtDatabase(url)).toEqual({ level: 'ok', text: expect.stringMatching(/, with schema \d{4}-\w+$/) })
  expect(await lookAtDatabase('mysql://plant')).toEqual({ level: 'fail', text: expect.stringContaining('names no PostgreSQL database') })

  const doctor = (DATABASE_URL: string) => runMillwright(['doctor', '--port', '1'], { env: { DATABASE_URL } })
  const database = await openDatabase(url)
  const health = async () => (await healthChecks({ ...parts, database })).find(({ name }) => name === 'database')
  expect(await health()).toEqual({ name: 'database', ok: true, detail: 'PostgreSQL answers' })
  expect((await doctor(url)).stdout).toMatch(/^ok {4}PostgreSQL \d/m)
  await server.stop()
  await vi.waitFor(async () => expect(await health()).toMatchObject({ ok: false, detail: expect.stringContaining('ECONNREFUSED') }))
  await database.destroy()
  const { stdout, code } = await doctor(url)
  expect(stdout).toMatch(
    /^fail {2}no PostgreSQL at 127\.0\.0\.1:\d+: connect ECONNREFUSED.*\. Mend: start it, or correct host and port in DATABASE_URL$/m,
  )
  expect(code).toBe(1)
})
