// The client id under which an MQTT server keeps this connection's session: made once, then kept in the connection's folder.
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const form = /^millwright-[0-9a-f]{12}$/

export async function storedClientId(folder: string): Promise<string> {
  const file = join(folder, 'client-id')
  const known = await readFile(file, 'utf8').catch(() => '')
  if (form.test(known)) return known
  const made = `millwright-${randomBytes(6).toString('hex')}`
  await mkdir(folder, { recursive: true })
  await writeFile(`${file}.new`, made)
  await rename(`${file}.new`, file)
  return made
}
