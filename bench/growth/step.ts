// One size: its telemetry is loaded into a new store, which is then opened by another process and asked.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hourUs, secondUs } from '#core/time.ts'
import { startChild } from '#bench/support/child.ts'
import { cpuSeconds, folderBytes, watchMemory } from '#bench/support/process-figures.ts'
import type { Scratch } from '#bench/support/scratch.ts'
import { rowsPerBatch } from '#bench/support/telemetry-file.ts'
import { createTelemetry } from '#bench/support/telemetry.ts'
import type { LoadFigures } from '#bench/store/load.ts'
import type { GrowthAnswers } from './store.process.ts'

export interface Size {
  readonly points: number
  readonly tags: number
}

export interface StepFigures extends Size {
  readonly ingestNsPerPoint: number
  readonly cpuNsPerPoint: number
  readonly ackP99Ms: number
  readonly bytesPerPoint: number
  /** The most there was, and what there is at the end of loading. */
  readonly memoryPeakMb: number
  readonly memoryMb: number
  readonly latestMs: number
  readonly rawMs: number
  readonly bucketsMs: number
  readonly openMs: number
}

const bucketsMax = 1000
const processFile = join(import.meta.dirname, 'store.process.ts')

/** `seconds` are those of the shortest range in the series, so that each step reads as many rows and draws as many buckets. */
export async function measureStep(scratch: Scratch, { points, tags }: Size, seconds: number): Promise<StepFigures> {
  const telemetry = createTelemetry({ tags }).write(join(scratch.folder, 'telemetry'), points)
  const folder = join(scratch.folder, 'store')
  const { from, to } = telemetry
  const questions = {
    range: { from, to },
    raw: { from: to - Math.min(hourUs, seconds * secondUs), to },
    buckets: Math.min(bucketsMax, seconds),
  }

  const loader = await startChild(scratch, processFile)
  const memory = watchMemory(loader.pid)
  const loaded = await loader.ask<LoadFigures & { memoryMb: number }>('load', folder, telemetry)
  const [memoryPeakMb, cpu] = [memory() / 1e6, cpuSeconds(loader.pid)]
  await loader.end()
  const bytes = folderBytes(folder)

  const asker = await startChild(scratch, processFile)
  const { count, ...answers } = await asker.ask<GrowthAnswers>('ask', folder, questions)
  await asker.end()
  await Promise.all([rm(folder, { recursive: true }), rm(telemetry.file)])
  if (count !== telemetry.unique) throw new Error(`${count} samples are there in place of ${telemetry.unique}`)
  return {
    points: telemetry.unique,
    tags,
    ingestNsPerPoint: (loaded.ackMeanMs * 1e6) / rowsPerBatch,
    cpuNsPerPoint: (cpu * 1e9) / telemetry.rows,
    ackP99Ms: loaded.ackP99Ms,
    bytesPerPoint: bytes / telemetry.unique,
    memoryPeakMb,
    memoryMb: loaded.memoryMb,
    ...answers,
  }
}
