// The simulators in a process of their own: started, watched, restarted, asked for faults.
import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { z } from 'zod'
import type { Log } from '#core/driver.ts'
import type { RunSimulatorsOptions } from './run-simulators.ts'
import { ConfigError, messageOf, Rejected, RetryLater } from '#core/errors.ts'
import {
  faultListSchema,
  faultSchema,
  simulatedMachineListSchema,
  type Fault,
  type FaultRequest,
  type SimulatedMachine,
} from '#core/fault.ts'

/** What the simulators' process says: ready, or why it cannot run. */
export type SimulatorsNews = { ready: true; controlPort: number } | { failed: string }

export interface Simulators {
  readonly running: boolean
  inject(request: FaultRequest): Promise<Fault>
  faults(): Promise<Fault[]>
  machines(): Promise<SimulatedMachine[]>
  stop(): Promise<void>
}

/** The simulators allocate much and keep little: a small young generation costs some CPU and saves a hundred megabytes. */
const leanHeap = ['--max-semi-space-size=1', '--max-old-space-size=256']
/** For glibc: freed memory goes back to the system, where else it would stay as holes between what is used. */
const leanMalloc = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536', MALLOC_MMAP_THRESHOLD_: '65536' }
const restartAfterMs = 2000
const stopTimeoutMs = 5000
const requestTimeoutMs = 5000

/** Starts the simulators and resolves when they serve. Throws `ConfigError` when they cannot. */
export async function startSimulators(order: RunSimulatorsOptions, log: Log): Promise<Simulators> {
  let stopping = false
  let child: ChildProcess | undefined
  let controlPort = 0
  let restart: NodeJS.Timeout | undefined

  const launch = async () => {
    const started = fork(join(import.meta.dirname, 'simulators.process.ts'), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: leanHeap,
      env: { ...process.env, ...leanMalloc },
    })
    child = started
    const ended = (how: string) => {
      if (child !== started) return
      child = undefined
      if (stopping) return
      log.warn(`the simulators ended (${how}); starting them again`)
      restart = setTimeout(() => launch().catch((error: unknown) => log.warn(messageOf(error))), restartAfterMs)
    }
    started.once('exit', (code, signal) => ended(signal ?? `code ${code}`))
    await new Promise<void>((resolve, reject) => {
      // The process could not be made, or was gone before it had its order.
      started.on('error', (error) => {
        ended(messageOf(error))
        started.kill('SIGKILL')
        reject(error)
      })
      started.once('message', (news: SimulatorsNews) => {
        if ('failed' in news) return reject(new ConfigError(news.failed))
        controlPort = news.controlPort
        return resolve()
      })
      started.once('exit', () => reject(new ConfigError('the simulators ended before they were ready; the lines above say why')))
      started.send(order)
    })
  }

  const stop = async () => {
    stopping = true
    clearTimeout(restart)
    const running = child
    if (!running) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGTERM')
    const timer = setTimeout(() => running.kill('SIGKILL'), stopTimeoutMs)
    await ended
    clearTimeout(timer)
  }

  try {
    await launch()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    get running() {
      return child !== undefined
    },
    inject: (request) => ask(controlPort, 'faults', faultSchema, request),
    machines: () => ask(controlPort, 'machines', simulatedMachineListSchema),
    faults: () => ask(controlPort, 'faults', faultListSchema),
    stop,
  }
}

/** Asks the simulators' control port. Throws `RetryLater` while they do not answer, `Rejected` with their reason. */
async function ask<Schema extends z.ZodType>(port: number, path: string, schema: Schema, body?: FaultRequest): Promise<z.output<Schema>> {
  const request: RequestInit = body ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}
  const url = `http://127.0.0.1:${port}/${path}`
  const [isGood, answer] = await fetch(url, { ...request, signal: AbortSignal.timeout(requestTimeoutMs) })
    .then(async (response): Promise<[boolean, unknown]> => [response.ok, await response.json()])
    .catch((error: unknown) => {
      throw new RetryLater(`the simulators do not answer: ${messageOf(error)}`)
    })
  if (isGood) return schema.parse(answer)
  const { message } = answer as { message?: unknown }
  throw new Rejected(typeof message === 'string' ? message : 'the simulators refused this and did not say why')
}
