import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { planOwners } from './lease-plan.ts'

const ids = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 20 })

test('The plan is as even as can be, and the same in whatever order the members are known', () => {
  fc.assert(
    fc.property(ids, fc.integer({ min: 1, max: 100 }), (members, partitions) => {
      const plan = planOwners(partitions, members)
      expect(plan).toHaveLength(partitions)
      const counts = members.map((id) => plan.filter((owner) => owner === id).length)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      expect(planOwners(partitions, [...members.toReversed(), ...members])).toEqual(plan)
    }),
  )
})

test('A member that goes or comes moves few partitions besides those it had or gets', () => {
  let moved = 0
  let necessary = 0
  fc.assert(
    fc.property(ids, (members) => {
      const before = planOwners(64, [...members, 'newcomer'])
      const after = planOwners(64, members)
      moved += before.filter((owner, partition) => owner !== after[partition]).length
      necessary += before.filter((owner) => owner === 'newcomer').length
    }),
  )
  expect(moved).toBeLessThan(4 * necessary)
})

test('Without members nobody owns anything', () => {
  expect(planOwners(16, [])).toEqual([])
})
