// One machine: live values against their limits, trend, fields, statistics, readings, records and, in the demo, faults.
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Machine } from '#api/machines/schema.ts'
import type { Fault } from '#core/fault.ts'
import { faultKinds } from '#web/acts/inject-fault.ts'
import { RequestFailed } from '#web/data/fetch.ts'
import { extentQuery } from '#web/data/extent.ts'
import { useWanted } from '#web/data/live-socket.ts'
import { faultsQuery, machineQuery } from '#web/data/queries.ts'
import { useStableList } from '#web/data/stable-list.ts'
import { type TimeRange, type WantedRange, wantedRange } from '#web/data/time-range.ts'
import { useTitle } from '#web/data/title.ts'
import { AlarmReasons } from '#web/parts/alarm-reasons.tsx'
import { FaultPanel } from '#web/parts/fault-panel.tsx'
import { FieldPanel } from '#web/parts/field-panel.tsx'
import { Skeletons } from '#web/parts/loading.tsx'
import { MetricTile } from '#web/parts/metric-tile.tsx'
import { Empty, Failed } from '#web/parts/notice.tsx'
import { Age } from '#web/parts/reading.tsx'
import { ReadingsTable } from '#web/parts/readings-table.tsx'
import { RecordBrowser } from '#web/parts/record-browser.tsx'
import { StatisticsTable } from '#web/parts/statistics-table.tsx'
import { StatusBadge } from '#web/parts/status-mark.tsx'
import type { TrendPeriod } from '#web/parts/trend-backdrop.ts'
import { TrendPanel } from '#web/parts/trend-panel.tsx'
import styles from './machine.module.css'

/** Lines in the chart before anybody chose. */
const firstLines = 2
/** Values shown large when no profile chooses them. */
const tilesMax = 8

export function MachineScreen() {
  const { _splat: path = '' } = useParams({ from: '/machines/$' })
  const { data: machine, error, refetch } = useQuery(machineQuery(path))
  useTitle(machine?.name ?? path)
  useWanted(
    undefined,
    useMemo(() => [path], [path]),
  )
  if (error instanceof RequestFailed && error.status === 404)
    return (
      <Empty title="There is no such machine">
        {path} is not known here. <Link to="/">Back to the overview</Link>
      </Empty>
    )
  if (error && !machine) return <Failed what={`The machine ${path}`} error={error} retry={() => void refetch()} />
  if (!machine)
    return (
      <div className={styles.screen}>
        <Skeleton height={48} />
        <Skeletons count={1} height={110} label={`Loading ${path}`} />
        <Skeleton height={420} />
      </div>
    )
  return <MachineView key={path} machine={machine} />
}

