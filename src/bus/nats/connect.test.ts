import { createServer } from 'node:net'
import { expect, test, vi } from 'vitest'
import { systemClock } from '#core/clock.ts'
import { ConfigError } from '#core/errors.ts'
import { freePort } from '#test/support/free-port.ts'
import { linkTo } from '#test/support/nats-link.ts'
import { cableTo, startNats } from '#test/support/nats.ts'
import { connectNats } from './connect.ts'

const quiet = { info: () => {}, warn: () => {} }
const tryTo = (url: string) => connectNats({ url, name: 'test', clock: systemClock, log: quiet })

test('A server that is gone and comes back is said once each, and what goes on afterwards works', async () => {
  await using server = await startNats()
  await using link = await linkTo(server.url)
  const got: string[] = []
  link.connection.subscribe('news', { callback: (_, message) => void got.push(message.string()) })
  await link.connection.flush()
  await server.kill()
  await vi.waitFor(() => expect(link.connected()).toBe(false), 20_000)
  await server.start()
  await vi.waitFor(() => expect(link.connected()).toBe(true), 20_000)
  link.connection.publish('news', 'back')
  await vi.waitFor(() => expect(got).toEqual(['back']))
  expect(link.session()).toBe(2)
  expect(link.lines).toEqual([
    `the connection to NATS at 127.0.0.1:${server.port} is lost; trying 127.0.0.1:${server.port} until it is back`,
    `connected to NATS at 127.0.0.1:${server.port} again`,
  ])
})

test('Nobody at the address, or somebody else, is a ConfigError that says where and what to do', async () => {
  const port = await freePort()
  const nobody = `no NATS server answers at 127.0.0.1:${port}: connection refused; start one, or correct NATS_URL`
  await expect(tryTo(`nats://127.0.0.1:${port}`)).rejects.toThrow(new ConfigError(nobody))
  for (const rubbish of ['', 'localhost', 'http://localhost', 'nats://', 'nats://a,ftp://b'])
    await expect(tryTo(rubbish)).rejects.toThrow(/is no address of NATS; write NATS_URL such as/)
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  try {
    await expect(tryTo(`nats://127.0.0.1:${(silent.address() as { port: number }).port}`)).rejects.toThrow(/no NATS server answers at/)
  } finally {
    silent.close()
  }
})

test('User, password and token come from the address, and a wrong one is refused without being told', async () => {
  await using withUser = await startNats({ configuration: ['authorization { user: "plant", password: "sec/ret" }'] })
  await using link = await linkTo(`nats://plant:sec%2Fret@127.0.0.1:${withUser.port}`)
  expect(link.connected()).toBe(true)
  const refused = tryTo(`nats://plant:wrong-one@127.0.0.1:${withUser.port}`)
  await expect(refused).rejects.toThrow(/does not let us in: .*check user and password in NATS_URL/)
  await expect(refused).rejects.not.toThrow(/wrong-one/)
  await using withToken = await startNats({ configuration: ['authorization { token: "to-ken" }'] })
  await using other = await linkTo(`nats://to-ken@127.0.0.1:${withToken.port}`)
  expect(other.connected()).toBe(true)
})

test('Closing sends what is under way, and does not wait for a server that is gone', async () => {
  await using server = await startNats()
  await using cable = await cableTo(server.port)
  await using listener = await linkTo(server.url)
  const got: string[] = []
  listener.connection.subscribe('last', { callback: (_, message) => void got.push(message.string()) })
  await listener.connection.flush()
  const link = await linkTo(cable.url)
  link.connection.publish('last', 'word')
  await link.close()
  await vi.waitFor(() => expect(got).toEqual(['word']))
  const cut = await linkTo(cable.url)
  cable.pull()
  await vi.waitFor(() => expect(cut.connected()).toBe(false))
  await cut.close()
})
