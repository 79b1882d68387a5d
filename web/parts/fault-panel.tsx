// Demo only: inject a fault into this simulated machine, and the ground truth of what was wrong when. Absent without a simulation.
import { Button, NativeSelect, NumberInput, Slider } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { MachineTag } from '#api/machines/schema.ts'
import { messageOf } from '#core/errors.ts'
import type { Fault, FaultKind } from '#core/fault.ts'
import { faultKinds, injectFault } from '#web/acts/inject-fault.ts'
import { useZone } from '#web/data/clock.ts'
import { faultsQuery } from '#web/data/queries.ts'
import { formatClock } from '#web/data/time-format.ts'
import styles from './fault-panel.module.css'

const durationMaxSeconds = 86_400
/** Most faults listed, newest first. */
const listedMax = 12

export function FaultPanel({ machine, tags }: { machine: string; tags: readonly MachineTag[] }) {
  const { data: faults } = useQuery(faultsQuery)
  if (!faults) return null
  const own = faults.filter((fault) => fault.machine === machine).toSorted((a, b) => b.id - a.id)
  return (
    <section className="panel" aria-label="Simulated faults">
      <div className="panel-head">
        <h2>Simulated faults</h2>
        <span className="muted">demo</span>
      </div>
      <FaultForm machine={machine} tags={tags.filter(({ kind }) => kind === 'number')} />
      {own.length > 0 && <GroundTruth faults={own.slice(0, listedMax)} />}
    </section>
  )
}

function FaultForm({ machine, tags }: { machine: string; tags: readonly MachineTag[] }) {
  const client = useQueryClient()
  const [kind, setKind] = useState<FaultKind>('overheating')
  const [tag, setTag] = useState('')
  const [severity, setSeverity] = useState(1)
  const [seconds, setSeconds] = useState<number | string>(60)
  const inject = useMutation({
    mutationFn: injectFault.run,
    onSuccess: ({ fault, end }) => {
      notifications.show({ title: `${faultKinds[fault].label} injected`, message: `Planned until ${end.slice(11, 19)} UTC`, color: 'teal' })
      return client.invalidateQueries(faultsQuery)
    },
    onError: (error) =>
      notifications.show({ title: 'The fault was not injected', message: messageOf(error), color: 'yellow', autoClose: 10_000 }),
  })
  const { sensor } = faultKinds[kind]
  const Icon = injectFault.icon
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        inject.mutate({ machine, fault: kind, severity, durationSeconds: Number(seconds), ...(sensor && tag ? { tag } : {}) })
      }}
    >
      <NativeSelect
        size="xs"
        label="Fault"
        value={kind}
        data={Object.entries(faultKinds).map(([value, { label }]) => ({ value, label }))}
        onChange={(event) => setKind(event.currentTarget.value as FaultKind)}
      />
      <NativeSelect
        size="xs"
        label="Tag"
        value={tag}
        disabled={!sensor}
        data={[{ value: '', label: sensor ? 'first metric' : 'whole machine' }, ...tags.map(({ name }) => name)]}
        onChange={(event) => setTag(event.currentTarget.value)}
      />
      <NumberInput
        size="xs"
        label="Duration"
        suffix=" s"
        min={1}
        max={durationMaxSeconds}
        allowDecimal={false}
        value={seconds}
        onChange={setSeconds}
      />
      <div className={styles.severity}>
        <span id="severity-label">Severity {Math.round(severity * 100)} %</span>
        <Slider
          size="sm"
          min={0.1}
          max={1}
          step={0.1}
          value={severity}
          onChange={setSeverity}
          label={null}
          thumbProps={{ 'aria-labelledby': 'severity-label' }}
        />
      </div>
      <Button
        type="submit"
        size="xs"
        className={styles.submit}
        leftSection={<Icon size={15} />}
        loading={inject.isPending}
        disabled={!(Number(seconds) > 0)}
      >
        {injectFault.name}
      </Button>
    </form>
  )
}

function GroundTruth({ faults }: { faults: readonly Fault[] }) {
  const zone = useZone()
  return (
    <div className="scroll-x">
      <table className="table">
        <thead>
          <tr>
            <th>Fault</th>
            <th>Tag</th>
            <th className="number">Severity</th>
            <th>From</th>
            <th>To</th>
          </tr>
        </thead>
        <tbody>
          {faults.map((fault) => (
            <tr key={fault.id} className={fault.active ? undefined : 'muted'}>
              <td>
                {faultKinds[fault.fault].label}
                {fault.active && <strong className={styles.active}>active</strong>}
              </td>
              <td>{fault.tag ?? '—'}</td>
              <td className="number">{Math.round(fault.severity * 100)} %</td>
              <td className="nowrap">{formatClock(Date.parse(fault.start), zone)}</td>
              <td className="nowrap">{formatClock(Date.parse(fault.end), zone)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
