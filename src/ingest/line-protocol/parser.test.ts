// The parser beside a slow one that is obviously right: regular expressions for the pieces of a line, whole numbers without bounds.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { valueAt } from '#core/batch.ts'
import { LineParser } from './parser.ts'
import { TagCache } from './tag-cache.ts'
import { readSeries, tagPathOf } from './tag-names.ts'

const arrival = 1_800_000_000_000_000

interface Row {
  readonly line: number
  readonly path: string
  readonly kind: string
  readonly time: number
  readonly value: unknown
}

function parseAll(body: string | Uint8Array, unitUs = 0.001, parser = new LineParser()) {
  const bytes = Buffer.from(body)
  const rows: Row[] = []
  const faults: { line: number; reason: string }[] = []
  for (let [at, line] = [0, 1]; at < bytes.length; ) {
    const { batch, lineOfRow, faults: own, end, nextLine } = parser.parse(bytes, at, line, { unitUs, arrival })
    faults.push(...own)
    for (let row = 0; row < batch.count; row++) {
      const tag = batch.tag[row] as number
      rows.push({
        line: lineOfRow[row] as number,
        path: batch.tags[tag] as string,
        kind: batch.kinds[tag] as string,
        time: batch.time[row] as number,
        value: valueAt(batch, row),
      })
    }
    at = end
    line = nextLine
  }
  return { rows, faults }
}

const pieces = {
  empty: /[ \t\r]*(?:#[^\n]*)?(?=\n|$)/y,
  series: /[ \t\r]*([^, \t\r\n](?:[^ \n]|(?<=\\) )*)(?<!\\) [ \t\r]*/y,
  key: /((?:[^=, \n\r]|(?<=\\)[=, \r])+)(?<!\\)=/y,
  text: /"((?:\\["\\]|(?!\\["\\])[^"])*)"(?=[, \r\n]|$)/y,
  integer: /(-?\d+)i(?=[, \r\n]|$)|(\d+)u(?=[, \r\n]|$)/y,
  float: /-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?=[, \r\n]|$)/y,
  boolean: /(t|T|true|True|TRUE)(?=[, \r\n]|$)|(?:f|F|false|False|FALSE)(?=[, \r\n]|$)/y,
  more: /,/y,
  time: /[ \t\r]*(-?\d{1,19})?[ \t\r]*(?=\n|$)/y,
}

