// The table of devices: sorting by TanStack Table, and only the rows in sight exist.
import { createColumnHelper, createSortedRowModel, rowSortingFeature, tableFeatures, useTable } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { Link } from '@tanstack/react-router'
import { useRef } from 'react'
import type { MachineSummary, MachineTag } from '#api/machines/schema.ts'
import { useWanted } from '#web/data/live-socket.ts'
import { urgency } from '#web/data/machine-order.ts'
import { byPath } from '#web/data/plant-tree.ts'
import { useStableList } from '#web/data/stable-list.ts'
import { Age, Reading } from './reading.tsx'
import { StatusBadge } from './status-mark.tsx'
import { ChevronIcon, SortIcon } from './icons.tsx'
import styles from './device-table.module.css'

export interface DeviceRow extends MachineSummary {
  readonly metrics: readonly MachineTag[]
}

/** Most live values in a row. */
const metricsMax = 3
const rowHeightPx = 38

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() })
const helper = createColumnHelper<typeof features, DeviceRow>()
const compare = (a: string, b: string) => byPath({ path: a }, { path: b })
const columns = helper.columns([
  helper.accessor('status', {
    header: 'Status',
    sortFn: (a, b) => urgency[a.original.status] - urgency[b.original.status],
    cell: ({ row }) => <StatusBadge status={row.original.status} />,
  }),
  helper.accessor('name', {
    header: 'Name',
    sortFn: (a, b) => compare(a.original.name, b.original.name),
    cell: ({ row }) => (
      <Link to="/machines/$" params={{ _splat: row.original.path }} className={styles.link}>
        {row.original.name}
      </Link>
    ),
  }),
  helper.accessor('path', {
    header: 'Path',
    sortFn: (a, b) => compare(a.original.path, b.original.path),
    cell: ({ row }) => <span className="muted">{row.original.path}</span>,
  }),
  helper.accessor(({ profile }) => profile ?? '', {
    id: 'profile',
    header: 'Profile',
    sortFn: (a, b) => compare(a.original.profile ?? '', b.original.profile ?? ''),
    cell: ({ row }) => row.original.profile ?? <span className="muted">none</span>,
  }),
  helper.display({
    id: 'metrics',
    header: 'Live values',
    cell: ({ row }) => (
      <span className={styles.values}>
        {row.original.metrics.slice(0, metricsMax).map((tag) => (
          <span key={tag.path} className={styles.metric}>
            <span className="muted">{tag.name}</span>{' '}
            <Reading tag={tag} {...(row.original.status === 'offline' ? { stale: true, words: 'nowhere' } : {})} />
          </span>
        ))}
      </span>
    ),
  }),
  helper.accessor(({ lastSeen }) => lastSeen ?? '', {
    id: 'lastSeen',
    header: 'Last seen',
    // Machines seen within the same second keep their order, so that live rows do not dance.
    sortFn: (a, b) => compare((a.original.lastSeen ?? '').slice(0, 19), (b.original.lastSeen ?? '').slice(0, 19)),
    cell: ({ row }) => <Age time={row.original.lastSeen} tags={row.original.metrics} />,
  }),
])

export function DeviceTable({ rows: data }: { rows: DeviceRow[] }) {
  const scroller = useRef<HTMLDivElement>(null)
  const table = useTable({
    features,
    columns,
    data,
    getRowId: ({ path }) => path,
    initialState: { sorting: [{ id: 'path', desc: false }] },
    enableSortingRemoval: false,
  })
  const { rows } = table.getRowModel()
  // oxlint-disable-next-line react/incompatible-library -- the React Compiler is not in use
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 8,
  })
  const shown = virtualizer.getVirtualItems()
  useWanted(useStableList(shown.flatMap(({ index }) => rows[index]?.original.metrics.slice(0, metricsMax).map(({ path }) => path) ?? [])))
  return (
    <div ref={scroller} className={`panel ${styles.scroller}`} role="region" aria-label="Devices" tabIndex={0}>
      <div role="table" aria-rowcount={rows.length + 1} className={styles.table}>
        <div role="rowgroup" className={styles.head}>
          {table.getHeaderGroups().map((group) => (
            <div key={group.id} role="row" className={styles.row}>
              {group.headers.map((header) => {
                const sorted = header.column.getIsSorted()
                return (
                  <div
                    key={header.id}
                    role="columnheader"
                    className={`${styles.cell} ${styles[header.column.id] ?? ''}`}
                    aria-sort={sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : undefined}
                  >
                    {header.column.getCanSort() ? (
                      <button type="button" className={styles.sort} data-sorted={sorted} onClick={header.column.getToggleSortingHandler()}>
                        <table.FlexRender header={header} />
                        {sorted ? <ChevronIcon size={11} /> : <SortIcon size={13} />}
                      </button>
                    ) : (
                      <table.FlexRender header={header} />
                    )}
                  </div>
                )
              })}
            </div>
          ))}
        </div>
        <div role="rowgroup" style={{ height: virtualizer.getTotalSize() }} className={styles.body}>
          {shown.map(({ index, start, key }) => {
            const row = rows[index]
            if (!row) return null
            return (
              <div
                key={key}
                ref={virtualizer.measureElement}
                data-index={index}
                role="row"
                aria-rowindex={index + 2}
                data-status={row.original.status}
                className={`${styles.row} ${styles.device}`}
                style={{ transform: `translateY(${start}px)` }}
              >
                {row.getAllCells().map((cell) => (
                  <div key={cell.id} role="cell" className={`${styles.cell} ${styles[cell.column.id] ?? ''}`}>
                    <table.FlexRender cell={cell} />
                  </div>
                ))}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}
