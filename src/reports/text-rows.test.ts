import { expect, test } from 'vitest'
import { csv, csvText, textOfCell } from './csv.ts'
import { jsonl } from './jsonl.ts'
import { sameText, type Block } from './table.ts'

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const piece of pieces) parts.push(piece)
  return Buffer.concat(parts).toString()
}
async function* once(block: Block) {
  yield block
}
const csvOf = (block: Block) => textOf(csv(block.columns, once(block)))
const jsonOf = async (block: Block) =>
  (await textOf(jsonl(once(block))))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const block: Block = {
  count: 3,
  columns: [
    sameText('tag', 3, 'm/Füllstand, "oben"'),
    { name: 'time', type: 'time', values: Float64Array.of(0, 1, 1_767_225_600_000_000) },
    { name: 'value', type: 'number', values: Float64Array.of(-0, Number.NaN, 20.5) },
    { name: 'on', type: 'boolean', values: Float64Array.of(1, 0, Number.NaN) },
    { name: 'text', type: 'text', values: Float64Array.of(0, Number.NaN, 1), texts: ['=1+1', 'two\nlines'] },
    { name: 'field', type: 'array', values: [{ shape: [1, 2], data: Float32Array.of(1, -2.5) }, undefined, undefined] },
    { name: 'count', type: 'count', values: Float64Array.of(1, 2, 3) },
    sameText('unit', 3, undefined),
  ],
}

test('CSV has a heading, quotes what needs it, and leaves the cell empty where there is no value', async () => {
  const tag = '"m/Füllstand, ""oben"""'
  expect((await csvOf(block)).split(/\n(?=tag|"m)/)).toEqual([
    'tag,time,value,on,text,field,count,unit',
    `${tag},1970-01-01T00:00:00.000000Z,-0,true,'=1+1,"{""shape"":[1,2],""data"":[1,-2.5]}",1,`,
    `${tag},1970-01-01T00:00:00.000001Z,,false,,,2,`,
    `${tag},2026-01-01T00:00:00.000000Z,20.5,,"two\nlines",,3,\n`,
  ])
})

test('JSON lines have the same names and say null where there is no value', async () => {
  const same = { tag: 'm/Füllstand, "oben"', unit: null }
  expect(await jsonOf(block)).toEqual([
    {
      ...same,
      time: '1970-01-01T00:00:00.000000Z',
      value: -0,
      on: true,
      text: '=1+1',
      field: { shape: [1, 2], data: [1, -2.5] },
      count: 1,
    },
    { ...same, time: '1970-01-01T00:00:00.000001Z', value: null, on: false, text: null, field: null, count: 2 },
    { ...same, time: '2026-01-01T00:00:00.000000Z', value: 20.5, on: null, text: 'two\nlines', field: null, count: 3 },
  ])
})

test.each(['=cmd()', '+1', '-1', '@sum', '\tx', '\rx', '＝1', "'=1", "''-"])(
  'the text %j is no formula in a spreadsheet, and comes back by taking the apostrophe away',
  (text) => {
    const cell = csvText(text).replace(/^"|"$/g, '')
    expect(cell).toBe(`'${text}`)
    expect(textOfCell(cell)).toBe(text)
  },
)

test.each(['', 'auto', "'tis", '1=1', "'", 'läuft'])('the text %j stays as it is', (text) => {
  expect(csvText(text)).toBe(text)
  expect(textOfCell(text)).toBe(text)
})

test('long texts and large arrays come in pieces, and whole', async () => {
  const long = 'x'.repeat(100_000)
  const data = Float32Array.from({ length: 100_000 }, (_, index) => index / 7)
  const large: Block = {
    count: 2,
    columns: [
      { name: 'text', type: 'text', values: Float64Array.of(0, 1), texts: [long, 'short'] },
      { name: 'field', type: 'array', values: [undefined, { shape: [100_000], data }] },
    ],
  }
  expect(await jsonOf(large)).toEqual([
    { text: long, field: null },
    { text: 'short', field: { shape: [100_000], data: [...data] } },
  ])
  const pieces: Uint8Array[] = []
  for await (const piece of csv(large.columns, once(large))) pieces.push(piece)
  expect(pieces.length).toBeGreaterThan(10)
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(200_000)
})
