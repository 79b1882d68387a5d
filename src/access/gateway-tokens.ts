// Tokens by which gateways on other machines prove who they are. Only hashes are kept; a token is shown once, when it is made.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { ConfigError } from '#core/errors.ts'
import type { Database } from '#database/open.ts'

const pattern = /^mwg\.([a-z0-9][a-z0-9-]{0,62})\.[\w-]{43}$/

/** Makes a token for a gateway; an earlier one of the same gateway stops working. */
export async function createGatewayToken(database: Database, gateway: string): Promise<string> {
  const token = `mwg.${gateway}.${randomBytes(32).toString('base64url')}`
  if (!pattern.test(token)) throw new ConfigError(`"${gateway}" is no gateway name; write lower-case letters, digits and -`)
  const row = { gateway, hash: hashOf(token), createdAt: Date.now() * 1000 }
  await database
    .insertInto('gatewayToken')
    .values(row)
    .onConflict((conflict) => conflict.column('gateway').doUpdateSet(row))
    .execute()
  return token
}

/** The gateway that a token belongs to, or undefined. */
export async function gatewayOfToken(database: Database, token: string): Promise<string | undefined> {
  const gateway = pattern.exec(token)?.[1]
  if (gateway === undefined) return undefined
  const row = await database.selectFrom('gatewayToken').select('hash').where('gateway', '=', gateway).executeTakeFirst()
  return row && timingSafeEqual(Buffer.from(row.hash), Buffer.from(hashOf(token))) ? gateway : undefined
}

/** A token is 256 random bits, so a plain hash is enough. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
