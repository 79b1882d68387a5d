import { expect, test } from 'vitest'
import { formatSize, parseSize } from './size.ts'

test.each([
  ['500MB', 500_000_000],
  ['1.5 GB', 1_500_000_000],
  ['20GiB', 20 * 2 ** 30],
  [' 7kb ', 7000],
  ['0 B', 0],
  ['2TB', 2e12],
])('%s is %i bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))

test.each(['', '50', 'GB', '50 G', '-1GB', '1e3MB', '50 gigabytes', '5ib', '1,5GB', '99999999TB'])('"%s" is no size', (text) =>
  expect(parseSize(text)).toBeUndefined(),
)

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [85_200, '85.2 kB'],
  [1_234_567, '1.2 MB'],
  [50e9, '50.0 GB'],
  [3.25e12, '3.3 TB'],
])('%i bytes are shown as %s', (bytes, text) => expect(formatSize(bytes)).toBe(text))
