import { expect, test } from 'vitest'
import { secondUs } from '#core/time.ts'
import type { Columns } from './columns.ts'
import { rowReader } from './rows.ts'
import { timeReader } from './times.ts'

const columns: Columns = {
  names: ['t', 'unit', 'a', 'b', 'c'],
  time: 0,
  group: 1,
  values: [
    { index: 2, column: 'a', tag: 'A', kind: 'number' },
    { index: 3, column: 'b', tag: 'B', kind: 'text' },
    { index: 4, column: 'c', tag: 'C', kind: 'boolean' },
  ],
  decimal: '.',
}
const readTime = timeReader('UTC', 'auto')
const reader = (machine = 'site/line/unit-{unit}') => rowReader(columns, { machine, readTime })

test('a row becomes one sample per filled cell of its machine', () => {
  expect(reader()(['2020-03-09 10:14:33', '7', '1.5', 'auto', 'true'])).toEqual({
    samples: [
      { tag: 'site/line/unit-7/A', time: '2020-03-09T10:14:33.000000Z', value: 1.5 },
      { tag: 'site/line/unit-7/B', time: '2020-03-09T10:14:33.000000Z', value: 'auto' },
      { tag: 'site/line/unit-7/C', time: '2020-03-09T10:14:33.000000Z', value: true },
    ],
    faults: [],
    timeRepeated: false,
  })
})

test('a bad cell costs itself alone, and an empty one is a gap', () => {
  const { samples, faults } = reader()(['2020-03-09', '7', 'abc', '', 'true'])
  expect(samples.map(({ tag }) => tag)).toEqual(['site/line/unit-7/C'])
  expect(faults).toEqual(['a: "abc" is no number'])
})

test('a row without a time, with too many or too few fields, or of no machine is lost whole, with the reason', () => {
  const read = reader()
  expect(read(['never', '7', '1', '', ''])).toMatchObject({ samples: [], faults: [expect.stringMatching(/^t: "never" is no time/)] })
  expect(read(['2020-03-09', '7', '1'])).toMatchObject({ faults: ['the row has 3 fields, the file 5 columns'] })
  expect(read(['2020-03-09', '7/8', '1', '', ''])).toMatchObject({ faults: ['it names no machine: "7/8" in unit is no name'] })
  expect(read(['2020-03-09', '', '1', '', ''])).toMatchObject({ samples: [], faults: ['it names no machine: "" in unit is no name'] })
  expect(read(['2020-03-09', '7', '1', '', '', '']).samples).toHaveLength(1)
})

test('rows with the time of the row before are told apart per machine', () => {
  const read = reader()
  const repeated = (unit: string) => read(['2020-03-09', unit, '1', '', '']).timeRepeated
  expect([repeated('1'), repeated('2'), repeated('1'), repeated('2')]).toEqual([false, false, true, true])
})

test('rows without times are counted per machine from the start, cycles from the cell', () => {
  const steps = { start: 0, step: 60 * secondUs, numberColumn: false }
  const { time: _, ...timeless } = columns
  const read = rowReader({ ...timeless, time: undefined }, { machine: 'x-{unit}', readTime, steps })
  const timeOf = (fields: string[]) => read(fields).samples[0]?.time
  expect(timeOf(['', '1', '5', '', ''])).toBe('1970-01-01T00:00:00.000000Z')
  expect(timeOf(['', '1', '5', '', ''])).toBe('1970-01-01T00:01:00.000000Z')
  expect(timeOf(['', '2', '5', '', ''])).toBe('1970-01-01T00:00:00.000000Z')

  const cycles = rowReader(columns, { machine: 'x-{unit}', readTime, steps: { ...steps, numberColumn: true } })
  expect(cycles(['31', '1', '5', '', '']).samples[0]?.time).toBe('1970-01-01T00:31:00.000000Z')
  expect(cycles(['x', '1', '5', '', '']).faults).toEqual(['t: "x" is no number'])
  expect(cycles(['-5', '1', '5', '', '']).faults).toEqual(['t: "-5" is a time before 1970 or after 2255'])
})

test('the machine and the grouping must fit each other', () => {
  expect(() => reader('site/pump')).toThrow('write {unit} in --machine')
  expect(() => reader('site/{unit}/{plant}')).toThrow('--machine has {plant} in it')
  expect(() => rowReader({ ...columns, group: undefined }, { machine: 'site/{unit}', readTime })).toThrow('only the column of --group-by')
  expect(() => rowReader({ ...columns, group: undefined }, { machine: 'site//pump', readTime })).toThrow(/--machine: "" in "site\/\/pump"/)
})
