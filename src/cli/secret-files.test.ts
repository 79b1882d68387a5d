import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readSecretFiles } from './secret-files.ts'

test('what a file says is read as if the variable said it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'secrets-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'nats-url')
  await writeFile(file, 'nats://user:secret@127.0.0.1:4222\n')
  const env: NodeJS.ProcessEnv = { NATS_URL_FILE: file, DATABASE_URL: 'postgres://x', DATABASE_URL_FILE: '' }
  readSecretFiles(env)
  expect(env).toMatchObject({ NATS_URL: 'nats://user:secret@127.0.0.1:4222', DATABASE_URL: 'postgres://x' })
})

test('a file that is not there, and a secret said twice, are refused', () => {
  expect(() => readSecretFiles({ MILLWRIGHT_TOKEN_FILE: '/nowhere/token' })).toThrow(
    /MILLWRIGHT_TOKEN_FILE names a file that cannot be read: ENOENT/,
  )
  expect(() => readSecretFiles({ NATS_URL: 'a', NATS_URL_FILE: 'b' })).toThrow(
    'NATS_URL and NATS_URL_FILE are both set; leave one of them out',
  )
})
