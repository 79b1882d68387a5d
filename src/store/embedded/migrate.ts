// Brings an older store to the present form: in a copy, which takes the place of the file only when all has worked. The old file stays as a backup.
import { copyFileSync, existsSync, linkSync, renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { ConfigError, messageOf } from '#core/errors.ts'
import { databaseFile, schema } from './schema.ts'

/** From each older version: what fills the new tables, with the old file attached as `old`. */
const steps: Readonly<Record<number, string>> = {
  1: `insert into meta select name, value from old.meta;
    insert into tag(id, path, kind, latest_time, latest_value, latest_quality, latest_text)
      select id, path, kind, latest_time, latest_value, latest_quality, latest_text from old.tag;
    insert into origin select source, sequence from old.origin;
    insert into chunk_data select id, bytes from old.chunk_data;
    insert into chunk(tag, start, end, count, data) select tag, start, end, count, data from old.chunk;
    insert into damaged_chunk select tag, start, end, count, bytes from old.damaged_chunk;
    insert into array_sample select id, tag, time, quality, statistics, bytes from old.array_sample;`,
}

/** Throws `ConfigError` when it does not work; the store is then as it was. */
export function migrate(folder: string, version: number, report: (message: string) => void): void {
  const path = databaseFile(folder)
  const [next, backup] = [`${path}.new`, `${path}.version-${version}`]
  const step = steps[version]
  if (step === undefined)
    throw new ConfigError(`${path} has format ${version}, which this Millwright cannot read: start the one that wrote it`)
  rmSync(next, { force: true })
  let copy: DatabaseSync | undefined
  try {
    // Pages that wait in the old file's log move into it first.
    const old = new DatabaseSync(path)
    old.exec('pragma wal_checkpoint(truncate); pragma journal_mode = delete')
    old.close()
    copy = new DatabaseSync(next)
    copy.exec(
      `pragma page_size = 65536; pragma auto_vacuum = incremental; attach '${path.replaceAll("'", "''")}' as old; begin; ${schema} ${step} commit`,
    )
    copy.close()
    if (!existsSync(backup)) keepAs(path, backup)
    renameSync(next, path)
    report(`brought the store to format 2; what it was is kept in ${backup}: delete that when all is well`)
  } catch (error) {
    if (copy?.isOpen) copy.close()
    rmSync(next, { force: true })
    throw new ConfigError(
      `cannot bring ${path} from format ${version} to the present one: ${messageOf(error)}; nothing was changed: free about as much space as the file takes, or start the older Millwright`,
    )
  }
}

/** A second name for the file where the disk knows such, else a copy. */
function keepAs(path: string, backup: string): void {
  try {
    linkSync(path, backup)
  } catch {
    copyFileSync(path, backup)
  }
}
