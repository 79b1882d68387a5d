import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Rejected } from '#core/errors.ts'
import { decodeArraySync } from './array-codec.ts'
import { chunkRowsMax, decodeChunk } from './chunk-codec.ts'

const start = 1_767_225_600_000_000
const everySecond = (index: number) => start + index * 1_000_000
const good = () => 0

interface Written {
  readonly base64: string
  readonly count: number
  readonly valueAt: (index: number) => number
  readonly timeAt?: (index: number) => number
  readonly qualityAt?: (index: number) => number
  readonly texts?: string[]
}

/** What version 1 wrote. */
const chunks: Record<string, Written> = {
  'decimals with gaps and a jitter': {
    base64:
      'gudcPAEBAAC4AgAAAAAAACi1L/1guAH1DwCUHSwBAAAAAQMAgKptt3lCeI9ArgAACwAAABlYQAMeEIEJVOACGdhABz4QghGU4AQpWEELXhCDGdTgBjnYQQ9RF4QhFOEISVhCE54QhSlU4YqO20IXvhCGMZThDGlYo97eEIc51OEOedhDH9EWiEEU4hCJWKTWHhGJSVTiEplkWic+EYpRlBJoqVhFK14RS5rV4ha52KXKfhGMYRR4sGlU4xrZZFg3vhGOcQrsHOlYp77eEY95yuse+dinugsAAAD+EZCBiusgCVmoth4SUWpV5CIZZVZHPmqskZTkpL5aSUtxFZOZyuomOdmpqn4SVFIV5aieWkpTMRWVqUrqKlllVFe+aqixCuosaeVTW95qp7nUFU55ZVNf/mqmwYrpMInlUmMAgD/aTGeRFFoilea0Plqtjl5ro9nUFka5ZVFvURRcEhXnuB5aroaea6HpSui6Dtqugr5roPEK6Lz+Wa9+3muf+crnvu7Zr3prngGL58DeWbB2HmydCUvnws7ZsHI+bFzilBg4KeZNi3ETY9rK5sau2bFqfmxa0hQZNEnmrGaebJkpSwYAAAAFAAAAAExAJ6ATADoBnYBOAOgEdAI6AaAT0AnoBIBOBQAAAAUAAAAGAAAAgAsAAAC+DAArD4UME1wApYCSJ55jkNtLPDzsSoLMZAmSsDQiU5QNcAE=',
    count: 300,
    valueAt: (index) => (index % 100 < 5 ? Number.NaN : ((index * index) % 1000) / 10),
    timeAt: (index) => everySecond(index) + ((index * 7) % 10) * 1000,
    qualityAt: (index) => (index % 100 < 5 ? 0x80 : 0),
  },
  'Float32 decimals': {
    base64: '7bfSwwEAAABAAAAAAAAAABQAAAABAQYAAAAAAAAAaUAAAABAblXaQQAAAAAAAPA/EAAAAAAAAAACAAAAqKqqqqoAAAAAAAAAAQAAAAAoAAA=',
    count: 20,
    valueAt: (index) => Math.fround(20 + index / 10),
  },
  'any Float32': {
    base64:
      'Isr0vAEAAABgAAAAAAAAAAwAAAABBwYAAAAAAAAAAAAAAABAblXaQQAAAAAAAPA/GAAAAAAAAAAZAAAAAAAAAFpiuqH5UfgHg1gcBVoBCWVIEHbyHY6/N0S4aMgXxgDTeAEAAAAAAAABAAAAABgAAA==',
    count: 12,
    valueAt: (index) => Math.fround(Math.sqrt(index)),
  },
  'any float64 at any time': {
    base64:
      '/d5w5wEBAACQAAAAAAAAACi1L/0gkP0CAKLFEyGQK8MYQAXBAWrXSecA/x04ozX/O90vZdTXKtI59KS/TQETHpASI+VZwrCw9WvbTjQR5jKqfESGbiAvWtSIks6ZCrrRoXhIW5xna2DBBwEFAJQiIHgCFgFxM3AE',
    count: 6,
    valueAt: (index) => Math.sqrt(index) - 1,
    timeAt: (index) => [-(2 ** 53) + 1, -5, 0, 7, 2 ** 52, 2 ** 53 - 1][index] as number,
  },
  'wide integers': {
    base64:
      'emlJ/gEBAACgAAAAAAAAACi1L/0goC0EABQHCQAFAPA/QI9AKAAAACAAAABQXBj/T1wYAPAUSf/vFEkAkM15/4/NeQAwhqr/L4aqDAAAAAAwGqORTun0gi9Yt3ULAAAAYJAPAEB1OQIgRZ4agFKtrOCV8f7AP6VQoCpOnAUAAIBQHQAAAQAAAAASAAAHAADh0VcGU44AIzJbDA5fAAs=',
    count: 9,
    valueAt: (index) => index * 900_000_000_000 * (index % 2),
    timeAt: (index) => index ** 9 * 1000 + 1,
  },
  texts: {
    base64:
      'vSQj9gEAAABZAAAAAAAAAAUAAAAAAAYAAAAAAAAAAAAAAABAblXaQQAAAAAAAPA/EQAAAAAAAAADAAAAEEIAAAAAAAADAAAAAAQAAIADAAAABAAAWyJsw6R1ZnQiLCJzdGVodCIsIiJd',
    count: 5,
    valueAt: (index) => [0, 1, Number.NaN, 0, 2][index] as number,
    qualityAt: (index) => (index === 2 ? 0x80 : 0),
    texts: ['läuft', 'steht', ''],
  },
}

