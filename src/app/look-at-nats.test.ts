import { expect, test } from 'vitest'
import { runMillwright } from '#test/support/command-line.ts'
import { freePort } from '#test/support/free-port.ts'
import { startNats } from '#test/support/nats.ts'
import { lookAtNats } from './look-at-nats.ts'

test('doctor says whether NATS answers, and what to mend', async () => {
  {
    await using plain = await startNats({ jetstream: false })
    expect(await lookAtNats(plain.url)).toMatchObject({ level: 'fail', text: expect.stringContaining('without JetStream') as string })
  }
  await using server = await startNats()
  const doctor = async (NATS_URL: string) => (await runMillwright(['doctor', '--port', '1'], { env: { NATS_URL } })).stdout
  expect(await doctor(server.url)).toMatch(
    /^warn {2}NATS \d\S+ answers at 127\.0\.0\.1:\d+, alone, with JetStream\. Mend: run three as a cluster/m,
  )
  expect(await doctor(`nats://127.0.0.1:${await freePort()}`)).toMatch(/^fail {2}no NATS server answers at 127\.0\.0\.1:\d+: .*start one/m)
})
