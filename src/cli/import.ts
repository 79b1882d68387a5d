// `millwright import`: a CSV file as samples of a machine. Streams: the file may be larger than the memory.
import { InvalidArgumentError, Option, type Command } from 'commander'
import { healthSchema } from '#api/health/schema.ts'
import { systemClock } from '#core/clock.ts'
import { ConfigError } from '#core/errors.ts'
import type { Separator } from './import/csv.ts'
import { openFaultLog } from './import/faults.ts'
import { progressLine } from './import/progress.ts'
import { openLines } from './import/read-lines.ts'
import { readingOf, type TableOptions } from './import/reading.ts'
import { openTable } from './import/table.ts'
import { epochUnits } from './import/times.ts'
import { Uploader } from './import/upload.ts'
import { note, plural, print } from './output.ts'
import { progressOn } from './progress.ts'
import { callServer, serverOption } from './server.ts'
import { durationArgument, timeArgument } from './time-argument.ts'

const separatorNames: Record<string, Separator | undefined> = { auto: undefined, ',': ',', ';': ';', tab: '\t', space: ' ' }

interface ImportOptions extends TableOptions {
  server: string
  separator: string
  encoding: string
  errors?: string
}

export function registerImport(program: Command): void {
  program
    .command('import')
    .description('import a CSV file (also .gz, "-" for standard input) as samples of a machine')
    .argument('<file>', 'a table with a header, or with --columns')
    .option(
      '--machine <path>',
      'where the samples go: site/area/line/machine; {COLUMN} stands for the cell of --group-by (not for tables in the form of "export")',
    )
    .option('--time <column>', 'the column that holds the time (default: found by its name and cells)')
    .addOption(
      new Option('--time-column-is <what>', 'a time, or a running number (cycle) counted from --start in steps of --step')
        .choices(['time', 'cycle'])
        .default('time'),
    )
    .addOption(
      new Option('--time-unit <unit>', 'of numeric times since 1970').choices(['auto', ...Object.keys(epochUnits)]).default('auto'),
    )
    .option('--time-zone <zone>', 'of times without an offset: Europe/Berlin, +01:00', 'UTC')
    .option('--start <time>', 'time of the first row (or of cycle 0), for files without times', (text) => timeArgument(text))
    .option('--step <duration>', 'from row to row (or cycle to cycle), e.g. 1s, 100ms', durationArgument)
    .addOption(new Option('--separator <separator>', 'between fields').choices(Object.keys(separatorNames)).default('auto'))
    .addOption(new Option('--decimal <mark>', 'decimal point or comma (default: told by the cells)').choices(['.', ',']))
    .option('--encoding <name>', 'of the text, e.g. latin1', encodingArgument, 'utf-8')
    .option('--columns <names>', 'a,b,c: names of all columns, for a file without a header', listArgument)
    .option('--group-by <column>', 'one machine per value of this column')
    .option('--tag <column=name>', 'name the tag of a column (repeatable)', tagArgument)
    .option('--skip-columns <names>', 'a,b,c: columns to leave out', listArgument)
    .option('--errors <file>', 'write every fault with its line number into this file')
    .addOption(serverOption())
    .action(importFile)
}

async function importFile(file: string, options: ImportOptions): Promise<void> {
  const { server } = options
  const source = await openLines(file, options.encoding)
  const table = await openTable(source.chunks, separatorNames[options.separator], options.columns)
  const { readRow, said, post } = readingOf(table, options)
  await callServer(server, 'health', healthSchema)
  for (const line of said) note(line)

  const faults = openFaultLog(options.errors)
  const progress = progressOn(process.stderr, progressLine)
  const fault = (line: number, reason: string) => {
    progress.clear()
    faults.add(line, reason)
  }
  const uploader = new Uploader({
    clock: systemClock,
    post: (samples, signal) => post(server, samples, signal),
    rejected: (line, tag, reason) => fault(line, `${tag}: ${reason}`),
    waiting: (reason) => {
      progress.clear()
      note(`waiting for the server: ${reason}`)
    },
  })

  let rows = 0
  let badRows = 0
  let repeated = 0
  try {
    for await (const chunk of table.rows) {
      for (const row of chunk) {
        rows++
        const read = 'fault' in row ? { samples: [], faults: [row.fault], timeRepeated: false } : readRow(row.fields)
        for (const reason of read.faults) fault(row.line, reason)
        if (read.faults.length > 0) badRows++
        if (read.timeRepeated) repeated++
        for (const sample of read.samples) uploader.add(sample, row.line)
        if (uploader.full) await uploader.flush()
      }
      progress.update({ rows, accepted: uploader.accepted, bytes: source.bytesRead(), bytesTotal: source.bytesTotal })
    }
    await uploader.end()
  } catch (error) {
    await uploader.cancel()
    progress.clear()
    note(`stopped after ${plural(rows, 'row')}: ${plural(uploader.accepted, 'sample')} imported; importing the file again repeats nothing`)
    throw error
  } finally {
    faults.close()
  }
  progress.clear()
  if (repeated > 0) note(`${plural(repeated, 'row')} had the time of the row before; per time and tag one value is kept`)
  const bad = badRows > 0 ? `, ${plural(badRows, 'row')} with faults` : ''
  const rejected = uploader.rejected > 0 ? `, ${plural(uploader.rejected, 'sample')} refused by the server` : ''
  print(`${plural(uploader.accepted, 'sample')} imported from ${plural(rows, 'row')}${bad}${rejected}`)
  if (uploader.accepted === 0)
    throw new ConfigError(`nothing of ${file} was imported; ${rows === 0 ? 'it has no rows' : 'see the faults above'}`)
}

function listArgument(text: string): string[] {
  return text.split(',').map((name) => name.trim())
}

function tagArgument(text: string, given: Map<string, string> = new Map()): Map<string, string> {
  const at = text.lastIndexOf('=')
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('write COLUMN=NAME')
  return new Map([...given, [text.slice(0, at), text.slice(at + 1)]])
}

function encodingArgument(text: string): string {
  try {
    return new TextDecoder(text).encoding
  } catch {
    throw new InvalidArgumentError('write an encoding such as utf-8, latin1, utf-16le')
  }
}