test.each(Object.entries(chunks))('a chunk of %s that version 1 wrote is read exactly', (_, written) => {
  const { base64, count, valueAt, timeAt = everySecond, qualityAt = good, texts = [] } = written
  const rows = Array.from({ length: count }, (_, index) => index)
  expect(decodeChunk(Buffer.from(base64, 'base64'))).toEqual({
    count,
    time: Float64Array.from(rows, timeAt),
    value: Float64Array.from(rows, valueAt),
    quality: Uint8Array.from(rows, qualityAt),
    texts,
  })
})

test('arrays that version 1 wrote are read exactly', () => {
  expect(decodeArraySync(Buffer.from('ykXmUQEAAAADAAAABAAAACi1L/0ASL0AAHgAAKChoqOkpaanqKmqq0ECAMD4CsAC', 'base64'))).toEqual({
    shape: [3, 4],
    data: Float32Array.from({ length: 12 }, (_, index) => 20 + index / 8),
  })
  expect(decodeArraySync(Buffer.from('MIajPQEAAAAAAAAABQAAACi1L/0ASI0AAFgAAIAAgAC/vgA+PwEABcAC', 'base64'))).toEqual({
    shape: [5],
    data: Float32Array.from({ length: 5 }, (_, index) => index / 4 - 0.5),
  })
})

test('a forged chunk of version 1 is Rejected or gives no more rows than a chunk has', () => {
  const plain = ['Float32 decimals', 'texts', 'any Float32', 'wide integers'].map((name) =>
    Buffer.from(chunks[name]?.base64 as string, 'base64'),
  )
  fc.assert(
    fc.property(fc.constantFrom(...plain), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }), (chunk, changes) => {
      const forged = Uint8Array.from(chunk)
      for (const [at, byte] of changes) forged[5 + (at % (forged.length - 5))] = byte
      new DataView(forged.buffer).setUint32(0, crc32(forged.subarray(4)), true)
      try {
        expect(decodeChunk(forged).count).toBeLessThanOrEqual(chunkRowsMax)
      } catch (error) {
        expect(error).toBeInstanceOf(Rejected)
      }
    }),
    { numRuns: 1000 },
  )
})
