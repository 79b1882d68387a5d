import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { checkDataFolder, judgeRoom } from './data-folder.ts'
import { checkClock, checkNode, checkTools, readClocks } from './host.ts'

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millwright-doctor-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('a folder that is still to be made is judged by the one above, and nothing is left behind', async () => {
  const folder = freshFolder()
  const [writing] = await checkDataFolder(join(folder, 'a', 'b'))
  expect(writing).toEqual({ level: 'ok', text: `data folder ${join(folder, 'a', 'b')} can be made` })
  expect(readdirSync(folder)).toEqual([])
})

test('a file in the place of the folder is a failure', async () => {
  const file = join(freshFolder(), 'data')
  writeFileSync(file, '')
  expect((await checkDataFolder(file))[0]).toMatchObject({ level: 'fail', text: expect.stringContaining('is no folder') })
})

test('little room is a warning, next to none a failure', () => {
  expect(judgeRoom(100 * 1024 ** 3).level).toBe('ok')
  expect(judgeRoom(1024 ** 3)).toMatchObject({ level: 'warn', text: 'disk has 1.0 GiB free' })
  expect(judgeRoom(1000).level).toBe('fail')
})

test('an old Node is a failure', () => {
  expect(checkNode('20.20.2').level).toBe('fail')
  expect(checkNode('24.1.0').level).toBe('ok')
})

test('a clock is believed unless its year, its steps or older files speak against it', async () => {
  const wallMs = Date.parse('2026-06-01T00:00:00Z')
  const sane = { wallMs, expectedMs: wallMs + 5, newestFileMs: wallMs - 1000 }
  expect(checkClock(sane).level).toBe('ok')
  expect(checkClock({ ...sane, wallMs: 0 }).level).toBe('fail')
  expect(checkClock({ ...sane, expectedMs: wallMs - 60_000 })).toMatchObject({
    level: 'warn',
    text: expect.stringContaining('moved by 60 s'),
  })
  expect(checkClock({ ...sane, newestFileMs: wallMs + 3_600_000 }).level).toBe('warn')
  expect((await readClocks([freshFolder(), '/nonexistent'])).newestFileMs).toBe(0)
})

test('a tool is found where it may be run', async () => {
  const folder = freshFolder()
  expect(await checkTools(folder)).toMatchObject([{ level: 'warn', mend: 'apt-get install ffmpeg' }])
  writeFileSync(join(folder, 'ffmpeg'), '')
  chmodSync(join(folder, 'ffmpeg'), 0o755)
  expect(await checkTools(`/nonexistent:${folder}`)).toEqual([{ level: 'ok', text: `ffmpeg is ${join(folder, 'ffmpeg')}` }])
})
