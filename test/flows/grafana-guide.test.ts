// docs/guides/grafana.md as a reader follows it: every command, expression and setting in it, against a running API.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { systemClock } from '#core/clock.ts'
import { plantSchema } from '#core/plant.ts'
import { profileSchema } from '#core/profile.ts'
import { secondUs } from '#core/time.ts'
import { testApi, type TestApi } from '#test/support/api.ts'
import { runProgram } from '#test/support/program.ts'
import { requireTool } from '#test/support/tool.ts'

const pump = 'demo/utilities/water/pump-1'
const profile = profileSchema.parse({ profile: 'pump', title: 'Pump', tags: { temperature: { unit: '°C' } } })
const plant = { ...plantSchema.parse({ plant: 'p', machines: [{ path: pump, profile: 'pump' }] }), profiles: new Map([['pump', profile]]) }

let api: TestApi
let url: string
let guide: string
beforeAll(async () => {
  api = await testApi(plant)
  url = await api.server.listen({ host: '127.0.0.1', port: 0 })
  guide = (await readFile(join(import.meta.dirname, '..', '..', 'docs', 'guides', 'grafana.md'), 'utf8')).replaceAll(
    'http://127.0.0.1:8080',
    url,
  )
  const now = systemClock.now()
  for (let second = 0; second < 120; second++)
    await api.put(
      ...['temperature', 'power', 'pieces', 'vibration'].map((name) => ({
        tag: `${pump}/${name}`,
        time: now - second * secondUs,
        value: 40,
      })),
    )
})
afterAll(() => api.close())

const blocks = (language: string) =>
  Array.from(guide.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g')), ([, text = '']) => text)

test('every command answers with the pump of the guide', async () => {
  requireTool('curl', 'curl')
  requireTool('promtool', 'prometheus')
  const commands = blocks('sh').flatMap((text) => text.trim().split('\n'))
  const answers = await Promise.all(commands.map((command) => runProgram('/bin/sh', ['-ec', command])))
  expect(answers.map(({ code, errors }) => ({ code, errors }))).toEqual(commands.map(() => ({ code: 0, errors: '' })))
  expect(answers.map(({ output }) => output)).toEqual([
    expect.stringMatching(/^\{"status":"success",.*"__name__":"temperature",.*"unit":"°C".*"40"\]\}\]\}\}$/),
    '{"status":"success","data":["pump-1"]}',
    expect.stringMatching(/^\{site="demo"\} => 40 @\[\d+(\.\d+)?\]\n$/),
    expect.stringMatching(/^\{machine="pump-1"\} =>\n(40 @\[\d+(\.\d+)?\]\n){3,}/),
    expect.stringContaining(
      `{__name__="temperature", area="utilities", line="water", machine="pump-1", profile="pump", site="demo", tag="${pump}/`,
    ),
    '°C\n',
  ])
})

test('every expression for panels is answered', async () => {
  const expressions = blocks('promql').flatMap((text) => text.trim().split('\n'))
  expect(expressions.length).toBeGreaterThan(3)
  for (const expression of expressions) {
    const query = expression.replace('$machine', 'pump-1').replace('$__interval', '1m')
    expect(await api.get(`/api/v1/query?query=${encodeURIComponent(query)}`)).toMatchObject({ status: 200, body: { status: 'success' } })
  }
})

test('the data source of the guide is where the API is, and says what the API says', async () => {
  const [source] = (
    parseYaml(blocks('yaml')[0] ?? '') as { datasources: { type: string; url: string; jsonData: Record<string, string> }[] }
  ).datasources
  expect(source).toMatchObject({ type: 'prometheus', url, jsonData: { httpMethod: 'POST' } })
  const buildInfo = await (await fetch(`${source?.url}/api/v1/status/buildinfo`)).json()
  expect(buildInfo).toMatchObject({ data: { version: source?.jsonData['prometheusVersion'] } })
  // What Grafana asks when "Save & test" is pressed.
  const answer = await fetch(`${source?.url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query: '1+1', time: '1' }) })
  expect(await answer.json()).toEqual({ status: 'success', data: { resultType: 'scalar', result: [1, '2'] } })
})

test('what Telegraf writes to the address of the guide is a series', async () => {
  const [toml = ''] = blocks('toml')
  const setting = (name: string) => new RegExp(`${name} = \\[?"(.*?)"`).exec(toml)?.[1] ?? ''
  const address = `${setting('urls')}/api/v2/write?org=${setting('organization')}&bucket=${setting('bucket')}`
  expect((await fetch(address, { method: 'POST', body: 'cpu,host=server-1 usage_idle=97.5\n' })).status).toBe(204)
  const { body } = await api.get('/api/v1/query?query=usage_idle{site="influx"}')
  expect(body).toMatchObject({ data: { result: [{ value: [expect.any(Number), '97.5'] }] } })
})
