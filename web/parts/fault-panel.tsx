// Demo only: inject a fault into this simulated machine, and the ground truth of what was wrong when. Absent without a simulation.
import { Button, NativeSelect, NumberInput, Slider } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { messageOf } from '#core/errors.ts'
import type { Fault, FaultKind, SimulatedMachine } from '#core/fault.ts'
import { faultKinds, injectFault } from '#web/acts/inject-fault.ts'
import { useZone } from '#web/data/clock.ts'
import { faultsQuery, simulatedMachinesQuery } from '#web/data/queries.ts'
import { formatClock } from '#web/data/time-format.ts'
import { SourceTime } from './reading.tsx'
import styles from './fault-panel.module.css'

const durationMaxSeconds = 86_400
/** Most faults listed, newest first. */
const listedMax = 12

export function FaultPanel({ machine, metrics }: { machine: string; metrics: readonly string[] }) {
  const { data: simulated } = useQuery(simulatedMachinesQuery)
  const { data: faults } = useQuery(faultsQuery)
  const twin = simulated?.find(({ path }) => path === machine)
  if (!twin || !faults) return null
  const own = faults.filter((fault) => fault.machine === machine).toSorted((a, b) => b.id - a.id)
  return (
    <section className="panel" aria-label="Simulated faults">
      <div className="panel-head">
        <h2>Simulated faults</h2>
        <span className="muted">demo</span>
      </div>
      <FaultForm twin={twin} metrics={metrics} />
      {own.length > 0 && <GroundTruth faults={own.slice(0, listedMax)} />}
      {own.length > listedMax && (
        <p className={styles.more}>
          The newest {listedMax} of {own.length}
        </p>
      )}
    </section>
  )
}

function FaultForm({ twin, metrics }: { twin: SimulatedMachine; metrics: readonly string[] }) {
  const client = useQueryClient()
  const zone = useZone()
  const [kind, setKind] = useState<FaultKind>('overheating')
  // Of an array only statistics are metrics: its own name is before the dot.
  const firstSensor = metrics.map((name) => name.split('.')[0]).find((name) => twin.sensors.some((sensor) => sensor === name))
  const [tag, setTag] = useState(firstSensor ?? twin.sensors[0])
  const [severity, setSeverity] = useState(1)
  const [seconds, setSeconds] = useState<number | string>(60)
  const inject = useMutation({
    mutationFn: injectFault.run,
    onSuccess: ({ fault, end }) => {
      notifications.show({
        title: `${faultKinds[fault].label} injected`,
        message: `Ends at ${formatClock(Date.parse(end), zone)}`,
        color: 'teal',
      })
      return client.invalidateQueries(faultsQuery)
    },
    onError: (error) =>
      notifications.show({ title: 'The fault was not injected', message: messageOf(error), color: 'yellow', autoClose: 10_000 }),
  })
  const { acts } = faultKinds[kind]
  const Icon = injectFault.icon
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        inject.mutate({
          machine: twin.path,
          fault: kind,
          severity,
          durationSeconds: Number(seconds),
          ...(acts === 'sensor' && tag ? { tag } : {}),
        })
      }}
    >
      <NativeSelect
        size="xs"
        label="Fault"
        value={kind}
        data={twin.faults.map((value) => ({ value, label: faultKinds[value].label }))}
        onChange={(event) => setKind(event.currentTarget.value as FaultKind)}
      />
      <NativeSelect
        size="xs"
        label="Affected tag"
        value={acts === 'sensor' ? tag : ''}
        disabled={acts !== 'sensor'}
        data={acts === 'sensor' ? twin.sensors : [{ value: '', label: 'whole machine' }]}
        onChange={(event) => setTag(event.currentTarget.value)}
      />
      <NumberInput
        size="xs"
        label="Duration"
        suffix=" s"
        disabled={kind === 'restart'}
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
          disabled={acts === 'connection'}
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
            <th>Start</th>
            <th>End</th>
          </tr>
        </thead>
        <tbody>
          {faults.map((fault) => (
            <tr key={fault.id} className={fault.active ? undefined : 'muted'}>
              <td>
                {faultKinds[fault.fault].label}
                {fault.active && <strong className={styles.active}>active</strong>}
              </td>
              <td>{fault.tag ?? 'whole machine'}</td>
              <td className="number">{faultKinds[fault.fault].acts === 'connection' ? '—' : `${Math.round(fault.severity * 100)} %`}</td>
              <td>
                <SourceTime ms={Date.parse(fault.start)} zone={zone} withMs={false} />
              </td>
              <td>
                <SourceTime ms={Date.parse(fault.end)} zone={zone} withMs={false} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
