import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { secondUs } from '#core/time.ts'
import { readBatches } from './telemetry-file.ts'
import { createTelemetry } from './telemetry.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-telemetry-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('the same shape gives the same bytes, and another seed others', async () => {
  const bytes = async (seed?: number) => {
    const shape = seed === undefined ? { tags: 1000 } : { tags: 1000, seed }
    const { file } = createTelemetry(shape).write(join(folder, 'rows'), 200_000)
    return crc32(await readFile(file))
  }
  expect(await bytes()).toBe(await bytes())
  expect(await bytes(7)).not.toBe(await bytes())
})

test('what the rows hold without repetitions is what the truth says', () => {
  const telemetry = createTelemetry({ tags: 1000 }).write(join(folder, 'rows'), 300_000)
  const found = new Map<string, number>()
  const newest = new Float64Array(1000)
  for (const { count, tag, time, value } of readBatches(telemetry))
    for (let row = 0; row < count; row++) {
      found.set(`${tag[row]} ${time[row]}`, value[row] as number)
      if ((time[row] as number) === telemetry.newestTime[tag[row] as number]) newest[tag[row] as number] = value[row] as number
    }
  expect(found.size).toBe(telemetry.unique)
  expect(telemetry.rows).toBeGreaterThan(telemetry.unique)
  expect(found.values().reduce((sum, value) => sum + BigInt(Math.round(value * 1000)), 0n)).toBe(telemetry.sumThousandths)
  expect(newest).toEqual(telemetry.newestValue)
})

test('a second file goes on where the first ended', () => {
  const source = createTelemetry({ tags: 10 })
  const first = source.write(join(folder, 'first'), 1000)
  const second = source.write(join(folder, 'second'), 1000)
  expect(second.from).toBe(first.to)
  expect(second.to - second.from).toBe(100 * secondUs)
})

test('of many tags, a batch names only those it holds', () => {
  const telemetry = createTelemetry({ tags: 20_000 }).write(join(folder, 'rows'), 40_000)
  const paths = new Set<string>()
  for (const { tags, tag } of readBatches(telemetry)) {
    expect(tags.length).toBeLessThanOrEqual(10_000)
    expect(Math.max(...tag)).toBe(tags.length - 1)
    for (const path of tags) paths.add(path)
  }
  expect(paths.size).toBe(20_000)
})
