import { expect, test, vi } from 'vitest'
import { ManualClock } from '#core/clock.ts'
import { RetryLater } from '#core/errors.ts'
import { rememberTokens } from './known-tokens.ts'

const away = async (): Promise<string | undefined> => {
  throw new RetryLater('the database does not answer')
}

test('a gateway is asked for once in a while, and a token that is made invalid soon is', async () => {
  const clock = new ManualClock()
  const ask = vi.fn(async (token: string): Promise<string | undefined> => (token === 'good' ? 'hall-1' : undefined))
  const remember = rememberTokens(ask, clock)
  for (let time = 0; time < 3; time++) expect(await remember('good')).toBe('hall-1')
  expect(ask).toHaveBeenCalledTimes(1)
  for (let time = 0; time < 2; time++) expect(await remember('bad')).toBeUndefined()
  expect(ask).toHaveBeenCalledTimes(3)
  ask.mockImplementation(async () => undefined)
  await clock.advance(10_000)
  expect(await remember('good')).toBeUndefined()
  ask.mockImplementation(away)
  await expect(remember('good')).rejects.toThrow('the database does not answer')
})

test('while the database is away those are let in who were before, for an hour', async () => {
  const clock = new ManualClock()
  const ask = vi.fn(async (): Promise<string | undefined> => 'hall-1')
  const remember = rememberTokens(ask, clock)
  await remember('good')
  ask.mockImplementation(away)
  await clock.advance(3_000_000)
  expect(await remember('good')).toBe('hall-1')
  await expect(remember('other')).rejects.toThrow('the database does not answer')
  await clock.advance(600_000)
  await expect(remember('good')).rejects.toThrow('the database does not answer')
})
