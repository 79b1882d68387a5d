import { expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '#core/clock.ts'
import { emptyLedger } from '#core/ledger.ts'
import type { GatewayDescription, GatewayReport } from '#core/uplink.ts'
import { linkTo, type TestLink } from '#test/support/nats-link.ts'
import { startNats } from '#test/support/nats.ts'
import { followGateways, type GatewayNews } from './gateway-news.ts'

const patience = { timeout: 30_000, interval: 20 }
const report = (bytes: number): GatewayReport => ({
  version: '1',
  connections: [],
  outbox: { bytes, bytesMax: 100, oldest: null },
  ledger: emptyLedger(),
})
const description = (name: string): GatewayDescription => ({
  version: '1',
  machines: [{ path: 'site/kiln', profile: 'kiln' }],
  profiles: [],
  connections: [{ name, driver: 'd', machines: ['site/kiln'] }],
})

async function follow(link: TestLink): Promise<GatewayNews & { heard: string[] }> {
  const heard: string[] = []
  const described = ({ connections }: GatewayDescription) => void heard.push(...connections.map(({ name }) => name))
  const news = await followGateways({ link, clock: systemClock, log: link.log, described })
  onTestFinished(() => news.close())
  return { ...news, heard }
}

const seenBy = ({ board }: GatewayNews) => [...board.gateways()].map(({ name, report: { outbox } }) => `${name} ${outbox.bytes}`)

test('Every process sees the newest report of each gateway, and hears what it describes, also from before it came', async () => {
  await using server = await startNats()
  await using link = await linkTo(server.url)
  const one = await follow(link)
  one.board.report('far', report(1))
  expect(seenBy(one)).toEqual(['far 1'])
  await one.describe('far', description('line'))
  const other = await follow(link)
  await vi.waitFor(() => expect([seenBy(other), other.heard]).toEqual([['far 1'], ['line']]), patience)
  other.board.report('far', report(2))
  other.board.report('near', report(3))
  await other.describe('far', description('press'))
  await vi.waitFor(
    () =>
      expect([seenBy(one), one.heard]).toEqual([
        ['far 2', 'near 3'],
        ['line', 'press'],
      ]),
    patience,
  )
  const [far] = [...one.board.gateways()]
  expect(Math.abs(systemClock.now() - (far?.lastSeen ?? 0))).toBeLessThan(60_000_000)
})

test('What cannot be read is said and left out, and a server that restarts is heard again', async () => {
  await using server = await startNats()
  await using link = await linkTo(server.url)
  const one = await follow(link)
  const other = await follow(link)
  link.connection.publish('$KV.millwright-gateway-reports.odd', 'rubbish')
  await vi.waitFor(() => expect(link.lines.join()).toContain('what gateway odd says cannot be read'), patience)
  await server.kill()
  await vi.waitFor(() => expect(link.connected()).toBe(false), patience)
  one.board.report('far', report(1))
  expect(seenBy(one)).toEqual(['far 1'])
  await server.start()
  await vi.waitFor(() => {
    one.board.report('far', report(2))
    expect(seenBy(other)).toEqual(['far 2'])
  }, patience)
})

test('A description that NATS does not let through is refused in plain words', async () => {
  await using server = await startNats({ configuration: ['max_payload: 2048'] })
  await using link = await linkTo(server.url)
  const news = await follow(link)
  const machines = Array.from({ length: 3000 }, () => ({ path: `site/${Math.random().toString(36)}`, profile: 'kiln' }))
  await expect(news.describe('far', { ...description('line'), machines })).rejects.toThrow(
    /the description of gateway far cannot be kept in NATS/,
  )
})
