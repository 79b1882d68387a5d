import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeGatewayToken } from '#app/gateway-token.ts'
import { openDatabase, type Database } from '#database/open.ts'
import { createGatewayToken, gatewayOfToken } from './gateway-tokens.ts'

let folder: string
let database: Database
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'access-'))
  database = await openDatabase(join(folder, 'millwright.db'))
})
afterEach(async () => {
  await database.destroy()
  await rm(folder, { recursive: true })
})

test('a token names its gateway until another one is made for it; only its hash is kept', async () => {
  const first = await createGatewayToken(database, 'hall-1')
  expect(await gatewayOfToken(database, first)).toBe('hall-1')
  const second = await createGatewayToken(database, 'hall-1')
  expect(await gatewayOfToken(database, first)).toBeUndefined()
  expect(await gatewayOfToken(database, second)).toBe('hall-1')
  expect(JSON.stringify(await database.selectFrom('gatewayToken').selectAll().execute())).not.toContain(second.split('.')[2])
})

test('a token of one gateway does not open another, and rubbish opens nothing', async () => {
  const token = await createGatewayToken(database, 'hall-1')
  await createGatewayToken(database, 'hall-2')
  for (const wrong of ['', 'mwg', token.replace('hall-1', 'hall-2'), `${token}x`, token.slice(0, -1), `mwg.__proto__.${'a'.repeat(43)}`])
    expect(await gatewayOfToken(database, wrong)).toBeUndefined()
})

test.each(['', 'Hall', 'hall 1', '-hall', 'x'.repeat(64), 'a.b'])('"%s" is refused as the name of a gateway', async (name) => {
  await expect(createGatewayToken(database, name)).rejects.toMatchObject({ name: 'ConfigError' })
})

test("the server's own gateway gets no token, because a second one of its name would take its place", async () => {
  await expect(makeGatewayToken(folder, 'edge')).rejects.toThrow(/"edge" is the gateway inside the server/)
  expect(await gatewayOfToken(database, await makeGatewayToken(folder, 'hall-1'))).toBe('hall-1')
})
