// Loading as fast as an engine acknowledges, one batch under way; and asking while data flows in.
import { performance } from 'node:perf_hooks'
import { readBatches, rowsPerBatch, type Telemetry } from '#bench/support/telemetry-file.ts'
import { median, percentile } from '#bench/support/statistics.ts'
import { pause } from '#bench/support/until-answers.ts'
import type { Engine } from './engine.ts'
import type { Questions } from './questions.ts'

/** Points per second are counted in windows of so many batches: a million points, or a tenth of everything when that is less. */
const windowBatchesMax = 100
/** A person at a chart does not ask without a break. */
const betweenQuestionsMs = 20

export interface LoadFigures {
  /** The median window. */
  readonly pointsPerSecond: number
  readonly pointsPerSecondOverall: number
  readonly ackMeanMs: number
  readonly ackP50Ms: number
  readonly ackP99Ms: number
}

export async function load(engine: Engine, telemetry: Telemetry): Promise<LoadFigures> {
  const windowBatches = Math.max(1, Math.min(windowBatchesMax, Math.floor(telemetry.batches / 10)))
  const windows: number[] = []
  const acknowledgements: number[] = []
  const started = performance.now()
  let windowStarted = started
  for (const batch of readBatches(telemetry)) {
    const sent = performance.now()
    await engine.append(batch)
    const now = performance.now()
    acknowledgements.push(now - sent)
    if (acknowledgements.length % windowBatches !== 0) continue
    windows.push((windowBatches * rowsPerBatch * 1000) / (now - windowStarted))
    windowStarted = now
  }
  return {
    pointsPerSecond: median(windows),
    pointsPerSecondOverall: (telemetry.rows * 1000) / (performance.now() - started),
    ackMeanMs: acknowledgements.reduce((sum, each) => sum + each, 0) / acknowledgements.length,
    ackP50Ms: median(acknowledgements),
    ackP99Ms: percentile(acknowledgements, 0.99),
  }
}

export interface LoadedFigures {
  readonly pointsPerSecond: number
  readonly bucketsP50Ms: number
  readonly bucketsP99Ms: number
}

export interface Flow {
  readonly telemetry: Telemetry
  readonly firstBatch: number
  readonly seconds: number
  /** As fast as it goes when absent. */
  readonly pointsPerSecond?: number
}

/** Asks for the buckets of one tag after the other while batches flow in, until the time is over or there are no more. */
export async function askUnderLoad(engine: Engine, { range, buckets, tagsAsked }: Questions, flow: Flow): Promise<LoadedFigures> {
  const started = performance.now()
  const elapsed = () => (performance.now() - started) / 1000
  let batches = 0
  const flowing = { ended: false }
  const times: number[] = []
  await Promise.all([feed(), question()])
  return {
    pointsPerSecond: (batches * rowsPerBatch) / elapsed(),
    bucketsP50Ms: median(times),
    bucketsP99Ms: percentile(times, 0.99),
  }

  async function feed(): Promise<void> {
    try {
      for (const batch of readBatches(flow.telemetry, flow.firstBatch)) {
        if (elapsed() > flow.seconds) return
        const early = flow.pointsPerSecond === undefined ? 0 : (batches * rowsPerBatch) / flow.pointsPerSecond - elapsed()
        if (early > 0) await pause(early * 1000)
        await engine.append(batch)
        batches++
      }
    } finally {
      flowing.ended = true
    }
  }

  async function question(): Promise<void> {
    for (let index = 0; !flowing.ended; index++) {
      const asked = performance.now()
      await engine.buckets(tagsAsked[index % tagsAsked.length] as number, range, buckets)
      times.push(performance.now() - asked)
      await pause(betweenQuestionsMs)
    }
  }
}
