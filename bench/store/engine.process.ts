// The process of one engine: ours is in it as a library in its user's process, of the others the client.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Telemetry } from '#bench/support/telemetry-file.ts'
import { answerParent } from '#bench/support/child.ts'
import { untilAnswers } from '#bench/support/until-answers.ts'
import type { Engine, Place } from './engine.ts'
import { createInfluxdb } from './engines/influxdb.ts'
import { createOurs } from './engines/ours.ts'
import { createPostgres } from './engines/postgres.ts'
import { createVictoriaMetrics } from './engines/victoria-metrics.ts'
import { askUnderLoad, load, type Flow } from './load.ts'
import { ask, type Questions } from './questions.ts'

const engines = {
  ours: createOurs,
  vm: createVictoriaMetrics,
  influx: createInfluxdb,
  postgres: (place: Place) => createPostgres(place, 'upsert'),
  'postgres-copy': (place: Place) => createPostgres(place, 'copy'),
}
export type EngineName = keyof typeof engines

let engine: Engine
const stalls = monitorEventLoopDelay({ resolution: 1 })

answerParent({
  open(name: EngineName, place: Place) {
    engine = engines[name](place)
    return untilAnswers(() => engine.open())
  },
  load(telemetry: Telemetry) {
    stalls.enable()
    return load(engine, telemetry)
  },
  settle: () => engine.settle(),
  stallMaxMs() {
    stalls.disable()
    return stalls.max / 1e6
  },
  bytesOnDisk: () => engine.bytesOnDisk?.(),
  async firstAnswer({ tagsAsked, range, buckets }: Questions) {
    await engine.buckets(tagsAsked[0] as number, range, buckets)
  },
  ask: (questions: Questions, csvFile: string) => ask(engine, questions, csvFile),
  askUnderLoad: (questions: Questions, flow: Flow) => askUnderLoad(engine, questions, flow),
  close: () => engine.close(),
})
