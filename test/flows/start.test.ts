// Starting with something wrong: one plain sentence with the mend, exit code 1, and nothing left running.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runMillwright } from '#test/support/command-line.ts'
import { startDemo } from '#test/support/demo.ts'
import { freePort } from '#test/support/free-port.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a taken port is named with what needs it and the option that changes it', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  try {
    const { code, stderr } = await runMillwright(['start', '--port', String(port), '--data', folder])
    expect(code).toBe(1)
    expect(stderr).toBe(`millwright: port ${port} is taken, and the dashboard needs it; choose another with --port or MILLWRIGHT_PORT\n`)
  } finally {
    other.close()
  }
})

test('a plant file with mistakes is refused with a line for each', async () => {
  const file = join(folder, 'plant.yaml')
  await writeFile(file, 'plant: P\nmachines:\n  - { path: a/b, profile: fan }\n  - { path: a/b, profile: dmls-printer }\nwheels: 4\n')
  const first = await runMillwright(['start', '--plant', file, '--port', String(await freePort()), '--data', folder])
  expect(first).toMatchObject({ code: 1, stderr: `millwright: ${file}:5: wheels: unknown key "wheels"; remove it or check its spelling\n` })
  await writeFile(file, 'plant: P\nmachines:\n  - { path: a/b, profile: fan }\n  - { path: a/b, profile: dmls-printer }\n')
  const second = await runMillwright(['start', '--plant', file, '--port', String(await freePort()), '--data', folder])
  expect(second.stderr).toContain(`${file}:4: "a/b" is there already, ${file}:3`)
  expect(second.stderr).toContain(`${file}:3: no profile "fan"; there are climate-sensor, `)
})

test('a data folder that is in use is refused, and its owner is not disturbed', async () => {
  const demo = await startDemo(folder)
  try {
    const { code, stderr } = await runMillwright(['start', '--port', String(await freePort()), '--data', folder])
    expect(code).toBe(1)
    expect(stderr).toContain(folder)
    expect((await fetch(`${demo.url}/api/v1/health`)).status).toBe(200)
  } finally {
    await demo.interrupt()
  }
})

test('a data folder that cannot be made is said', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  const { code, stderr } = await runMillwright(['start', '--port', String(await freePort()), '--data', join(file, 'data')])
  expect(code).toBe(1)
  expect(stderr).toMatch(/cannot make the data folder .*; choose another with --data or MILLWRIGHT_DATA/)
})

test('two starts at the same time find ports of their own', { timeout: 180_000 }, async () => {
  const demos = await Promise.allSettled([startDemo(), startDemo()])
  for (const demo of demos) if (demo.status === 'fulfilled') await demo.value.stop()
  expect(demos.map((demo) => (demo.status === 'rejected' ? String(demo.reason) : 'started'))).toEqual(['started', 'started'])
})
