// Builds the dashboard when its sources have changed since the last build.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ConfigError } from '#core/errors.ts'
import { packageFolder } from './package-folder.ts'

export const dashboardFolder = join(packageFolder, 'dist', 'web')
const stampFile = join(dashboardFolder, '.sources')
const sources = ['web/**/*', 'src/core/*.ts', 'src/api/**/schema.ts', 'package.json']

/**
 * Makes sure that the built page is there and up to date; where its sources do not come along, it is taken as it is. Throws `ConfigError` with the
 * build's output when it cannot be built.
 */
export async function buildDashboard(building: () => void): Promise<void> {
  if (!existsSync(join(packageFolder, 'web')) && existsSync(dashboardFolder)) return
  const stamp = await sourcesStamp()
  const built = await readFile(stampFile, 'utf8').catch(() => '')
  if (built === stamp) return
  building()
  await runVite()
  await mkdir(dashboardFolder, { recursive: true })
  await writeFile(stampFile, stamp)
}

async function sourcesStamp(): Promise<string> {
  const hash = createHash('sha256')
  const files: string[] = []
  for await (const entry of glob(sources, { cwd: packageFolder, withFileTypes: true }))
    if (entry.isFile()) files.push(join(entry.parentPath, entry.name))
  for (const file of files.toSorted()) hash.update(file.slice(packageFolder.length)).update(await readFile(file))
  return hash.digest('hex')
}

function runVite(): Promise<void> {
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js')
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vite, 'build', 'web', '--logLevel', 'warn'], {
      cwd: packageFolder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output = (output + String(chunk)).slice(-10_000)))
    child.on('error', reject)
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new ConfigError(`the dashboard could not be built; run "npm install" again.\n${output}`)),
    )
  })
}
