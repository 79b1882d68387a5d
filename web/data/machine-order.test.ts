import { expect, test } from 'vitest'
import type { MachineSummary } from '#api/machines/schema.ts'
import { machineOrders, readOverviewSearch } from './machine-order.ts'

const machine = (
  path: string,
  status: MachineSummary['status'],
  lastSeen: string | null = '2026-01-01T00:00:00.000000Z',
): MachineSummary => ({
  path,
  name: path,
  profile: null,
  status,
  lastSeen,
  tagCount: 1,
})

test('alarms come first, then the most recently lost, then the healthy in the order of the plant', () => {
  const machines = [
    machine('a10', 'healthy'),
    machine('a2', 'healthy'),
    machine('b', 'offline', '2020-03-09T10:00:00.000000Z'),
    machine('c', 'offline', null),
    machine('d', 'offline', '2026-01-01T11:00:00.000000Z'),
    machine('e', 'alarm'),
  ]
  expect(machines.toSorted(machineOrders.urgency.compare).map(({ path }) => path)).toEqual(['e', 'd', 'b', 'c', 'a2', 'a10'])
  expect(machines.toSorted(machineOrders.plant.compare).map(({ path }) => path)).toEqual(['a2', 'a10', 'b', 'c', 'd', 'e'])
})

test('of an address only what makes sense is taken', () => {
  expect(readOverviewSearch({ status: 'alarm', below: 'a/b', order: 'urgency', other: 1 })).toEqual({
    status: 'alarm',
    below: 'a/b',
    order: 'urgency',
  })
  expect(readOverviewSearch({ status: 'toString', below: 7, order: 'toString' })).toEqual({})
})
