// `npm run chaos -- [--kills 200] [--seed N]`: the chaos tests for long, at so many kill points each; the seed replays a run.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packageFolder } from '#app/package-folder.ts'

const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' }, seed: { type: 'string' } } })
const seed = values.seed ?? String(Date.now() % 1_000_000)
console.log(`kills ${values.kills}, seed ${seed}; replay with: npm run chaos -- --kills ${values.kills} --seed ${seed}`)
const { status } = spawnSync(process.execPath, [join(packageFolder, 'scripts', 'test.ts'), 'test/chaos'], {
  stdio: 'inherit',
  env: { ...process.env, CHAOS_KILLS: values.kills, CHAOS_SEED: seed },
})
process.exit(status ?? 1)
