// Walks through the stored records of one tag, one by one, from the very first to the newest.
import { ActionIcon, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { MachineTag } from '#api/machines/schema.ts'
import { useZone } from '#web/data/clock.ts'
import { fetchSamples } from '#web/data/queries.ts'
import { firstRecord, lastRecord, nextRecord, previousRecord, type ReadRecords, type RecordWindow } from '#web/data/record-window.ts'
import { formatDateTime } from '#web/data/time-format.ts'
import { formatValue, qualityLevel, qualityText } from '#web/data/value-format.ts'
import { FirstIcon, LastIcon, NextIcon, PreviousIcon } from './icons.tsx'
import { Skeletons } from './loading.tsx'
import { Empty, Failed } from './notice.tsx'
import styles from './record-browser.module.css'

/** Records shown before and after the one looked at. */
const neighbours = 3

const noRecords: RecordWindow = { records: [], index: -1, after: undefined, before: null }
type Step = (window: RecordWindow, read: ReadRecords) => Promise<RecordWindow>
const toFirst: Step = (_, read) => firstRecord(read)
const toLast: Step = (_, read) => lastRecord(read)

export function RecordBrowser({ tags }: { tags: readonly MachineTag[] }) {
  const [name, setName] = useState<string>()
  const tag = tags.find((tag) => tag.name === name) ?? tags[0]
  return (
    <section className="panel" aria-label="Records">
      <div className="panel-head">
        <h2>Records</h2>
        <NativeSelect
          size="xs"
          aria-label="Tag whose records are shown"
          value={tag?.name}
          data={tags.map(({ name }) => name)}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      </div>
      {tag ? <Records key={tag.path} tag={tag} /> : <Empty title="No tags" />}
    </section>
  )
}

function Records({ tag }: { tag: MachineTag }) {
  const zone = useZone()
  const newest = useQuery({
    queryKey: ['records', tag.path],
    queryFn: () => lastRecord((asked) => fetchSamples(tag.path, asked)),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  const [walked, setWalked] = useState<RecordWindow>()
  const [failure, setFailure] = useState<unknown>()
  const [atEnd, setAtEnd] = useState(false)
  const window = walked ?? newest.data
  const error = failure ?? (window ? undefined : newest.error)
  const busy = useRef(false)

  const walk = async (step: Step) => {
    if (busy.current) return
    busy.current = true
    try {
      const before = window ?? noRecords
      const after = await step(before, (asked) => fetchSamples(tag.path, asked))
      setWalked(after)
      setAtEnd(step === nextRecord && after === before)
      setFailure(undefined)
    } catch (error) {
      setFailure(error)
    }
    busy.current = false
  }

  if (error) return <Failed what="The records" error={error} retry={() => void walk(toLast)} />
  if (!window) return <Skeletons count={4} height={28} label="Loading the records" />
  const record = window.records[window.index]
  if (!record) return <Empty title="No records yet">The first one appears here as soon as it is stored.</Empty>
  const start = Math.max(0, Math.min(window.index - neighbours, window.records.length - 2 * neighbours - 1))
  const isFirst = window.index === 0 && window.before === null
  return (
    <div className={styles.body}>
      <div className={styles.buttons} role="group" aria-label="Walk through the records">
        <StepButton label="First record" disabled={isFirst} Icon={FirstIcon} act={() => walk(toFirst)} />
        <StepButton label="Previous record" disabled={isFirst} Icon={PreviousIcon} act={() => walk(previousRecord)} />
        <StepButton label="Next record" disabled={false} Icon={NextIcon} act={() => walk(nextRecord)} />
        <StepButton label="Last record" disabled={false} Icon={LastIcon} act={() => walk(toLast)} />
        <span className="muted" role="status">
          {atEnd ? 'nothing newer yet' : isFirst ? 'the first record' : ''}
        </span>
      </div>
      <div className="scroll-x">
        <table className="table">
          <thead>
            <tr>
              <th>Source time ({zone})</th>
              <th className="number">Value</th>
              <th>Quality</th>
            </tr>
          </thead>
          <tbody>
            {window.records.slice(start, start + 2 * neighbours + 1).map((each) => (
              <tr key={each.time} className={each === record ? styles.current : styles.neighbour} aria-current={each === record}>
                <td className="nowrap">
                  {formatDateTime(Date.parse(each.time), zone, true)}
                  <span className="muted">{each.time.slice(23, 26)}</span>
                </td>
                <td className={typeof each.value === 'string' ? styles.text : 'number'}>
                  {formatValue(each.value, tag.decimals)} <span className="muted">{each.value === null ? '' : tag.unit}</span>
                </td>
                <td className={qualityLevel(each.quality) === 'good' ? 'muted' : ''}>{qualityText(each.quality)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

interface StepProperties {
  label: string
  disabled: boolean
  Icon: (properties: { size?: number }) => React.ReactNode
  act: () => Promise<void>
}

const StepButton = ({ label, disabled, Icon, act }: StepProperties) => (
  <ActionIcon variant="default" aria-label={label} disabled={disabled} onClick={() => void act()}>
    <Icon size={16} />
  </ActionIcon>
)
