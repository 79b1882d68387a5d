// What a chart of a whole year costs: one tag at 1 Hz, every sample kept, drawn as 1,000 buckets.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startChild } from '#bench/support/child.ts'
import type { Scratch } from '#bench/support/scratch.ts'
import { createTelemetry } from '#bench/support/telemetry.ts'

export interface YearFigures {
  readonly points: number
  readonly firstMs: number
  readonly medianMs: number
}

const start = Date.UTC(2025, 0, 1) * 1000
const processFile = join(import.meta.dirname, 'year.process.ts')

export async function drawYear(scratch: Scratch, points: number): Promise<YearFigures> {
  const telemetry = createTelemetry({ tags: 1, start }).write(join(scratch.folder, 'year.telemetry'), points)
  const folder = join(scratch.folder, 'year')
  const loader = await startChild(scratch, processFile)
  await loader.ask('load', folder, telemetry)
  await loader.end()
  const drawer = await startChild(scratch, processFile)
  const { count, ...times } = await drawer.ask<YearFigures & { count: number }>('draw', folder, telemetry)
  await drawer.end()
  await Promise.all([rm(telemetry.file), rm(folder, { recursive: true })])
  if (count !== telemetry.unique) throw new Error(`the year's buckets hold ${count} samples in place of ${telemetry.unique}`)
  return { ...times, points: telemetry.unique }
}
