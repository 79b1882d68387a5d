// Asks before something is lost; only where a person sits in front of it.
import { createInterface } from 'node:readline/promises'

/** Whether the answer is yes; undefined where nobody can be asked. */
export async function confirmed(question: string, input = process.stdin, output = process.stderr): Promise<boolean | undefined> {
  if (!input.isTTY || !output.isTTY) return undefined
  const lines = createInterface({ input, output })
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
  } finally {
    lines.close()
  }
}
