import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { ManualClock } from '#core/clock.ts'
import { emptyLedger } from '#core/ledger.ts'
import type { ConnectionStatus, GatewayReport } from '#core/uplink.ts'
import { createGatewayBoard } from '#plant/gateway-board.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'
import { healthChecks } from './health-checks.ts'

const outbox = { bytes: 0, bytesMax: 100, oldest: null }
const report = (change: Partial<GatewayReport> = {}): GatewayReport => ({
  version: '1',
  connections: [],
  outbox,
  ledger: emptyLedger(),
  ...change,
})
const clock = new ManualClock()
const board = createGatewayBoard(clock)
const parts = { store: createMemoryStore(), board, clock, folder: tmpdir() }
const checks = (folder = tmpdir()) => healthChecks({ ...parts, folder })

test('a gateway is well while it reports, its connections are up and its outbox has room', async () => {
  const waiting = { name: 'line', state: 'waiting', detail: 'nobody answers' } as ConnectionStatus
  board.report('good', report())
  board.report(
    'down',
    report({
      connections: [
        waiting,
        { ...waiting, name: 'fine', state: 'connected' },
        { ...waiting, name: 'first', state: 'connecting', reconnects: 0 },
        { ...waiting, name: 'again', state: 'connecting', reconnects: 1 },
      ],
    }),
  )
  board.report('full', report({ outbox: { ...outbox, bytes: 95 } }))
  expect((await checks()).slice(2)).toEqual([
    { name: 'gateway good', ok: true, detail: 'all connections up' },
    { name: 'gateway down', ok: false, detail: 'line: nobody answers; again: nobody answers' },
    { name: 'gateway full', ok: false, detail: 'its outbox is 95 % full; then the oldest values are dropped' },
  ])
})

test('a gateway that was well when it fell silent is not well', async () => {
  board.report('gone', report())
  await clock.advance(11_000)
  expect((await checks()).find(({ name }) => name === 'gateway gone')).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/^no report since 2026-/),
  })
})

test('a data folder that cannot be looked at is a finding, not a failure of the answer', async () => {
  expect((await checks('/nowhere/at/all'))[1]).toMatchObject({ name: 'disk', ok: false, detail: expect.stringContaining('ENOENT') })
})

test('rows for SQL are well while PostgreSQL takes them, and say how far behind the store they are', async () => {
  const check = async (trouble: string | undefined, rows: number, tags: number) =>
    (await healthChecks({ ...parts, rows: { trouble: () => trouble, behind: () => ({ rows, tags }) } }))[2]
  expect(await check(undefined, 0, 0)).toEqual({ name: 'rows for SQL', ok: true, detail: 'up with the store' })
  expect(await check('no answer', 7, 2)).toEqual({
    name: 'rows for SQL',
    ok: false,
    detail: 'no answer; 7 rows wait, 2 tags are read from the store',
  })
})

test('a store is well while it seals, can be read and has room; else each trouble is said', async () => {
  const plain = { samples: 5, tags: 2, bytesOnDisk: 1_200_000, replaced: 0, expired: 0 }
  const check = async (more: object) => (await healthChecks({ ...parts, store: { statistics: () => ({ ...plain, ...more }) } }))[0]
  const detail = '5 samples of 2 tags in 1.2 MB'
  expect(await check({ damaged: 0, sealFailure: undefined, quotaNotice: undefined })).toEqual({ name: 'store', ok: true, detail })
  expect(await check({ damaged: 3 })).toMatchObject({ ok: false, detail: expect.stringMatching(/3 chunks.*"millwright check"/) })
  expect(await check({ sealFailure: 'no luck' })).toMatchObject({ ok: false, detail: expect.stringMatching(/cannot be sealed: no luck/) })
  expect(await check({ quotaNotice: 'nearly full' })).toEqual({ name: 'store', ok: false, detail: `${detail}; nearly full` })
})
