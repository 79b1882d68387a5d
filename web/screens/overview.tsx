// The plant at a glance: tree, counts by status, and a live card per machine.
import { CloseButton, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useDeferredValue, useMemo, useState } from 'react'
import { machineOrders, type MachineOrder, type OverviewSearch, readOverviewSearch } from '#web/data/machine-order.ts'
import { machineMetricsQuery, machineStatusQuery } from '#web/data/queries.ts'
import { buildPlantTree, byPath, countStatuses, passes, statuses } from '#web/data/plant-tree.ts'
import { useTitle } from '#web/data/title.ts'
import { CardGrid } from '#web/parts/card-grid.tsx'
import { ChevronIcon, SearchIcon } from '#web/parts/icons.tsx'
import { Skeletons } from '#web/parts/loading.tsx'
import { Empty, Failed } from '#web/parts/notice.tsx'
import { PlantTree } from '#web/parts/plant-tree.tsx'
import { StatusFilter } from '#web/parts/status-filter.tsx'
import styles from './overview.module.css'

export function Overview() {
  const machinesQuery = useQuery(machineStatusQuery)
  const metricsQuery = useQuery(machineMetricsQuery)
  const { status = 'all', below = '', order = 'plant' } = useSearch({ from: '/' })
  const navigate = useNavigate({ from: '/' })
  const change = (changed: { [Key in keyof OverviewSearch]: OverviewSearch[Key] | undefined }) =>
    void navigate({ search: (search) => readOverviewSearch({ ...search, ...changed }), resetScroll: false })
  const [text, setText] = useState('')
  const [treeOpen, setTreeOpen] = useState(false)
  const machines = useMemo(() => (machinesQuery.data ?? []).toSorted(byPath), [machinesQuery.data])
  const tree = useMemo(() => buildPlantTree(machines), [machines])
  const metrics = useMemo(() => new Map(metricsQuery.data?.map(({ path, metrics }) => [path, metrics ?? []])), [metricsQuery.data])
  const searched = useDeferredValue(text)
  const inPlace = useMemo(
    () => machines.filter((machine) => passes(machine, { status: 'all', text: searched, below })),
    [machines, searched, below],
  )
  const shown = useMemo(
    () => inPlace.filter((machine) => status === 'all' || machine.status === status).toSorted(machineOrders[order].compare),
    [inPlace, status, order],
  )
  const counts = countStatuses(inPlace)
  useTitle(counts.alarm > 0 ? `Overview (${counts.alarm} in alarm)` : 'Overview')

  if (machinesQuery.error && !machinesQuery.data)
    return <Failed what="The machines" error={machinesQuery.error} retry={() => void machinesQuery.refetch()} />
  return (
    <div className={styles.layout}>
      <h1 className={styles.title}>Overview</h1>
      <a href="#machines" className="skip">
        Skip the plant to its machines
      </a>
      <aside className={`panel ${styles.tree}`} data-open={treeOpen}>
        <button type="button" className={styles.toggle} aria-expanded={treeOpen} onClick={() => setTreeOpen(!treeOpen)}>
          <ChevronIcon size={14} /> {below || 'Whole plant'}
        </button>
        <div className={styles.treeBody}>
          {machinesQuery.data ? (
            <PlantTree
              roots={tree}
              total={machines.length}
              chosen={below}
              choose={(below) => {
                change({ below })
                setTreeOpen(false)
              }}
            />
          ) : (
            <Skeletons count={8} height={20} label="Loading the plant" />
          )}
        </div>
      </aside>
      <section className={styles.main} aria-label="Machines" id="machines" tabIndex={-1}>
        <div className={styles.bar}>
          <StatusFilter
            total={inPlace.length}
            counts={counts}
            statuses={statuses}
            chosen={status}
            choose={(status) => change({ status: status === 'all' ? undefined : status })}
          />
          <NativeSelect
            className={styles.order}
            aria-label="Order of the machines"
            value={order}
            data={Object.entries(machineOrders).map(([value, { label }]) => ({ value, label }))}
            onChange={(event) => change({ order: event.currentTarget.value as MachineOrder })}
          />
          <TextInput
            className={styles.search}
            aria-label="Filter machines by name, path or profile"
            placeholder="Filter by name, path or profile"
            leftSection={<SearchIcon size={16} />}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            rightSection={text && <CloseButton size="sm" aria-label="Clear" onClick={() => setText('')} />}
          />
        </div>
        {!machinesQuery.data || metricsQuery.isLoading ? (
          <Skeletons count={5} height={142} label="Loading the machines" />
        ) : machines.length === 0 ? (
          <Empty title="No machines yet">
            A machine appears here with its first sample, or when the plant file names it. Add a connection to the plant file, or start the
            demo with millwright start --demo.
          </Empty>
        ) : shown.length === 0 ? (
          <Empty title="No machine matches">
            <button
              type="button"
              className={styles.clear}
              onClick={() => {
                setText('')
                change({ status: undefined, below: undefined })
              }}
            >
              Show all {machines.length} machines
            </button>
          </Empty>
        ) : (
          <CardGrid machines={shown} metrics={metrics} />
        )}
      </section>
    </div>
  )
}
