import { expect, test } from 'vitest'
import { beyondText, formatBytes, formatNumber, formatValue, qualityLevel, qualityText } from './value-format.ts'

test('a number takes the decimals of its tag, or those its size makes sensible', () => {
  expect(formatNumber(2.34567, 2)).toBe('2.35')
  expect([12_345.6, 123.456, 1.2345, 0.012345, 5].map((value) => formatNumber(value))).toEqual(['12346', '123.5', '1.23', '0.0123', '5'])
  expect(formatNumber(0.00000123)).toBe('1.23e-6')
})

test('a value that rounds to nothing has no minus', () => {
  expect(formatNumber(-0.004, 2)).toBe('0.00')
  expect(formatNumber(-0.4, 1)).toBe('-0.4')
})

test('every kind of value is shown in words', () => {
  expect([null, true, 'idle', { shape: [100, 100] }].map((value) => formatValue(value))).toEqual(['—', 'on', 'idle', '100×100'])
})

test('quality is told in words; an unknown name counts as bad', () => {
  expect(qualityText('badNotConnected')).toBe('not connected')
  expect(['good', 'uncertainClock', 'badStale', 'strange'].map(qualityLevel)).toEqual(['good', 'uncertain', 'bad', 'bad'])
})

test('bytes come in the unit that fits', () => {
  expect([0, 999, 1500, 2_500_000, 1e12].map(formatBytes)).toEqual(['0 B', '999 B', '1.5 kB', '2.5 MB', '1.0 TB'])
})

test('a value beyond a limit says which one', () => {
  const temperature = { name: 'temperature', unit: '°C', decimals: 1 }
  expect(beyondText(temperature, 86.23, 'high', 85)).toBe('temperature 86.2 °C above 85 °C (high)')
  expect(beyondText({ name: 'level', unit: null, decimals: null }, 1, 'lowLow', 1.5)).toBe('level 1 below 1.5 (very low)')
})