/** Nanoseconds only. */
function reference(body: string): { rows: Row[]; faultyLines: number[] } {
  const rows: Row[] = []
  const faultyLines: number[] = []
  let [at, line] = [0, 1]
  const take = (piece: keyof typeof pieces) => {
    pieces[piece].lastIndex = at
    const match = pieces[piece].exec(body)
    if (match) at += match[0].length
    return match
  }
  const value = (): { kind: string; value: unknown } | undefined => {
    const text = take('text')
    if (text) return { kind: 'text', value: text[1]?.replaceAll(/\\(["\\])/g, '$1') }
    const integer = take('integer')
    const whole = BigInt(integer?.[1] ?? integer?.[2] ?? 0)
    if (integer) return whole <= 2n ** 53n && whole >= -(2n ** 53n) ? { kind: 'number', value: Number(whole) } : undefined
    const float = take('float')
    if (float) return { kind: 'number', value: Number(float[0]) }
    const boolean = take('boolean')
    return boolean ? { kind: 'boolean', value: boolean[1] !== undefined } : undefined
  }
  const readLine = (): Row[] | undefined => {
    if (take('empty')) return []
    const first = line
    const series = readSeries(take('series')?.[1] ?? ',')
    if (typeof series === 'string') return undefined
    const fields: Omit<Row, 'time'>[] = []
    do {
      const key = take('key')?.[1]
      const from = at
      const read = key === undefined ? undefined : value()
      if (key === undefined || read === undefined) return undefined
      fields.push({ line: first, path: tagPathOf(series, key), ...read })
      line += body.slice(from, at).split('\n').length - 1
    } while (take('more'))
    const time = take('time')
    if (!time) return undefined
    const ns = time[1] === undefined ? BigInt(arrival) * 1000n : BigInt(time[1])
    return fields.map((field) => ({ ...field, time: time[1]?.startsWith('-') ? -1 : Number(ns / 1000n) }))
  }
  while (at < body.length) {
    const first = line
    const read = readLine()
    if (read) rows.push(...read)
    else faultyLines.push(first)
    const next = body.indexOf('\n', at)
    at = next < 0 ? body.length : next + 1
    line++
  }
  return { rows, faultyLines }
}

/** Remembers everything it has read before. */
const lasting = new LineParser()

function expectAsReference(body: string): void {
  for (let time = 0; time < 2; time++) {
    const { rows, faults } = parseAll(body, 0.001, lasting)
    expect({ rows, faultyLines: faults.map(({ line }) => line) }).toEqual(reference(body))
  }
}

const name = fc.string({
  unit: fc.constantFrom('a', 'B', '1', '_', '-', '.', '\\ ', '\\,', '\\=', 'é', '池', '"', '#'),
  minLength: 1,
  maxLength: 8,
})
const float = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value.toFixed(3)),
  fc.constantFrom('0', '-0', '.5', '-.5', '1.', '1e5', '-1E-300', '00012.50', '0.1', '123456789012345678901234567890', '1e400'),
)
const text = fc
  .string({ unit: fc.constantFrom('a', '"', '\\', ',', ' ', '=', '\n', 'é', '\ufffd'), maxLength: 10 })
  .map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`)
const field = fc.oneof(
  float,
  text,
  fc.maxSafeInteger().map((value) => `${value}i`),
  fc.maxSafeNat().map((value) => `${value}u`),
  fc.constantFrom('t', 'T', 'true', 'True', 'TRUE', 'f', 'F', 'false', 'False', 'FALSE'),
)
const time = fc.oneof(
  fc.constant(''),
  fc.integer({ min: 0, max: 2e9 }).map((seconds) => ` ${seconds}123456789`),
  fc.nat().map((ns) => ` ${ns}`),
)
const line = fc
  .tuple(
    name.filter((text) => !text.startsWith('#')),
    fc.uniqueArray(fc.tuple(name, name), { selector: ([key]) => key, maxLength: 3 }),
    fc.array(fc.tuple(name, field), { minLength: 1, maxLength: 4 }),
    time,
    fc.constantFrom('\n', '\r\n', '\n\n# nothing\n', ' \n'),
  )
  .map(([measurement, tags, fields, time, end]) => {
    const joined = (pairs: [string, string][]) => pairs.map((pair) => pair.join('='))
    return `${[measurement, ...joined(tags)].join(',')} ${joined(fields).join(',')}${time}${end}`
  })

test('good lines are read as by the slow parser, and none is refused', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      expectAsReference(lines.join(''))
      expect(parseAll(lines.join('')).faults).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('rubbish costs exactly the lines that the slow parser refuses, too', () => {
  const scraps = [
    [
      'm',
      'v',
      ',',
      ' ',
      '=',
      '\\',
      '"',
      '\n',
      '\n',
      '\r',
      '\t',
      '#',
      't',
      'true',
      '1',
      '-',
      '.',
      'e',
      'i',
      'u',
      '\0',
      'é',
      'v="x',
      'm v=1',
    ],
    ['v=1', ' v=1 ', 'a=b', '\nm ', '1767225600000000000', '9007199254740992i', '9007199254740993i', '18446744073709551615u'],
  ].flat()
  const soup = fc.string({ unit: fc.constantFrom(...scraps), maxLength: 40 })
  fc.assert(fc.property(soup, expectAsReference), { numRuns: 5000 })
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 3 }),
      fc.nat(),
      fc.constantFrom('', ' ', '"', '\\', '=', '\n'),
      (lines, at, put) => {
        const body = lines.join('')
        expectAsReference(`${body.slice(0, at % body.length)}${put}${body.slice((at % body.length) + 1)}`)
      },
    ),
    { numRuns: 500 },
  )
})

test('any bytes at all are read without an exception, and the good line behind them is kept', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const hasQuote = bytes.includes(0x22)
      const { rows } = parseAll(Buffer.concat([bytes, Buffer.from('\ngood v=1 1000\n')]))
      if (!hasQuote) expect(rows.at(-1)).toMatchObject({ path: 'influx/good/v', time: 1 })
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['there are no fields; write measurement,tag=value field=value time', 'm'],
  ['the measurement is missing; write', ',a=b v=1'],
  ['the field "v" has no value; write field=value', 'm v'],
  ['the value of field "v" is none; write a number, 1i, true or false, or "text" in quotation marks', 'm v='],
  ['a field has no name', 'm v=1,'],
  ['a field has no name; write field=value, with commas and no spaces between fields', 'm v=1, w=2'],
  ['the value of field "v" is none', 'm v=1.2.3'],
  ['the value of field "v" is none', 'm v=NaN'],
  ['the value of field "v" is none', 'm v=-1u'],
  ['the value of field "v" is none', 'm v=yes'],
  ['the integer of field "v" would lose digits: counters are exact up to 9007199254740992; send it as a float', 'm v=9007199254740993i'],
  ['would lose digits', 'm v=-9007199254740993i'],
  ['would lose digits', 'm v=18446744073709551615u'],
  ['the text of field "v" has no end; close it with a quotation mark', 'm v="open'],
  ['the time is no whole number; write it behind the fields', 'm v=1 yesterday'],
  ['the time is no whole number', 'm v=1 1.5'],
  ['the time is no whole number', 'm v=1 12345678901234567890'],
  ['the time is no whole number', 'm v=1 1 1'],
  ['the tag "host" is not written as key=value', 'm,host v=1'],
  ['the text of field "v" ends too early; write \\" for a quotation mark within', 'm v="a "quoted" word"'],
  ['the name is not UTF-8', Buffer.concat([Buffer.from('m,a='), Buffer.from([0xff]), Buffer.from(' v=1')])],
  ['the text of field "v" is not UTF-8', Buffer.concat([Buffer.from('m v="'), Buffer.from([0xff]), Buffer.from('"')])],
  ['has 11 segments', `m,path=${'a/'.repeat(9)}b v=1`],
  ['there are more than 10000 fields', `m ${Array.from({ length: 10_001 }, (_, index) => `f${index}=1`).join(',')}`],
])('a line is refused by itself: %s', (reason, bad) => {
  const body = Buffer.concat([Buffer.from('a v=1 1000\n'), Buffer.from(bad), Buffer.from('\nb v=2 1000')])
  const { rows, faults } = parseAll(body)
  expect(faults).toEqual([{ line: 2, reason: expect.stringContaining(reason) }])
  expect(rows.map(({ line, value }) => [line, value])).toEqual([
    [1, 1],
    [3, 2],
  ])
})

test('a text that is not closed takes no other line with it, and a closed one is never read as lines', () => {
  expect(parseAll('m v="x\nm v="y" 1000\nm v="z"').rows.map(({ value }) => value)).toEqual(['y', 'z'])
  const { rows, faults } = parseAll('m v="first\nm v=666\nlast",w=oops\nm v="a\nb" 1000\nm w=1')
  expect(rows.map(({ line, value }) => [line, value])).toEqual([
    [4, 'a\nb'],
    [6, 1],
  ])
  expect(faults).toMatchObject([{ line: 1 }])
})

test('times are read in their unit, to the microsecond', () => {
  const timeOf = (text: string, unitUs: number) => parseAll(`m v=1 ${text}`, unitUs).rows[0]?.time
  expect(timeOf('1767225600123456789', 0.001)).toBe(1767225600123456)
  expect(timeOf('999', 0.001)).toBe(0)
  expect(timeOf('1767225600123456', 1)).toBe(1767225600123456)
  expect(timeOf('1767225600123', 1000)).toBe(1767225600123000)
  expect(timeOf('1767225600', 1e6)).toBe(1767225600000000)
  expect(timeOf('490896', 3600e6)).toBe(1767225600000000)
  expect(timeOf('', 1)).toBe(arrival)
})

test('a tag is one entry of the dictionary however its series is written, and one for each kind', () => {
  const parser = new LineParser()
  const body = Buffer.from('m,a=1,b=2 v=1\nm,b=2,a=1 v=2\nm,a=1,b=2 v=true\nm,a=1,b=2 v=3')
  const { batch } = parser.parse(body, 0, 1, { unitUs: 1, arrival })
  expect(batch.tags).toEqual(['influx/m/a:1:b:2/v', 'influx/m/a:1:b:2/v'])
  expect(batch.kinds).toEqual(['number', 'boolean'])
  expect([...batch.tag]).toEqual([0, 0, 1, 0])
})

test('batches with the same tags have the very same lists, whatever the order of their lines', () => {
  const parser = new LineParser()
  const listsOf = (body: string) => {
    const { batch } = parser.parse(Buffer.from(body), 0, 1, { unitUs: 1, arrival })
    return { batch, rows: Array.from(batch.tag, (tag, row) => `${batch.tags[tag]} ${batch.value[row]}`) }
  }
  const one = listsOf('m,a=1 v=1,w=2\nm,a=2 v=3')
  const two = listsOf('m,a=2 v=4\nm,a=1 w=5,v=6')
  const three = listsOf('m,a=2 v=7')
  expect(two.batch.tags).toBe(one.batch.tags)
  expect(two.batch.kinds).toBe(one.batch.kinds)
  expect(one.rows).toEqual(['influx/m/a:1/v 1', 'influx/m/a:1/w 2', 'influx/m/a:2/v 3'])
  expect(two.rows).toEqual(['influx/m/a:2/v 4', 'influx/m/a:1/w 5', 'influx/m/a:1/v 6'])
  expect(three.batch.tags).toEqual(['influx/m/a:2/v'])
})

test('more series than are remembered are read all the same, again and again', () => {
  const parser = new LineParser(new TagCache(1000))
  const body = Array.from({ length: 20_000 }, (_, index) => `m,s=${index % 7000} v=${index},w="${index}"`).join('\n')
  for (let time = 0; time < 2; time++) {
    const { rows } = parseAll(body, 1, parser)
    expect(rows).toHaveLength(40_000)
    for (const [row, { path, value, line }] of rows.entries()) {
      const index = row >> 1
      if (path !== `influx/m/s:${index % 7000}/${row % 2 === 0 ? 'v' : 'w'}` || Number(value) !== index || line !== index + 1)
        expect.unreachable(`row ${row} is ${path} ${String(value)} of line ${line}`)
    }
  }
})
