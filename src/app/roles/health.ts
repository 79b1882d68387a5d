// How a process of some roles is, and its installation as far as it can see: in words for people, and whether it can do its work for machines.
import type { Pool } from 'pg'
import { databaseCheck, gatewayCheck, type HealthCheck } from '#app/health-checks.ts'
import { sleep } from '#core/clock.ts'
import { formatSize } from '#core/size.ts'
import type { Common } from './common.ts'
import type { Entrance } from './entrance.ts'
import { roles } from './role.ts'
import type { Writer } from './writer.ts'

export interface HealthParts {
  readonly common: Common
  readonly entrance: Entrance | undefined
  readonly writer: Writer | undefined
}

/** Part of its bound beyond which a partition of the telemetry log is said to fill up. */
const fullPart = 0.8
const answerTimeoutMs = 2_000

export async function roleChecks({ common, entrance, writer }: HealthParts): Promise<HealthCheck[]> {
  const now = common.clock.now()
  return [
    natsCheck(common),
    await databaseCheck(common.database),
    processesCheck(common),
    logCheck(common),
    ...(writer ? [writer.check()] : []),
    ...[...(entrance?.board.gateways() ?? [])].map((entry) => gatewayCheck(entry, now)),
  ]
}

/** Why this process cannot do its work now; empty when it can. */
export async function notReady({ common, writer }: Pick<HealthParts, 'common' | 'writer'>): Promise<string[]> {
  const reasons = common.link.connected() ? [] : ['NATS cannot be reached']
  if (!(await answers(common))) reasons.push(`PostgreSQL does not answer within ${answerTimeoutMs / 1000} s`)
  return [...reasons, ...(writer?.notReady() ?? [])]
}

async function answers({ pool, clock }: { pool: Pool; clock: Common['clock'] }): Promise<boolean> {
  const answered = pool.query('select 1').then(
    () => true,
    () => false,
  )
  return Promise.race([answered, sleep(clock, answerTimeoutMs).then(() => false)])
}

function natsCheck({ link }: Common): HealthCheck {
  const ok = link.connected()
  return {
    name: 'nats',
    ok,
    detail: ok ? `connected to ${link.connection.getServer()}` : 'NATS cannot be reached; it is tried until it can',
  }
}

function processesCheck({ members }: Common): HealthCheck {
  const counts = roles.map((role) => `${members(role).length} ${role}`).join(', ')
  const ok = members('writer').length > 0
  return { name: 'processes', ok, detail: ok ? counts : `${counts}: without a writer all that comes waits in NATS; start one` }
}

function logCheck({ waiting }: Common): HealthCheck {
  const all = waiting()
  const sum = (of: 'messages' | 'bytes') => all.reduce((total, one) => total + one[of], 0)
  const full = all.filter(({ bytes, bytesMax }) => bytes > bytesMax * fullPart).map(({ partition }) => partition)
  const details = [
    `${sum('messages')} messages (${formatSize(sum('bytes'))}) wait to be stored`,
    ...(full.length > 0 ? [`partitions ${full.join(', ')} are nearly full: when they are, nothing more is taken; see the writers`] : []),
  ]
  return { name: 'telemetry log', ok: full.length === 0, detail: details.join('; ') }
}
