// What an OPC UA connection and an OPC UA point are told.
import { z } from 'zod'
import { coerceNodeId } from 'node-opcua-client'

/** Policies that are still considered safe, and the two older ones that some machines know only (OPC 10000-7). */
export const securityPolicies = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss', 'Basic256', 'Basic128Rsa15'] as const

export const settingsSchema = z
  .strictObject({
    endpointUrl: z
      .string()
      .regex(/^opc\.tcp:\/\/[^\s/]+/, 'write it as opc.tcp://host:4840')
      .describe('Address of the server, e.g. opc.tcp://press-4:4840'),
    securityMode: z.enum(['None', 'Sign', 'SignAndEncrypt']).default('None').describe('Protection of the messages'),
    securityPolicy: z.enum(securityPolicies).optional().describe('With Sign and SignAndEncrypt; Basic256Sha256 when left out'),
    user: z.string().min(1).optional().describe('User name; anonymous when left out'),
    password: z.string().optional().describe('Password of the user'),
    publishingMs: z.number().min(10).max(3_600_000).default(250).describe('How often the server sends what has changed'),
    samplingMs: z.number().min(0).max(3_600_000).default(250).describe('How often the server looks for a change; 0 is as fast as it can'),
    queueSize: z.int().min(1).max(10_000).default(10).describe('Values per node that the server keeps between two publishings'),
  })
  .refine((settings) => settings.securityMode !== 'None' || settings.securityPolicy === undefined, {
    path: ['securityPolicy'],
    message: 'a policy needs securityMode Sign or SignAndEncrypt',
  })
  .refine((settings) => (settings.user === undefined) === (settings.password === undefined), {
    path: ['password'],
    message: 'user and password go together',
  })
export type OpcuaSettings = z.infer<typeof settingsSchema>

const namespaceUri = /^nsu=([^;]+);(.+)$/
const localId = /^(ns=\d+;)?(i=\d+|[sgb]=.+)$/s

export const addressSchema = z.strictObject({
  nodeId: z
    .string()
    .refine(isNodeId, 'write it as ns=1;s=Temperature, ns=2;i=1234 or nsu=urn:vendor:machine;s=Temperature')
    .describe('The node, with its namespace as index (ns=1;s=Temperature) or, safer, as URI (nsu=urn:vendor:machine;s=Temperature)'),
})
export type OpcuaAddress = z.infer<typeof addressSchema>

function isNodeId(text: string): boolean {
  try {
    const { local } = splitNodeId(text)
    return localId.test(local) && coerceNodeId(local) !== undefined
  } catch {
    return false
  }
}

/** The namespace URI, where one is given, and the rest. */
export function splitNodeId(text: string): { readonly uri?: string; readonly local: string } {
  const [, uri, local] = namespaceUri.exec(text) ?? []
  return uri !== undefined && local !== undefined ? { uri, local } : { local: text }
}
