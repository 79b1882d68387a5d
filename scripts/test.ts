// What `npm test` runs: sees to tools and dashboard, then vitest with the arguments given, whose exit code it hands on.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { messageOf } from '#core/errors.ts'
import { buildDashboard } from '#app/dashboard.ts'
import { packageFolder } from '#app/package-folder.ts'
import { provideTestTools } from './test-tools.ts'

try {
  provideTestTools()
  await buildDashboard(() => console.log('building the dashboard'))
} catch (error) {
  console.error(messageOf(error))
  process.exit(1)
}
const vitest = join(packageFolder, 'node_modules', 'vitest', 'vitest.mjs')
const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], { cwd: packageFolder, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => process.exit(code ?? 1))
