// `--database URL`, for every command that opens the database of what exists and who may.
import { Option } from 'commander'

export const databaseOption = (): Option =>
  new Option('--database <url>', 'a PostgreSQL database for what exists and who may, instead of a file in the data folder').env(
    'DATABASE_URL',
  )
