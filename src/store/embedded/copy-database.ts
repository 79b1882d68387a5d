// A copy of the database as it was at one moment, while everything goes on: one file that is whole without a log beside it.
import { backup, DatabaseSync } from 'node:sqlite'
import { connect } from './database.ts'

/** Pages that are copied per step. */
const stepPages = 16

/** `pause` is called between the steps; what it throws ends the copying. */
export async function copyDatabase(folder: string, file: string, pause: () => void): Promise<void> {
  const source = connect(folder)
  try {
    // An open transaction holds the moment: without it, the copy would begin anew with every commit.
    source.exec('begin; select count(*) from meta')
    await backup(source, file, { rate: stepPages, progress: pause })
  } finally {
    source.close()
  }
  const copy = new DatabaseSync(file)
  try {
    copy.exec('pragma journal_mode = delete')
  } finally {
    copy.close()
  }
}
