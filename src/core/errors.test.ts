import { expect, test } from 'vitest'
import { ConfigError, messageOf, Overloaded, RetryLater } from './errors.ts'

test('whatever was thrown has a sentence', () => {
  expect(messageOf(new ConfigError('port taken'))).toBe('port taken')
  expect(messageOf(new TypeError())).toBe('TypeError')
  expect(messageOf('plain')).toBe('plain')
  expect(messageOf(new AggregateError([new Error('first'), new Error('second')]))).toBe('first')
  expect(messageOf(new AggregateError([]))).toBe('AggregateError')
})

test('errors are told apart by name, and RetryLater says when', () => {
  expect(new ConfigError('x')).toMatchObject({ name: 'ConfigError' })
  expect(new RetryLater('busy', 250)).toMatchObject({ name: 'RetryLater', afterMs: 250 })
  expect(new Overloaded('too much')).toBeInstanceOf(RetryLater)
})
