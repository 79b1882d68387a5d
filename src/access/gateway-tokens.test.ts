import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { databasePlace } from '#app/folders.ts'
import { makeGatewayToken } from '#app/gateway-token.ts'
import { openDatabase, type Database } from '#database/open.ts'
import { databaseKinds, startDatabases, type Databases } from '#test/support/databases.ts'
import { createGatewayToken, gatewayOfToken } from './gateway-tokens.ts'

describe.each(databaseKinds)('with %s', (kind) => {
  let databases: Databases
  let folder: string
  let url: string | undefined
  let database: Database
  beforeAll(async () => void (databases = await startDatabases(kind)))
  afterAll(() => databases[Symbol.asyncDispose]())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'access-'))
    url = kind === 'PostgreSQL' ? await databases.place() : undefined
    database = await openDatabase(databasePlace(folder, url))
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
    await expect(makeGatewayToken(folder, url, 'edge')).rejects.toThrow(/"edge" is the gateway inside the server/)
    expect(await gatewayOfToken(database, await makeGatewayToken(folder, url, 'hall-1'))).toBe('hall-1')
  })
})
