// docs/guides/looking-after-data.md as a reader follows it: every command in it, in order, on a server of the test's own.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runProgram, startProgram } from '#test/support/program.ts'

const home = join(import.meta.dirname, '..', '..')
const pump = 'waterworks/intake/pumps/pump-7'

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'data-guide-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const guide = await readFile(join(home, 'docs', 'guides', 'looking-after-data.md'), 'utf8')
  const blocks = Array.from(guide.matchAll(/```(sh|yaml)\n([^]*?)```/g), ([, language = '', text = '']) => ({ language, text }))
  let url = ''
  /** The next block of the guide, which must be in this language. */
  const next = (language: 'sh' | 'yaml') => {
    const block = blocks.shift()
    expect(block?.language).toBe(language)
    return (block?.text ?? '')
      .replaceAll('http://127.0.0.1:8080', url)
      .replaceAll('npx millwright', `"${process.execPath}" "${join(home, 'bin', 'millwright.js')}"`)
  }
  const script = (lines: string) => ['-ec', `cd "${folder}"; export MILLWRIGHT_PORT=0 MILLWRIGHT_SERVER="${url}"\n${lines}`]
  const run = async () => {
    const result = await runProgram('/bin/sh', script(next('sh')))
    expect(result.errors).not.toMatch(/^millwright: /m)
    return result
  }
  const start = async () => {
    const program = startProgram('/bin/sh', script(`exec ${next('sh')}`))
    onTestFinished(() => program.kill('SIGINT'))
    url = await vi.waitFor(
      () => {
        const found = /Millwright is running\s+(http:\S+)/.exec(program.output())?.[1]
        if (found === undefined) throw new Error(`not running yet: ${program.output()} ${program.errors()}`)
        return found
      },
      { timeout: 60_000 },
    )
    return { url, stop: () => program.kill('SIGINT') }
  }
  return { folder, next, run, start, rest: () => blocks.length }
}

async function newest(url: string, tag: string): Promise<unknown> {
  const answer = await fetch(`${url}/api/v1/samples?tag=${tag}&order=desc&limit=1`)
  return ((await answer.json()) as { samples: { value: unknown }[] }).samples[0]?.value
}

test('the guide to looking after data works as it is written', { timeout: 180_000 }, async () => {
  const { folder, next, run, start, rest } = await setUp()
  await writeFile(join(folder, 'waterworks.yaml'), `plant: Waterworks\n${next('yaml')}`)
  const first = await start()
  const times = Array.from({ length: 90 }, (_, minute) => new Date(Date.UTC(2026, 0, 1, 7, 45 + minute)).toISOString())
  const samples = times.flatMap((time, index) => ['pressure', 'vibration'].map((name) => ({ tag: `${pump}/${name}`, time, value: index })))
  const posted = await fetch(`${first.url}/api/v1/samples`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(samples),
  })
  expect(await posted.json()).toMatchObject({ accepted: 180 })

  expect(JSON.parse((await run()).output)).toMatchObject({
    rules: [{ tags: '**/vibration' }, { tags: '**/energy/*', raw: 'forever' }, { tags: '**', raw: 60 }],
    quota: { bytesMax: 50_000_000_000, notice: null },
    tag: { keep: { raw: 7, minutes: 90, hours: 'forever' }, oldest: '2026-01-01T07:45:00.000000Z' },
  })
  expect((await run()).output).toMatch(/in 3 files backed up to .*backups\/monday in [\d.]+ s\n$/)
  expect((await run()).output).toMatch(/backed up to .*backups\/\d{4}-\d\d-\d\d in/)
  expect((await readdir(join(folder, 'backups'))).length).toBe(2)
  expect(await run()).toMatchObject({ code: 0, output: 'all is well\n' })
  await first.stop()

  expect(await run()).toMatchObject({ code: 0, output: expect.stringMatching(/in 3 files of .* restored to .*restored\n$/) })
  const second = await start()
  expect(await newest(second.url, `${pump}/pressure`)).toBe(89)
  for (const _ of ['check', 'check --repair']) expect(await run()).toMatchObject({ code: 0, output: 'all is well\n' })
  await run()
  expect((await stat(join(folder, 'pump-7.parquet'))).size).toBeGreaterThan(500)
  expect(await readFile(join(folder, 'pressure.csv'), 'utf8')).toMatch(
    /,2025-12-31T23:00:00\.000000Z,2026-01-01T23:00:00\.000000Z,90,0,89,/,
  )
  expect((await run()).output).toBe(`60 samples of ${pump}/pressure deleted\n90 samples of ${pump}/vibration deleted\n`)
  expect(rest()).toBe(0)
})
