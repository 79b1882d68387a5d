import { expect, onTestFinished, test, vi } from 'vitest'
import { Kvm } from '@nats-io/kv'
import { systemClock } from '#core/clock.ts'
import { linkTo, type TestLink } from '#test/support/nats-link.ts'
import { cableTo, startNats } from '#test/support/nats.ts'
import { joinPresence, type Presence } from './presence.ts'

const patience = { timeout: 30_000, interval: 20 }
const heartbeatMs = 200

async function join(link: TestLink, role: string, id: string, numbers?: () => Record<string, number>): Promise<Presence> {
  const member = { role, id, host: 'box', pid: 7, version: '1.2.3', addresses: ['http://127.0.0.1:1'] }
  const presence = await joinPresence({ link, clock: systemClock, log: link.log, member, heartbeatMs, ...(numbers && { numbers }) })
  onTestFinished(() => presence.leave())
  return presence
}

const idsOf = (presence: Presence, role?: string) => presence.members(role).map(({ id }) => id)

test('Everybody sees everybody, by role, with what each tells about itself', async () => {
  await using server = await startNats()
  await using link = await linkTo(server.url)
  let rows = 1
  const writer = await join(link, 'writer', 'w1', () => ({ rowsInMemory: rows }))
  const api = await join(link, 'api', 'a1')
  expect(idsOf(api)).toEqual(['a1', 'w1'])
  expect(idsOf(writer, 'writer')).toEqual(['w1'])
  await vi.waitFor(() => expect(idsOf(writer)).toEqual(['a1', 'w1']), patience)
  rows = 2
  await vi.waitFor(
    () =>
      expect(api.members('writer')).toEqual([
        {
          role: 'writer',
          id: 'w1',
          host: 'box',
          pid: 7,
          version: '1.2.3',
          since: expect.any(Number),
          addresses: ['http://127.0.0.1:1'],
          numbers: { rowsInMemory: 2 },
        },
      ]),
    patience,
  )
})

test('Who leaves is gone at once, who falls silent after some heartbeats, and who speaks again is back', async () => {
  await using server = await startNats()
  await using cable = await cableTo(server.port)
  await using link = await linkTo(server.url)
  await using shaky = await linkTo(cable.url)
  const stays = await join(link, 'writer', 'stays')
  const goes = await join(link, 'writer', 'goes')
  await join(shaky, 'writer', 'shaky')
  await vi.waitFor(() => expect(idsOf(stays)).toEqual(['goes', 'shaky', 'stays']), patience)
  await goes.leave()
  await vi.waitFor(() => expect(idsOf(stays)).toEqual(['shaky', 'stays']), patience)
  expect(idsOf(goes)).not.toContain('goes')
  cable.pull()
  await vi.waitFor(() => expect(idsOf(stays)).toEqual(['stays']), patience)
  cable.plug()
  await vi.waitFor(() => expect(idsOf(stays)).toEqual(['shaky', 'stays']), patience)
})

test('After a restart of NATS everybody sees everybody again', async () => {
  await using server = await startNats()
  await using one = await linkTo(server.url)
  await using two = await linkTo(server.url)
  const [first, second] = [await join(one, 'writer', 'first'), await join(two, 'api', 'second')]
  await server.kill()
  await vi.waitFor(() => expect([idsOf(first), idsOf(second)]).toEqual([['first'], ['second']]), patience)
  await server.start()
  await vi.waitFor(
    () =>
      expect([idsOf(first), idsOf(second)]).toEqual([
        ['second', 'first'],
        ['second', 'first'],
      ]),
    patience,
  )
})

test('What is no member harms nobody', async () => {
  await using server = await startNats()
  await using link = await linkTo(server.url)
  const presence = await join(link, 'writer', 'w1')
  const bucket = await new Kvm(link.connection).open('millwright-members')
  await bucket.put('writer.rubbish', 'rubbish')
  await bucket.put('writer.newer', JSON.stringify({ role: 'writer', id: 'newer', mood: 'good' }))
  await join(link, 'writer', 'w2')
  await vi.waitFor(() => expect(idsOf(presence)).toEqual(['w1', 'w2']), patience)
})
