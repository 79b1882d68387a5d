import { existsSync } from 'node:fs'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { startPostgres } from './postgres.ts'

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat()
  } finally {
    await client.end()
  }
}

test('a private PostgreSQL keeps what was committed through a kill and a restart, and leaves nothing behind', async () => {
  const server = await startPostgres()
  try {
    const [first, second] = [await server.createDatabase(), await server.createDatabase()]
    expect(await ask(first, 'show fsync')).toEqual(['on'])
    await ask(first, 'create table kept as select 1 as n')
    await server.kill()
    await expect(ask(first, 'select 1')).rejects.toThrow('ECONNREFUSED')
    await server.start()
    expect(await ask(first, 'select n from kept')).toEqual([1])
    await server.restart()
    expect(await ask(first, 'select n from kept')).toEqual([1])
    await expect(ask(second, 'select n from kept')).rejects.toThrow('does not exist')
    await expect(ask(first.replace(/:[0-9a-f]{24}@/, ':wrong@'), 'select 1')).rejects.toThrow('password authentication failed')
  } finally {
    await server[Symbol.asyncDispose]()
  }
  expect(existsSync(server.folder)).toBe(false)
})

test('without fsync it is quick, for tests that need nothing durable', async () => {
  await using server = await startPostgres({ fsync: false, settings: { work_mem: '8MB' } })
  expect(await ask(server.url('postgres'), "select current_setting('fsync') || current_setting('work_mem')")).toEqual(['off8MB'])
})
