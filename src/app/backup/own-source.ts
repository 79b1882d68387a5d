// The running server as the source of a backup.
import { join } from 'node:path'
import { RetryLater } from '#core/errors.ts'
import { copyOf } from '#database/sqlite.ts'
import type { Gateway } from '#gateway/gateway.ts'
import type { EmbeddedStore } from '#store/embedded/embedded-store.ts'
import type { BackupSource } from './back-up.ts'

export interface OwnParts {
  readonly folder: string
  readonly databaseUrl: string | undefined
  readonly store: Pick<EmbeddedStore, 'backup' | 'statistics'>
  /** Undefined until it is made. */
  readonly gateway: () => (Pick<Gateway, 'copyOutbox'> & { report(): { readonly outbox: { readonly bytes: number } } }) | undefined
}

export function ownBackupSource({ folder, databaseUrl, store, gateway }: OwnParts): BackupSource {
  return {
    async copyOutbox(file) {
      const own = gateway()
      if (!own) throw new RetryLater('Millwright is still starting; try again in a moment')
      own.copyOutbox(file)
    },
    copyStore: (target) => store.backup(target),
    copyDatabase: databaseUrl ? undefined : (file) => copyOf(join(folder, 'millwright.db'), file),
    connections: join(folder, 'gateway', 'connections'),
    bytes: () => store.statistics().bytesOnDisk + (gateway()?.report().outbox.bytes ?? 0),
  }
}
