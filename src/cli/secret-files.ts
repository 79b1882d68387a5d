// Settings that hold secrets may lie in files, as Docker and Kubernetes hand them over: NATS_URL_FILE names the file that says what NATS_URL would.
import { readFileSync } from 'node:fs'
import { ConfigError, messageOf } from '#core/errors.ts'

const secrets = ['NATS_URL', 'DATABASE_URL', 'MILLWRIGHT_TOKEN']

/** Reads such files into the environment. Throws `ConfigError`, also when a secret is given in both ways. */
export function readSecretFiles(env: NodeJS.ProcessEnv): void {
  for (const name of secrets) {
    const file = env[`${name}_FILE`]
    if (!file) continue
    if (env[name]) throw new ConfigError(`${name} and ${name}_FILE are both set; leave one of them out`)
    try {
      env[name] = readFileSync(file, 'utf8').trim()
    } catch (error) {
      throw new ConfigError(`${name}_FILE names a file that cannot be read: ${messageOf(error)}`)
    }
  }
}
