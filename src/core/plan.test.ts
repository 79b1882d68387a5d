import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineDriver } from './driver.ts'
import { planConnection } from './plan.ts'
import { plantSchema } from './plant.ts'
import { profileSchema } from './profile.ts'
import { tagDefinitionSchema } from './tag.ts'

const module = defineDriver({
  name: 'demo',
  title: '',
  description: '',
  settings: z.strictObject({}),
  address: z.strictObject({ node: z.string() }),
  create: () => {
    throw new Error('not here')
  },
})
const profile = profileSchema.parse({
  profile: 'pump',
  title: 'Pump',
  tags: { speed: { unit: 'rpm' } },
  maps: { demo: { speed: { node: 'ns=2;s={machine}.speed' } } },
})

function plan(connection: object) {
  const file = plantSchema.parse({
    plant: 'p',
    machines: [{ path: 's/pump-1', profile: 'pump' }],
    connections: [{ name: 'c', driver: 'demo', ...connection }],
  })
  const plant = { ...file, profiles: new Map([['pump', profile]]) }
  return planConnection(plant.connections[0] as (typeof plant.connections)[number], plant, module, ['connections', 0])
}

test('a machine is read by the map of its profile, with its own name put in', () => {
  expect(plan({ machines: ['s/pump-1'] })).toMatchObject({
    points: [{ tag: 's/pump-1/speed', address: { node: 'ns=2;s=pump-1.speed' }, definition: { unit: 'rpm' } }],
  })
})

test('a single tag takes its definition from the profile where that declares it, and none from elsewhere', () => {
  const tags = { 's/pump-1/speed': { node: 'a' }, 's/pump-1/constructor': { node: 'b' }, 'm/toString': { node: 'c' } }
  expect(plan({ tags })).toMatchObject({
    points: [
      { definition: { unit: 'rpm' } },
      { tag: 's/pump-1/constructor', definition: tagDefinitionSchema.parse({}) },
      { tag: 'm/toString', definition: tagDefinitionSchema.parse({}) },
    ],
  })
})

test('everything that is wrong is said with its place', () => {
  expect(plan({ settings: { port: 1 }, machines: ['s/none'], tags: { 'm/t': { node: 1 } } })).toMatchObject([
    { at: ['connections', 0, 'settings', 'port'] },
    { at: ['connections', 0, 'machines', 0], message: expect.stringContaining('no machine "s/none"') },
    { at: ['connections', 0, 'tags', 'm/t', 'node'] },
  ])
})
