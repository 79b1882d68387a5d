import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readBatches, type Telemetry } from '#bench/support/telemetry-file.ts'
import { createTelemetry } from '#bench/support/telemetry.ts'
import { createOurs } from './engines/ours.ts'
import { ask, questionsFor, type Answers } from './questions.ts'
import { faultsOf, rightAnswers } from './right-answers.ts'

const tags = 30
let folder: string
let csvFile: string
let telemetry: Telemetry
let answers: Answers

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-answers-'))
  csvFile = join(folder, 'rows.csv')
  telemetry = createTelemetry({ tags }).write(join(folder, 'telemetry'), 60_000)
  const engine = createOurs({ folder: join(folder, 'store'), port: 0, url: '', tags })
  await engine.open()
  for (const batch of readBatches(telemetry)) await engine.append(batch)
  answers = (await ask(engine, questionsFor(telemetry), csvFile)).answers
  await engine.close()
})
afterAll(() => rm(folder, { recursive: true }))

const faults = (given: Answers) => faultsOf(given, csvFile, rightAnswers(telemetry, questionsFor(telemetry)))

test('the embedded store answers what the telemetry file says', async () => {
  expect(await faults(answers)).toEqual([])
})

test('every answer that differs is named', async () => {
  const changed = (column: Float64Array) => column.map((value, index) => (index === 1 ? value + 0.001 : value))
  const [raw, buckets] = [answers.raw[2], answers.buckets[3]]
  if (!raw || !buckets) throw new Error('too few questions')
  expect(
    await faults({
      totals: { count: answers.totals.count - 1, sum: answers.totals.sum },
      latest: changed(answers.latest),
      raw: answers.raw.with(2, { ...raw, time: raw.time.slice(1) }),
      buckets: answers.buckets.with(3, { ...buckets, max: changed(buckets.max) }),
      hourlyMeans: changed(answers.hourlyMeans),
    }),
  ).toEqual([
    `there are ${telemetry.unique - 1} samples in place of ${telemetry.unique}`,
    expect.stringMatching(/^latest: value 1 is/),
    expect.stringMatching(/^raw rows of question 2, time: 1999 values in place of 2000/),
    expect.stringMatching(/^buckets of question 3, max: value 1 is/),
    expect.stringMatching(/^hourly means: value 1 is/),
  ])
})
