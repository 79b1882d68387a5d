// Processes of our own that are measured or measure: the parent asks by name, the child answers, nothing else passes between them.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { messageOf } from '#core/errors.ts'
import type { Scratch } from './scratch.ts'

export interface Child {
  readonly pid: number
  /** Throws what the act threw, or when the child ends before it has answered. */
  ask<T>(act: string, ...args: readonly unknown[]): Promise<T>
  end(): Promise<void>
}

type Answer = { readonly result: unknown } | { readonly error: string }

/** Starts a file as a process and resolves when it is ready to be asked. */
export async function startChild(scratch: Scratch, file: string, execArgv: readonly string[] = []): Promise<Child> {
  const child = fork(file, [], { serialization: 'advanced', execArgv: [...execArgv] })
  const exited = once(child, 'exit')
  exited.catch(() => {})
  const end = scratch.atEnd(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const answer = async (): Promise<unknown> => {
    const answered = once(child, 'message') as Promise<[Answer]>
    const first = await Promise.race([answered, exited.then(() => undefined)])
    if (first === undefined) throw new Error(`${file} ended before it answered`)
    if ('error' in first[0]) throw new Error(first[0].error)
    return first[0].result
  }
  await answer()
  return {
    pid: child.pid as number,
    async ask<T>(act: string, ...args: readonly unknown[]) {
      child.send({ act, args })
      return (await answer()) as T
    },
    end,
  }
}

/** The child's side: answers one question after the other, and ends with its parent. */
export function answerParent(acts: Readonly<Record<string, (...args: never[]) => unknown>>): void {
  const reply = (answer: Answer) => process.send?.(answer)
  process.on('message', async ({ act, args }: { act: string; args: never[] }) => {
    try {
      reply({ result: await acts[act]?.(...args) })
    } catch (error) {
      reply({ error: process.env['BENCH_TRACE'] && error instanceof Error ? String(error.stack) : messageOf(error) })
    }
  })
  process.once('disconnect', () => process.exit())
  reply({ result: 'ready' })
}