function MachineView({ machine }: { machine: Machine }) {
  const search = useSearch({ from: '/machines/$' })
  const navigate = useNavigate({ from: '/machines/$' })
  const { tags } = machine
  const metrics = useMemo(() => {
    const named = machine.metrics.flatMap((name) => tags.find((tag) => tag.name === name) ?? [])
    return machine.profile && named.length > 0 ? named : tags.filter(({ kind }) => kind !== 'array').slice(0, tilesMax)
  }, [tags, machine.metrics, machine.profile])
  const chosen =
    search.tags ??
    metrics
      .filter(({ kind }) => kind === 'number')
      .slice(0, firstLines)
      .map(({ name }) => name)
  const range = useRange(
    wantedRange(search),
    tags.filter(({ name, kind }) => (chosen.length > 0 ? chosen.includes(name) : kind === 'array')).map(({ path }) => path),
  )
  const arrays = tags.filter(({ kind }) => kind === 'array')
  const { data: faults } = useQuery(faultsQuery)
  const shownNames = useStableList(chosen)
  const periods = useMemo(() => periodsOf(faults ?? [], machine.path, shownNames), [faults, machine.path, shownNames])
  const stale = machine.status === 'offline'
  // Beside a field, which is tall, or below the statistics: the columns stay of about one height.
  const records = <RecordBrowser tags={tags.filter(({ kind }) => kind !== 'array')} />
  const change = (changed: Partial<Record<'range' | 'from' | 'to' | 'tags', unknown>>) =>
    void navigate({ params: { _splat: machine.path }, search: { ...search, ...changed } as typeof search, resetScroll: false })
  return (
    <div className={styles.screen}>
      <Head machine={machine} />
      {!stale && <AlarmReasons tags={tags} />}
      <div className={styles.tiles}>
        {metrics.map((tag) => (
          <MetricTile key={tag.path} tag={tag} stale={stale} />
        ))}
      </div>
      <TrendPanel
        tags={tags}
        chosen={chosen}
        choose={(names) => change({ tags: names })}
        range={range}
        periods={periods}
        changeRange={(wanted) =>
          change(
            wanted === 'all' || 'preset' in wanted
              ? { range: wanted === 'all' ? 'all' : wanted.preset, from: undefined, to: undefined }
              : { from: new Date(wanted.from).toISOString(), to: new Date(wanted.to).toISOString() },
          )
        }
      />
      <div className={styles.columns}>
        <div className={styles.column}>
          {arrays.length > 0 && <FieldPanel tags={arrays} range={range} />}
          <StatisticsTable tags={tags} range={range} />
          {arrays.length === 0 && records}
        </div>
        <div className={styles.column}>
          <ReadingsTable tags={tags} stale={stale} />
          {arrays.length > 0 && records}
          <FaultPanel machine={machine.path} metrics={machine.metrics} />
        </div>
      </div>
    </div>
  )
}

/** When a fault was simulated that the shown tags may tell of; those derived from a tag, such as field.max, go with it. */
function periodsOf(faults: readonly Fault[], machine: string, shown: readonly string[]): TrendPeriod[] {
  const touches = ({ tag }: Fault) => tag === null || shown.some((name) => name === tag || name.startsWith(`${tag}.`))
  return faults
    .filter((fault) => fault.machine === machine && touches(fault))
    .map(({ fault, start, end }) => ({ from: Date.parse(start), to: Date.parse(end), label: faultKinds[fault].label }))
}

/** The wanted range, the same object while it is the same; "all" is live until the server has said how far that is. */
function useRange(wanted: WantedRange, paths: readonly string[]): TimeRange {
  const extent = useQuery(extentQuery(useStableList(paths))).data
  const key = JSON.stringify(wanted === 'all' ? (extent ? { ...extent, all: true } : { preset: 'live' }) : wanted)
  return useMemo(() => JSON.parse(key) as TimeRange, [key])
}

function Head({ machine }: { machine: Machine }) {
  const groups = machine.path.split('/').slice(0, -1)
  return (
    <header className={styles.head}>
      <div className={styles.names}>
        <nav className={styles.crumbs} aria-label="Place">
          <Link to="/">Overview</Link>
          {groups.map((group, index) => (
            <Link key={`${index} ${group}`} to="/" search={{ below: groups.slice(0, index + 1).join('/') }}>
              {group}
            </Link>
          ))}
        </nav>
        <h1>{machine.name}</h1>
      </div>
      <dl className={styles.facts}>
        <div>
          <dt>Status</dt>
          <dd>
            <StatusBadge status={machine.status} />
          </dd>
        </div>
        <div>
          <dt>Last seen</dt>
          <dd>
            <Age time={machine.lastSeen} tags={machine.tags} />
          </dd>
        </div>
        <div>
          <dt>Profile</dt>
          <dd>{machine.profile ? machine.title : 'none'}</dd>
        </div>
        <div>
          <dt>{machine.connections.length === 1 ? 'Connection' : 'Connections'}</dt>
          <dd>{machine.connections.length > 0 ? <Link to="/connections">{machine.connections.join(', ')}</Link> : 'posted'}</dd>
        </div>
      </dl>
    </header>
  )
}
