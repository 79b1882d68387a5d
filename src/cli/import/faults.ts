// What could not be imported: the first faults on the terminal, all of them counted and, when wanted, in a file.
import { closeSync, openSync, writeSync } from 'node:fs'
import { ConfigError, messageOf } from '#core/errors.ts'
import { csvLine, note, printable } from '#cli/output.ts'

export const faultsPrintedMax = 20

export interface FaultLog {
  /** A row, or a cell of it, could not be imported. */
  add(line: number, reason: string): void
  readonly count: number
  close(): void
}

/** Opens the log. Throws `ConfigError` when the file cannot be written. */
export function openFaultLog(file: string | undefined): FaultLog {
  const descriptor = file === undefined ? undefined : openForWriting(file)
  if (descriptor !== undefined) writeSync(descriptor, 'line,reason\n')
  let count = 0
  return {
    add(line, reason) {
      count++
      if (descriptor !== undefined) writeSync(descriptor, `${csvLine([line, reason])}\n`)
      if (count <= faultsPrintedMax) note(`line ${line}: ${printable(reason)}`)
      if (count === faultsPrintedMax + 1)
        note(file === undefined ? 'more faults follow; --errors FILE writes them all' : `more faults follow, in ${file}`)
    },
    get count() {
      return count
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor)
    },
  }
}

function openForWriting(file: string): number {
  try {
    return openSync(file, 'w')
  } catch (error) {
    throw new ConfigError(`cannot write ${file} (--errors): ${messageOf(error)}`)
  }
}
