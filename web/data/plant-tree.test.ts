import { expect, test } from 'vitest'
import type { MachineSummary } from '#api/machines/schema.ts'
import { buildPlantTree, countStatuses, passes, type PlantNode } from './plant-tree.ts'

const machine = (path: string, status: MachineSummary['status'] = 'healthy'): MachineSummary => ({
  path,
  name: `The ${path.split('/').at(-1)}`,
  profile: 'pump',
  status,
  lastSeen: null,
  tagCount: 1,
})

const outline = (nodes: readonly PlantNode[]): unknown =>
  nodes.map(({ name, children }) => (children.length > 0 ? [name, outline(children)] : name))

test('machines become a tree of their path segments, in natural order', () => {
  const tree = buildPlantTree([
    machine('plant/line 10/mill'),
    machine('plant/line 2/saw'),
    machine('plant/line 2/drill'),
    machine('annex/pump'),
  ])
  expect(outline(tree)).toEqual([
    ['annex', ['pump']],
    [
      'plant',
      [
        ['line 2', ['drill', 'saw']],
        ['line 10', ['mill']],
      ],
    ],
  ])
})

test('every level counts the machines below it by status', () => {
  const tree = buildPlantTree([machine('a/b/one', 'alarm'), machine('a/b/two'), machine('a/c/three', 'offline')])
  expect(tree[0]?.counts).toEqual({ healthy: 1, alarm: 1, offline: 1 })
  expect(tree[0]?.children[0]?.counts).toEqual({ healthy: 1, alarm: 1, offline: 0 })
})

test('a machine may have machines below it', () => {
  const tree = buildPlantTree([machine('cell'), machine('cell/robot')])
  expect(tree[0]?.machine?.path).toBe('cell')
  expect(tree[0]?.children[0]?.machine?.path).toBe('cell/robot')
})

test('no machines make no tree', () => {
  expect(buildPlantTree([])).toEqual([])
  expect(countStatuses([])).toEqual({ healthy: 0, alarm: 0, offline: 0 })
})

test('a filter wants the status, the place and every word', () => {
  const pump = machine('plant/hall/pump-7', 'alarm')
  const all = { status: 'all', text: '', below: '' } as const
  expect(passes(pump, all)).toBe(true)
  expect(passes(pump, { ...all, status: 'offline' })).toBe(false)
  expect(passes(pump, { ...all, text: 'HALL pump' })).toBe(true)
  expect(passes(pump, { ...all, text: 'hall press' })).toBe(false)
  expect(passes(pump, { ...all, below: 'plant/hall' })).toBe(true)
  expect(passes(pump, { ...all, below: 'plant/ha' })).toBe(false)
})
