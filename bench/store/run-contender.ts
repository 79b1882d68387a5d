// One contender through everything: load, settle, end, open again, questions, questions under load.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startChild, type Child } from '#bench/support/child.ts'
import { cpuSeconds, folderBytes, watchMemory } from '#bench/support/process-figures.ts'
import type { Scratch } from '#bench/support/scratch.ts'
import type { Telemetry } from '#bench/support/telemetry-file.ts'
import type { Contender, Host } from './contenders.ts'
import type { LoadedFigures, LoadFigures } from './load.ts'
import type { Answers, AnswerTimes, Questions } from './questions.ts'
import { faultsOf, type RightAnswers } from './right-answers.ts'

const steadyPointsPerSecond = 100_000
const underLoadSeconds = 10
const processFile = join(import.meta.dirname, 'engine.process.ts')

export interface Figures extends LoadFigures, AnswerTimes {
  /** Client and server, until everything has settled. */
  readonly cpuSecondsPerMillion: number
  readonly bytesPerPoint: number
  /** From starting the program, or for ours from opening, to the first answer. */
  readonly openMs: number
  /** Server, or for ours the whole process. */
  readonly memoryMb: number
  readonly stallMaxMs: number
  readonly steady: LoadedFigures
  readonly fullSpeed: LoadedFigures
}

export interface Work {
  readonly main: Telemetry
  /** What flows in during questions. */
  readonly tail: Telemetry
  readonly questions: Questions
  readonly right: RightAnswers
}

/** Throws when an answer is not the right one. */
export async function runContender(scratch: Scratch, contender: Contender, { main, tail, questions, right }: Work): Promise<Figures> {
  const folder = join(scratch.folder, contender.name)
  await mkdir(folder)
  const loaded = await inProcess(scratch, contender, folder, main.tags, async ({ child, cpu }) => {
    const before = cpu()
    const figures = await child.ask<LoadFigures>('load', main)
    const stallMaxMs = await child.ask<number>('stallMaxMs')
    await child.ask('settle')
    const cpuSecondsPerMillion = (cpu() - before) / (main.rows / 1e6)
    return { ...figures, stallMaxMs, cpuSecondsPerMillion, bytes: await child.ask<number | undefined>('bytesOnDisk') }
  })
  const bytesPerPoint = (loaded.figures.bytes ?? folderBytes(folder)) / main.unique
  const asked = await inProcess(scratch, contender, folder, main.tags, async ({ child, since }) => {
    await child.ask('firstAnswer', questions)
    const openMs = since()
    const csvFile = join(scratch.folder, `${contender.name}.csv`)
    const { answers, times } = await child.ask<{ answers: Answers; times: AnswerTimes }>('ask', questions, csvFile)
    const faults = await faultsOf(answers, csvFile, right)
    if (faults.length > 0) throw new Error(`${contender.title} answers wrongly: ${faults.slice(0, 5).join('; ')}`)
    await rm(csvFile)
    const steadyBatches = (steadyPointsPerSecond * underLoadSeconds) / 10_000
    const flow = { telemetry: tail, seconds: underLoadSeconds }
    const steady = await child.ask<LoadedFigures>('askUnderLoad', questions, {
      ...flow,
      firstBatch: 0,
      pointsPerSecond: steadyPointsPerSecond,
    })
    const fullSpeed = await child.ask<LoadedFigures>('askUnderLoad', questions, { ...flow, firstBatch: steadyBatches })
    return { openMs, ...times, steady, fullSpeed }
  })
  const { bytes: _, ...figures } = loaded.figures
  return { ...figures, ...asked.figures, bytesPerPoint, memoryMb: Math.max(loaded.memoryMb, asked.memoryMb) }
}

interface Running {
  readonly child: Child
  /** CPU seconds so far of child and server. */
  readonly cpu: () => number
  /** Milliseconds since the server began to start. */
  readonly since: () => number
}

/** Runs `act` with a new process, a server started for it, and everything ended afterwards. */
async function inProcess<T>(
  scratch: Scratch,
  { name, host }: Contender,
  folder: string,
  tags: number,
  act: (running: Running) => Promise<T>,
): Promise<{ figures: T; memoryMb: number }> {
  const child = await startChild(scratch, processFile)
  const started = performance.now()
  const server: Host = await host(scratch, folder)
  await child.ask('open', name, { folder, port: server.port, url: server.url, tags })
  const memory = watchMemory(server.pid ?? child.pid)
  const cpu = () => cpuSeconds(child.pid) + (server.pid === undefined ? 0 : cpuSeconds(server.pid))
  const figures = await act({ child, cpu, since: () => performance.now() - started })
  const memoryMb = memory() / 1e6
  await child.ask('close')
  await child.end()
  await server.stop()
  return { figures, memoryMb }
}
