// What a benchmark leaves behind: nothing. Its files lie in one temporary folder, and what it starts ends with it, by whatever way it ends.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '#core/errors.ts'

export interface Scratch {
  readonly folder: string
  /** Runs at the end, failure and Ctrl-C included; what came last first. Calling the result runs it now instead. */
  atEnd(act: () => Promise<unknown>): () => Promise<void>
}

export interface ScratchOptions {
  /** Leaves the folder where it is and says where. */
  readonly keep?: boolean | undefined
}

/** Runs a benchmark. A failure is one plain sentence and exit code 1. */
export async function withScratch(name: string, act: (scratch: Scratch) => Promise<void>, { keep }: ScratchOptions = {}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), `bench-${name}-`))
  const endings: (() => Promise<void>)[] = []
  let isEnding = false
  const scratch: Scratch = {
    folder,
    atEnd(end) {
      const once = async () => {
        const index = endings.indexOf(once)
        if (index < 0) return
        endings.splice(index, 1)
        await end()
      }
      endings.push(once)
      // What starts while everything ends has come too late.
      if (isEnding) void once()
      return once
    },
  }
  const clean = async () => {
    isEnding = true
    for (const end of endings.toReversed()) await end().catch((error: unknown) => console.error(messageOf(error)))
    if (keep) console.log(`kept: ${folder}`)
    else await rm(folder, { recursive: true, force: true })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      console.error(`\n${signal}: cleaning up`)
      void clean().then(() => process.exit(130))
    })
  try {
    await act(scratch)
  } catch (error) {
    console.error(process.env['BENCH_TRACE'] ? error : messageOf(error))
    process.exitCode = 1
  }
  await clean()
  // A timer or connection that a failure left behind does not keep the process.
  process.exit()
}
