// Every machine in one table: searchable, sortable, with live key values.
import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo, useState } from 'react'
import { passes } from '#web/data/plant-tree.ts'
import { machineMetricsQuery, machineStatusQuery } from '#web/data/queries.ts'
import { useTitle } from '#web/data/title.ts'
import { DeviceTable } from '#web/parts/device-table.tsx'
import { SearchIcon } from '#web/parts/icons.tsx'
import { Skeletons } from '#web/parts/loading.tsx'
import { Empty, Failed } from '#web/parts/notice.tsx'
import styles from './devices.module.css'

export function Devices() {
  useTitle('Devices')
  const machines = useQuery(machineStatusQuery)
  const details = useQuery(machineMetricsQuery)
  const [text, setText] = useState('')
  const searched = useDeferredValue(text)
  const metrics = useMemo(() => new Map(details.data?.map(({ path, metrics }) => [path, metrics ?? []])), [details.data])
  const rows = useMemo(
    () =>
      (machines.data ?? [])
        .filter((machine) => passes(machine, { status: 'all', text: searched, below: '' }))
        .map((machine) => ({ ...machine, metrics: metrics.get(machine.path) ?? [] })),
    [machines.data, metrics, searched],
  )
  if (machines.error && !machines.data) return <Failed what="The devices" error={machines.error} retry={() => void machines.refetch()} />
  return (
    <div className={styles.screen}>
      <div className={styles.bar}>
        <h1>Devices</h1>
        <span className="muted" role="status">
          {machines.data && (rows.length === machines.data.length ? `${rows.length}` : `${rows.length} of ${machines.data.length}`)}
        </span>
        <TextInput
          className={styles.search}
          aria-label="Search devices by name, path or profile"
          placeholder="Search by name, path or profile"
          leftSection={<SearchIcon size={16} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </div>
      {!machines.data ? (
        <Skeletons count={12} height={36} label="Loading the devices" />
      ) : rows.length === 0 ? (
        <Empty title={searched ? 'No device matches' : 'No devices yet'}>
          {searched
            ? `Nothing has “${searched}” in its name, path or profile.`
            : 'A machine appears here with its first sample, or when the plant file names it.'}
        </Empty>
      ) : (
        <DeviceTable rows={rows} />
      )}
    </div>
  )
}
