// What `millwright check` says of a whole data folder, and of one that is damaged.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { batchOf } from '#core/batch.ts'
import { Outbox } from '#gateway/outbox.ts'
import { createEmbeddedStore } from '#store/embedded/embedded-store.ts'
import { runMillwright } from '#test/support/command-line.ts'

let data: string
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'millwright-check-'))
  onTestFinished(() => rm(data, { recursive: true }))
  await mkdir(join(data, 'gateway'))
  const store = createEmbeddedStore({ folder: join(data, 'store') })
  await store.open()
  await store.append([{ batch: batchOf([{ tag: 'm/t', time: 1, value: 2 }]) }])
  await store.close()
})

function change(file: string, sql: string): void {
  const database = new DatabaseSync(join(data, file))
  database.exec(sql)
  database.close()
}

test('a folder in order is said to be so', async () => {
  const { code, stdout, stderr } = await runMillwright(['check', '--data', data])
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'all is well\n' })
  expect(stderr).toMatch(/^1 sample of 1 tag read in [\d.]+ s\n$/)
})

test('what is wrong is said with its mend, ends in exit code 1, and is mended by --repair', async () => {
  change('store/chunks.db', `update meta set value = 5 where name = 'samples'`)
  expect(await runMillwright(['check', '--data', data])).toMatchObject({
    code: 1,
    stdout: '5 samples are noted, and there are 1. Mend: add --repair\n1 thing not as it should be\n',
  })
  expect(await runMillwright(['check', '--data', data, '--repair'])).toMatchObject({
    code: 0,
    stdout: '5 samples are noted, and there are 1. Mend: add --repair\n1 fault mended; checking again\nall is well\n',
  })
})

test('a damaged frame that waits to be sent is said, and a database that is none', async () => {
  const outbox = new Outbox(join(data, 'gateway', 'outbox.db'))
  outbox.append([{ connection: 'line', count: 1, frame: Uint8Array.of(1, 2, 3) }], 1)
  outbox.close()
  await writeFile(join(data, 'millwright.db'), 'something else')
  const { code, stdout } = await runMillwright(['check', '--data', data])
  expect(code).toBe(1)
  expect(stdout).toMatch(
    /^what exists and who may cannot be read \(file is not a database\)\. Mend: bring .*millwright\.db back from a backup$/m,
  )
  expect(stdout).toMatch(/^frame 1 that waits to be sent is damaged \(.*\)\. Mend: its values are lost; the server refuses it/m)
  expect(stdout).toMatch(/^2 things not as it should be$/m)
})

test('a folder in use, and one without data, are refused with the mend', async () => {
  const store = createEmbeddedStore({ folder: join(data, 'store') })
  await store.open()
  expect((await runMillwright(['check', '--data', data])).stderr).toMatch(
    /^millwright: a Millwright runs on .*: stop it first, or let it make a backup/,
  )
  await store.close()
  expect(await runMillwright(['check', '--data', tmpdir()])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/there is no data of Millwright's/),
  })
})
