// `millwright export`: samples, or buckets of them, as a file of any length.
import { extname } from 'node:path'
import { Option, type Command } from 'commander'
import { exportFormats, type ExportFormat } from '#api/export/schema.ts'
import { ConfigError, messageOf, NotConnected } from '#core/errors.ts'
import { formatTime, type Micros } from '#core/time.ts'
import { Amount, amountLine } from './export/amount.ts'
import { openFileTarget, standardOutput } from './export/target.ts'
import { isForeseen } from './failure.ts'
import { note } from './output.ts'
import { progressOn } from './progress.ts'
import { download, serverOption, type ServerCall } from './server.ts'
import { timeArgument } from './time-argument.ts'

interface ExportOptions {
  server: string
  machine?: string
  from?: Micros
  to?: Micros
  format?: ExportFormat
  bucket?: string
  zone?: string
  output?: string
  force?: true
}

export function registerExport(program: Command): void {
  const time = (text: string) => timeArgument(text)
  program
    .command('export')
    .description('write samples, or buckets of them, as CSV, JSON lines or Parquet')
    .argument('[tags...]', 'paths of tags')
    .option('--machine <path>', 'all tags of this machine')
    .addOption(new Option('--from <time>', 'from this time on: ISO 8601 or -1h, -7d (default: the first sample)').argParser(time))
    .addOption(new Option('--to <time>', 'up to but not including this time (default: the last sample)').argParser(time))
    .addOption(new Option('--format <format>', "default: told by the output's ending, else csv").choices(exportFormats))
    .option('--bucket <interval>', 'one row per 15m, 1h, 1d …, hour, day, week, month, quarter, year or shift')
    .option('--zone <zone>', "whose days and months, e.g. Europe/Berlin (default: the plant's)")
    .option('--output <file>', 'default: standard output')
    .option('--force', 'replace the file when it is there already')
    .addOption(serverOption())
    .action(exportTags)
}

async function exportTags(tags: string[], options: ExportOptions): Promise<void> {
  const { server, machine, from, to, bucket, zone, output, force = false } = options
  if (tags.length === 0 && machine === undefined) throw new ConfigError('name one or more tags, or --machine; "millwright tags" lists them')
  const format = options.format ?? formatOf(output)
  if (format === 'parquet' && output === undefined && process.stdout.isTTY)
    throw new ConfigError('Parquet is nothing to read on a terminal; name a file with --output')
  const query: ServerCall['query'] = {
    tag: tags,
    machine,
    from: from === undefined ? undefined : formatTime(from),
    to: to === undefined ? undefined : formatTime(to),
    format,
    bucket,
    zone,
  }
  const stopped = new AbortController()
  const stop = () => stopped.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  const target = output === undefined ? standardOutput : await openFileTarget(output, force)
  const progress = process.stderr.isTTY ? progressOn(process.stderr, amountLine) : undefined
  const amount = new Amount(format)
  try {
    for await (const bytes of await download(server, 'export', { query, signal: stopped.signal })) {
      amount.add(bytes)
      await target.write(bytes)
      progress?.update(amount)
    }
    await target.finish()
  } catch (error) {
    await target.abandon()
    const fate = `after ${amount.text}; ${output === undefined ? 'what was written is not whole' : 'nothing of it is kept'}`
    if (stopped.signal.aborted) throw new ConfigError(`stopped ${fate}`)
    throw isForeseen(error) ? error : new NotConnected(`the connection to ${server} broke ${fate} (${messageOf(error)})`)
  } finally {
    progress?.clear()
  }
  if (output !== undefined) note(`${amount.text} in ${output}`)
  if (amount.rows === 0) note('there are no samples in this range; "millwright tags" shows when the last ones were')
}

function formatOf(output: string | undefined): ExportFormat {
  const ending = extname(output ?? '').slice(1)
  return exportFormats.find((format) => format === ending) ?? 'csv'
}
