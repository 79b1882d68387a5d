// Gateways that were let in are remembered for a moment, so that not every request asks the database, and for longer while that does not answer.
import { createHash } from 'node:crypto'
import type { Clock } from '#core/clock.ts'

/** How long a token that was made invalid may still be let in. */
const freshMs = 10_000
const withoutDatabaseMs = 3_600_000
const tokensMax = 10_000

type GatewayOfToken = (token: string) => Promise<string | undefined>

/** The same question with a memory. */
export function rememberTokens(gatewayOfToken: GatewayOfToken, clock: Clock): GatewayOfToken {
  /** By the token's hash. */
  const known = new Map<string, { readonly gateway: string; readonly askedMs: number }>()
  return async (token) => {
    const key = createHash('sha256').update(token).digest('hex')
    const before = known.get(key)
    const ageMs = before ? clock.elapsedMs() - before.askedMs : Infinity
    if (before && ageMs < freshMs) return before.gateway
    try {
      const gateway = await gatewayOfToken(token)
      known.delete(key)
      if (known.size >= tokensMax) known.clear()
      if (gateway !== undefined) known.set(key, { gateway, askedMs: clock.elapsedMs() })
      return gateway
    } catch (error) {
      if (before && ageMs < withoutDatabaseMs) return before.gateway
      throw error
    }
  }
}
