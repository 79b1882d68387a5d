// How values come in: every connection with its state and its ledger, and the gateways that run them.
import { useQuery } from '@tanstack/react-query'
import { connectionsQuery, gatewaysQuery } from '#web/data/queries.ts'
import { useTitle } from '#web/data/title.ts'
import { ConnectionCard } from '#web/parts/connection-card.tsx'
import { GatewayCard } from '#web/parts/gateway-card.tsx'
import { Skeletons } from '#web/parts/loading.tsx'
import { Empty, Failed } from '#web/parts/notice.tsx'
import styles from './connections.module.css'

export function Connections() {
  useTitle('Connections')
  const connections = useQuery(connectionsQuery)
  const gateways = useQuery(gatewaysQuery)
  return (
    <div className={styles.screen}>
      <section className={styles.section} aria-labelledby="connections-title">
        <h1 id="connections-title">Connections</h1>
        {connections.error && !connections.data ? (
          <Failed what="The connections" error={connections.error} retry={() => void connections.refetch()} />
        ) : !connections.data ? (
          <Skeletons count={3} height={150} label="Loading the connections" />
        ) : connections.data.length === 0 ? (
          <Empty title="No connections">
            No gateway has reported a connection. Name one in the plant file, or post samples to /api/v1/samples.
          </Empty>
        ) : (
          <div className={styles.grid}>
            {connections.data.map((connection) => (
              <ConnectionCard key={`${connection.gateway} ${connection.name}`} connection={connection} />
            ))}
          </div>
        )}
      </section>
      <section className={styles.section} aria-labelledby="gateways-title">
        <h1 id="gateways-title">Gateways</h1>
        {gateways.error && !gateways.data ? (
          <Failed what="The gateways" error={gateways.error} retry={() => void gateways.refetch()} />
        ) : !gateways.data ? (
          <Skeletons count={1} height={150} label="Loading the gateways" />
        ) : gateways.data.length === 0 ? (
          <Empty title="No gateways">No gateway has ever reported to this server.</Empty>
        ) : (
          <div className={styles.grid}>
            {gateways.data.map((gateway) => (
              <GatewayCard key={gateway.name} gateway={gateway} />
            ))}
          </div>
        )}
      </section>
    </div>
  )
}
