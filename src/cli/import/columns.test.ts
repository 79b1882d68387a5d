import { expect, test } from 'vitest'
import { isMissing, readBoolean, readNumber } from './cells.ts'
import { decideColumns, type ColumnChoices } from './columns.ts'
import type { Separator } from './csv.ts'
import { timeReader } from './times.ts'

const readTime = timeReader('UTC', 'auto')

function decide(header: string[], rows: string[][], choices: Partial<ColumnChoices> = {}, separator: Separator = ',') {
  return decideColumns(header, rows, separator, (text) => readTime(text) !== undefined, {
    stepped: false,
    tags: new Map(),
    skip: [],
    ...choices,
  })
}

test('the time is found by its name, or else by its cells', () => {
  expect(decide(['a', 'timestamp'], [['1', '2020-03-09']]).time).toBe(1)
  expect(decide(['a', 'when'], [['1', '2020-03-09']]).time).toBe(1)
  expect(decide(['time to failure', 'Zeit'], [['17', '2020-03-09']]).time).toBe(1)
  expect(() => decide(['a', 'b'], [['1', '2']])).toThrow(/no column among a, b holds times; name it with --time/)
})

test('a column is what most of its cells are', () => {
  const rows = [
    ['x', 'true', 'auto', ''],
    ['1.5', 'false', 'manual', 'nan'],
    ['-2e3', 'TRUE', '7', '-'],
  ]
  const { values } = decide(['n', 'b', 't', 'empty'], rows, { stepped: true })
  expect(values.map(({ kind }) => kind)).toEqual(['number', 'boolean', 'text', 'number'])
})

test('names become path segments, and two that become the same are refused', () => {
  const { values } = decide(['Torque [Nm]', 'm³/h', ' *flag', ''], [['1', '2', '3', '4']], { stepped: true })
  expect(values.map(({ tag }) => tag)).toEqual(['Torque (Nm)', 'm³ per h', 'flag', 'column 4'])
  expect(() => decide(['a[1]', 'a(1)'], [['1', '2']], { stepped: true })).toThrow(
    /"a\[1\]" and "a\(1\)" would both become the tag "a\(1\)"/,
  )
  expect(() => decide(['***'], [['1']], { stepped: true })).toThrow(/the column "\*\*\*" needs another tag name, --tag/)
})

test('columns can be renamed, skipped and grouped by, and unknown ones are refused with those that there are', () => {
  const rows = [['2020-03-09', 'u1', '1', '2']]
  const { values, group } = decide(['t', 'unit', 'a', 'b'], rows, { tags: new Map([['a', 'speed']]), skip: ['b'], groupBy: 'unit' })
  expect(values).toEqual([{ index: 2, column: 'a', tag: 'speed', kind: 'number' }])
  expect(group).toBe(1)
  expect(() => decide(['t', 'a'], rows, { skip: ['c'] })).toThrow('--skip-columns names the column "c", but the file has: t, a')
  expect(() => decide(['t', 'a'], rows, { time: 'c' })).toThrow('--time names')
  expect(() => decide(['t', 'a'], rows, { tags: new Map([['c', 'd']]) })).toThrow('--tag names')
  expect(() => decide(['t', 'a'], rows, { skip: ['a'] })).toThrow(/no column is left/)
})

test('a decimal comma is believed only where commas separate nothing', () => {
  const rows = [
    ['1,5', '7'],
    ['2,25', '8'],
  ]
  expect(decide(['a', 'b'], rows, { stepped: true }, ';').decimal).toBe(',')
  expect(decide(['a', 'b'], [['1.5', '7']], { stepped: true }, ';').decimal).toBe('.')
  expect(decide(['a', 'b'], rows, { stepped: true }, ',').decimal).toBe('.')
  expect(decide(['a', 'b'], rows, { stepped: true, decimal: '.' }, ';').decimal).toBe('.')
})

test('cells are numbers only when nothing has to be guessed', () => {
  expect(['1', '-1.5', '.5', '1.', '1e-3', ' 7 '].map((cell) => readNumber(cell, '.'))).toEqual([1, -1.5, 0.5, 1, 0.001, 7])
  expect(['1,234', '1e999', '0x10', '1 000', 'inf', '', '--1'].map((cell) => readNumber(cell, '.'))).toEqual(Array(7).fill(undefined))
  expect(['1,5', '1.234,5', '1.5', '1,2,3'].map((cell) => readNumber(cell, ','))).toEqual([1.5, undefined, undefined, undefined])
  expect(['', ' ', 'NaN', 'N/A', 'null', '?'].every(isMissing)).toBe(true)
  expect(['true', 'False', '1'].map(readBoolean)).toEqual([true, false, undefined])
})
