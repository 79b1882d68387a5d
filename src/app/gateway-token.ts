// Makes a gateway token in the database of a server, whether or not the server is running.
import { mkdir } from 'node:fs/promises'
import { createGatewayToken } from '#access/gateway-tokens.ts'
import { ConfigError } from '#core/errors.ts'
import { ownGateway } from '#core/plant.ts'
import { openDatabase } from '#database/open.ts'
import { databasePlace } from './folders.ts'

/** Makes the token. Throws `ConfigError`, also for the gateway inside the server: two of one name would take each other's place. */
export async function makeGatewayToken(folder: string, databaseUrl: string | undefined, gateway: string): Promise<string> {
  if (gateway === ownGateway)
    throw new ConfigError(`"${ownGateway}" is the gateway inside the server, which needs no token; name the other one otherwise`)
  await mkdir(folder, { recursive: true })
  const database = await openDatabase(databasePlace(folder, databaseUrl))
  try {
    return await createGatewayToken(database, gateway)
  } finally {
    await database.destroy()
  }
}
