// Where lines of Influx line protocol enter: read in parts, so that nobody else waits for long, then stored as one.
import { lineFaultsMax, type Accept, type AcceptLines } from '#core/ingest.ts'
import { Turn } from '#core/turn.ts'
import { LineParser, type ParsedPart } from './parser.ts'

export function createLineEntrance(accept: Accept): AcceptLines {
  const parser = new LineParser()
  return async (body, times) => {
    const parts: ParsedPart[] = []
    const turn = new Turn()
    for (let [at, line] = [0, 1]; at < body.length; ) {
      const part = parser.parse(body, at, line, times)
      parts.push(part)
      at = part.end
      line = part.nextLine
      if (turn.isOver) await turn.next()
    }
    const { refusals, ...result } = await accept(
      parts.map(({ batch }) => ({ batch })),
      'line',
      parts.reduce((sum, { refused }) => sum + refused, 0),
    )
    const lineOf = rowLines(parts)
    const faults = [
      ...parts.flatMap((part) => part.faults),
      ...refusals.slice(0, lineFaultsMax).map(({ row, reason }) => ({ line: lineOf(row), reason })),
    ]
    return { ...result, faults: faults.toSorted((a, b) => a.line - b.line).slice(0, lineFaultsMax) }
  }
}

/** The line of a row, for rows in ascending order that are counted through all parts. */
function rowLines(parts: readonly ParsedPart[]): (row: number) => number {
  let [index, before] = [0, 0]
  return (row) => {
    for (; ; index++) {
      const { lineOfRow } = parts[index] as ParsedPart
      if (row - before < lineOfRow.length) return lineOfRow[row - before] as number
      before += lineOfRow.length
    }
  }
}
