// The whole story of a backup: taken from a server under load, which is then killed; restored elsewhere, and started there.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Samples } from '#api/samples/schema.ts'
import { runMillwright } from '#test/support/command-line.ts'
import { freePort } from '#test/support/free-port.ts'
import { startProgram } from '#test/support/program.ts'

const entry = join(import.meta.dirname, '..', '..', 'bin', 'millwright.js')
const start = Date.UTC(2026, 0, 31)

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-backup-crash-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const pushPort = await freePort()
  const plant = join(folder, 'plant.yaml')
  await writeFile(
    plant,
    `plant: P
connections:
  - name: line
    driver: http
    settings: { port: ${pushPort} }
    tags: { site/press/force: { device: press, field: force, time: time } }
`,
  )
  const server = async (data: string) => {
    const program = startProgram(process.execPath, [entry, 'start', '--plant', plant, '--port', '0', '--data', join(folder, data)])
    onTestFinished(() => program.kill())
    const url = await vi.waitFor(
      () => {
        const found = /Millwright is running\s+(http:\S+)/.exec(program.output())?.[1]
        if (found === undefined) throw new Error(`not running yet: ${program.output()} ${program.errors()}`)
        return found
      },
      { timeout: 60_000 },
    )
    return { url, kill: () => program.kill() }
  }
  return { folder, pushUrl: `http://127.0.0.1:${pushPort}/push/press`, server }
}

const post = async (url: string, body: unknown) => {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  expect(answer.status).toBe(200)
}
const timeOf = (index: number) => new Date(start + index * 1000).toISOString()

async function valuesOf(url: string, tag: string): Promise<unknown[]> {
  const answer = await fetch(`${url}/api/v1/samples?tag=${tag}&limit=10000`)
  return ((await answer.json()) as Samples).samples.flatMap(({ value }) => value ?? [])
}

/** Whole numbers up to but not including `end`. */
const upTo = (end: number) => Array.from({ length: end }, (_, index) => index)

test('S20: what was acknowledged before a backup under load is there once after a crash and a restore, and the gateway goes on', {
  timeout: 180_000,
}, async () => {
  const { folder, pushUrl, server } = await setUp()
  const first = await server('data')
  // Values of the machine are acknowledged when they are in the outbox, posted samples when they are stored.
  let pushed = 0
  let posted = 0
  const push = async () => {
    await post(pushUrl, { force: pushed, time: timeOf(pushed) })
    pushed++
  }
  const write = async () => {
    await post(`${first.url}/api/v1/samples`, [{ tag: 'site/press/count', value: posted, time: timeOf(posted) }])
    posted++
  }
  for (let index = 0; index < 50; index++) await Promise.all([push(), write()])
  const before = { pushed, posted }
  const backup = runMillwright(['backup', join(folder, 'backup'), '--server', first.url])
  const over = new AbortController()
  void backup.finally(() => over.abort())
  while (!over.signal.aborted) await Promise.all([push(), write()])
  expect(await backup).toMatchObject({ code: 0, stdout: expect.stringMatching(/backed up to .* in [\d.]+ s\n$/) })
  for (let index = 0; index < 20; index++) await Promise.all([push(), write()])
  const after = { pushed, posted }
  await first.kill()

  const restored = await runMillwright(['restore', join(folder, 'backup'), '--data', join(folder, 'elsewhere')])
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringMatching(/restored to /) })
  const second = await server('elsewhere')
  const kept = await vi.waitFor(
    async () => {
      const values = await valuesOf(second.url, 'site/press/force')
      expect(values.length).toBeGreaterThanOrEqual(before.pushed)
      return values.length
    },
    { timeout: 20_000 },
  )
  expect(kept).toBeLessThanOrEqual(after.pushed)
  expect(await valuesOf(second.url, 'site/press/force')).toEqual(upTo(kept))
  const count = await valuesOf(second.url, 'site/press/count')
  expect(count.length).toBeGreaterThanOrEqual(before.posted)
  expect(count).toEqual(upTo(count.length))

  // The numbers of these frames were given before, to others that the store has seen.
  pushed = kept
  for (let index = 0; index < 30; index++) await push()
  await vi.waitFor(async () => expect(await valuesOf(second.url, 'site/press/force')).toEqual(upTo(kept + 30)), { timeout: 20_000 })
})
