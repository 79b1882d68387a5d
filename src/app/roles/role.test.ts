import { expect, test } from 'vitest'
import { checkPlaces, checkRoles } from './role.ts'

test('roles come in any order and as often as one likes', () => {
  expect(checkRoles(['api', 'ingest', 'api'])).toEqual(['ingest', 'api'])
})

test('what is no role is refused with those that there are', () => {
  expect(() => checkRoles(['ingest', 'Writer'])).toThrow('there is no role "Writer"; there are ingest, writer, api')
  expect(() => checkRoles(['gateway'])).toThrow('a gateway is a command of its own: millwright gateway --server URL')
})

test('a role says what it needs and where to write it', () => {
  const places = { natsUrl: 'nats://127.0.0.1:4222', databaseUrl: 'postgres://127.0.0.1/millwright' }
  expect(checkPlaces('api', places)).toEqual(places)
  expect(() => checkPlaces('api', { ...places, natsUrl: '' })).toThrow(/the role api needs NATS: write NATS_URL or --nats/)
  expect(() => checkPlaces('writer', { ...places, databaseUrl: undefined })).toThrow(/the role writer needs PostgreSQL: write DATABASE_URL/)
})
