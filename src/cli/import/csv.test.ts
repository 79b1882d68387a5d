import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { detectSeparator, quotedLinesMax, RecordReader, separators, splitRecord, type CsvRow } from './csv.ts'
import { LineSplitter } from './read-lines.ts'

function read(text: string, separator: (typeof separators)[number] = ','): CsvRow[] {
  const reader = new RecordReader(separator)
  const splitter = new LineSplitter()
  return [...[...splitter.push(text), ...splitter.end()].flatMap((line) => reader.push(line)), ...reader.end()]
}

const quoted = (fields: readonly string[], separator: string) => fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(separator)

test('whatever is written quoted is read back', () => {
  const field = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', ' ', '\t', '\n', '5', 'é') })
  fc.assert(
    fc.property(
      fc.array(fc.array(field, { minLength: 1, maxLength: 5 }), { maxLength: 8 }),
      fc.constantFrom(...separators),
      (rows, separator) => {
        const text = rows.map((fields) => quoted(fields, separator)).join('\r\n')
        const back = read(text.replaceAll('\r\n', '\n'), separator)
        expect(back.map((row) => ('fields' in row ? row.fields : row.fault))).toEqual(rows)
      },
    ),
  )
})

test('how a file is cut into chunks makes no difference', () => {
  const text = 'a,b\r\n1,"x\ny"\n\n2,"q""q"\r\n3,4'
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), text.length]
      const splitter = new LineSplitter()
      const lines = at.slice(1).flatMap((end, index) => splitter.push(text.slice(at[index], end)))
      expect([...lines, ...splitter.end()]).toEqual(['a,b', '1,"x', 'y"', '', '2,"q""q"', '3,4'])
    }),
  )
})

test('rows carry the number of their first line, empty lines left out', () => {
  expect(read('a,b\n\n1,"two\nlines"\n3,4\n')).toEqual([
    { line: 1, fields: ['a', 'b'] },
    { line: 3, fields: ['1', 'two\nlines'] },
    { line: 5, fields: ['3', '4'] },
  ])
})

test('blanks of any length separate once, and those at the ends not at all', () => {
  expect(read(' 1  2\t3 \n"4 5" 6', ' ')).toEqual([
    { line: 1, fields: ['1', '2', '3'] },
    { line: 2, fields: ['4 5', '6'] },
  ])
})

test('a blank between separator and quote belongs to neither', () => {
  expect(splitRecord('1, "a,b" ,2', ',')).toEqual(['1', 'a,b', '2'])
})

test('text after a closing quote makes the row bad, not the next', () => {
  expect(read('"a"b,1\nc,2')).toEqual([
    { line: 1, fault: 'text follows a closing quote (")' },
    { line: 2, fields: ['c', '2'] },
  ])
})

test('a quote that is never closed costs its own line only', () => {
  const lines = Array.from({ length: quotedLinesMax + 20 }, (_, index) => `${index},x`)
  const rows = read(['a,"b', ...lines].join('\n'))
  expect(rows).toHaveLength(lines.length + 1)
  expect(rows[0]).toEqual({ line: 1, fault: 'a quote (") is opened and never closed' })
  expect(rows.at(-1)).toEqual({ line: lines.length + 1, fields: [String(lines.length - 1), 'x'] })
  expect(read('1,2\n3,"4\n5,6')).toEqual([
    { line: 1, fields: ['1', '2'] },
    { line: 2, fault: 'a quote (") is opened and never closed' },
    { line: 3, fields: ['5', '6'] },
  ])
})

test('a line longer than a mebibyte is a bad row and takes no memory', () => {
  const splitter = new LineSplitter()
  const reader = new RecordReader(',')
  const lines = [...splitter.push('a,b\n')]
  for (let part = 0; part < 5; part++) lines.push(...splitter.push('x'.repeat(300_000)))
  lines.push(...splitter.push('\n1,2\n'))
  expect(lines.flatMap((line) => reader.push(line))).toEqual([
    { line: 1, fields: ['a', 'b'] },
    { line: 2, fault: 'the line is too long to be a row' },
    { line: 3, fields: ['1', '2'] },
  ])
})

test.for([
  [['time,a,b', '2020-03-09 10:14:33,1,2'], ','],
  [['time;a;b', '2020-03-09 10:14:33;1,5;2,5'], ';'],
  [['time\ta', '1\t2'], '\t'],
  [['1 2 3', '4  5  6 '], ' '],
  [['value', '1'], ','],
  [['"a;b",c', '1,2'], ','],
] as const)('the separator of %j is found', ([lines, separator]) => {
  expect(detectSeparator(lines)).toBe(separator)
})
