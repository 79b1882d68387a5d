// Makes a gateway token in a data folder, whether or not the server is running on it.
import { mkdir } from 'node:fs/promises'
import { createGatewayToken } from '#access/gateway-tokens.ts'
import { openDatabase } from '#database/open.ts'
import { databaseFile } from './folders.ts'

export async function makeGatewayToken(folder: string, gateway: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const database = await openDatabase(databaseFile(folder))
  try {
    return await createGatewayToken(database, gateway)
  } finally {
    await database.destroy()
  }
}
