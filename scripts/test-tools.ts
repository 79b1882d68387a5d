// The programs of others that the tests run against, and how they get here.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { findTool } from '#test/support/tool.ts'

interface TestTool {
  readonly name: string
  readonly debianPackage: string
  /** A Python module instead of a program: what Debian's own python3 can import. */
  readonly pythonModule?: string
}

/** One line per tool; a test gets its path from `requireTool`. */
const testTools: readonly TestTool[] = [
  { name: 'mosquitto', debianPackage: 'mosquitto' },
  { name: 'mosquitto_pub', debianPackage: 'mosquitto-clients' },
  { name: 'mosquitto_sub', debianPackage: 'mosquitto-clients' },
  { name: 'coap-client-notls', debianPackage: 'libcoap3-bin' },
  { name: 'coap-server-notls', debianPackage: 'libcoap3-bin' },
  { name: 'python3-pymodbus', debianPackage: 'python3-pymodbus', pythonModule: 'pymodbus' },
  { name: 'python3-serial-asyncio', debianPackage: 'python3-serial-asyncio', pythonModule: 'serial_asyncio' },
  { name: 'nats-server', debianPackage: 'nats-server' },
  { name: 'postgres', debianPackage: 'postgresql' },
  { name: 'promtool', debianPackage: 'prometheus' },
  { name: 'chromium', debianPackage: 'chromium' },
  { name: 'curl', debianPackage: 'curl' },
]

const debianPython = '/usr/bin/python3'
/** Debian asks this file before it starts a service; 101 means no (invoke-rc.d(8)). */
const policyFile = '/usr/sbin/policy-rc.d'

/** Installs what is missing where that is possible, otherwise throws with the one line that does. */
export function provideTestTools(): void {
  const missing = missingTools()
  if (missing.length === 0) return
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))]
  const names = missing.map(({ name }) => name).join(', ')
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`
  if (process.getuid?.() !== 0 || findTool('apt-get') === undefined)
    throw new Error(`the tests need ${names}. On Debian or Ubuntu: sudo ${command}`)
  console.log(`installing what the tests need: ${packages.join(' ')}`)
  withoutStartingServices(() => {
    aptGet('update')
    aptGet('install', '-y', '--no-install-recommends', ...packages)
  })
  const still = missingTools()
  if (still.length > 0) throw new Error(`after "${command}" there is still no ${still.map(({ name }) => name).join(', ')}`)
}

function missingTools(): TestTool[] {
  return testTools.filter(({ name, pythonModule }) =>
    pythonModule === undefined ? findTool(name) === undefined : spawnSync(debianPython, ['-c', `import ${pythonModule}`]).status !== 0,
  )
}

function withoutStartingServices(install: () => void): void {
  if (existsSync(policyFile)) return install()
  writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    install()
  } finally {
    rmSync(policyFile)
  }
}

function aptGet(...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync('apt-get', ['-q', ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 << 20,
  })
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')} failed: ${error?.message ?? ''}\n${(stderr || stdout || '').slice(-2000)}`)
}
