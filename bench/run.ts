// `npm run bench -- NAME`: runs bench/NAME/bench.ts; without a name, lists what there is.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const names = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'results')
  .map(({ name }) => name)
const [name, ...rest] = process.argv.slice(2)
if (name === undefined || !names.includes(name)) {
  console.error(`usage: npm run bench -- NAME, where NAME is one of ${names.join(', ')}`)
  process.exit(1)
}
process.argv = [...process.argv.slice(0, 2), ...rest]
await import(pathToFileURL(join(import.meta.dirname, name, 'bench.ts')).href)
