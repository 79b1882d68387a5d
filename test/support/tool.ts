// Programs of others that tests run against: brokers, clients, browsers. `npm test` sees to it that they are there.
import { accessSync, constants, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where Debian puts programs that are not on everybody's PATH. */
const moreFolders = ['/usr/sbin', '/usr/lib/postgresql/*/bin']

/** The path of a program: that of its environment variable (`COAP_CLIENT_NOTLS` for coap-client-notls), or the first found. */
export function findTool(name: string): string | undefined {
  const named = process.env[name.toUpperCase().replaceAll('-', '_')]
  if (named !== undefined && mayRun(named)) return named
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...globSync(moreFolders)]
  return folders.map((folder) => join(folder, name)).find(mayRun)
}

/** The path of a program that a test cannot do without. Throws and says how to get it. */
export function requireTool(name: string, debianPackage: string): string {
  const path = findTool(name)
  if (path !== undefined) return path
  throw new Error(
    `this test needs ${name}: apt-get install ${debianPackage}, or set ${name.toUpperCase().replaceAll('-', '_')} to its path`,
  )
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
