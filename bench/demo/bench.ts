// The demo as `npm start` runs it (Linux): seconds until the address answers and until every machine is live, then CPU and memory
// of the server and of the simulators after a minute, each beside the limit we set ourselves.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { MachineList } from '#api/machines/schema.ts'
import { packageFolder } from '#app/package-folder.ts'

const limits = { liveSeconds: 10, cpuCores: 0.5, rssMb: 400 }
const { values: asked } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })
const seconds = Number(asked.seconds)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const manifest = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { scripts: { start: string } }
const [, ...words] = manifest.scripts.start.split(' ')
const folder = await mkdtemp(join(tmpdir(), 'bench-demo-'))
const started = performance.now()
const since = () => (performance.now() - started) / 1000
const server = spawn(process.execPath, [...words, '--data', folder], { cwd: packageFolder, stdio: ['ignore', 'pipe', 'inherit'] })
try {
  let output = ''
  server.stdout.on('data', (chunk) => (output += String(chunk)))
  const until = async <T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> => {
    for (;;) {
      const found = await look()
      if (found !== undefined) return found
      if (since() > 120 || server.exitCode !== null) throw new Error(`the demo did not come up:\n${output}`)
      await pause(50)
    }
  }
  const url = await until(() => /running\s+(http:\S+)/.exec(output)?.[1])
  const answered = since()
  await until(async () => {
    const machines = (await (await fetch(`${url}/api/v1/machines`)).json()) as MachineList
    return machines.every(({ status }) => status !== 'offline') || undefined
  })
  const live = since()
  const pids = [server.pid as number, ...(await childrenOf(server.pid as number))]
  const before = await Promise.all(pids.map(cpuSeconds))
  await pause(seconds * 1000)
  const cpu = (await Promise.all(pids.map(cpuSeconds))).map((after, index) => (after - (before[index] as number)) / seconds)
  const rss = await Promise.all(pids.map(rssMb))
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
  const rows = [
    { name: 'start → address s', figure: answered, limit: limits.liveSeconds },
    { name: 'start → every machine live s', figure: live, limit: limits.liveSeconds },
    { name: 'CPU cores, server', figure: cpu[0] ?? 0, limit: limits.cpuCores },
    { name: 'CPU cores, server and simulators', figure: sum(cpu), limit: limits.cpuCores },
    { name: 'RSS MB, server', figure: rss[0] ?? 0, limit: limits.rssMb },
    { name: 'RSS MB, server and simulators', figure: sum(rss), limit: limits.rssMb },
  ].map(({ name, figure, limit }) => ({ name, figure: round(figure), limit, ratio: round(figure / limit) }))
  console.table(rows)
  const results = join(packageFolder, 'bench', 'results')
  await mkdir(results, { recursive: true })
  await writeFile(
    join(results, 'demo.json'),
    `${JSON.stringify({ seconds, cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, rows }, null, 2)}\n`,
  )
} finally {
  server.kill('SIGINT')
  await new Promise((resolve) => server.once('exit', resolve))
  await rm(folder, { recursive: true })
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

/** User and system time so far; the kernel counts in hundredths of a second. */
async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function rssMb(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000
}

function round(figure: number): number {
  return Math.round(figure * 1000) / 1000
}
