import { expect, test } from 'vitest'
import { HeatField } from './heat-field.ts'

const noLoss = Infinity
const heatOf = (field: HeatField) => field.cells.reduce((sum, value) => sum + (value - field.ambient), 0)

test('Without loss the plate keeps its heat, whatever happens at its insulated edges', () => {
  const field = new HeatField(50, 24)
  field.heat(3, 45, 1.5, 1000)
  const before = heatOf(field)
  for (let i = 0; i < 500; i++) field.step(0.1, noLoss)
  expect(heatOf(field)).toBeCloseTo(before, 0)
})

test('A spot brings exactly the heat it was told to', () => {
  const field = new HeatField(50, 24)
  field.heat(25.3, 24.6, 2, 1000)
  expect(heatOf(field) / 1000).toBeCloseTo(1, 1)
})

test('Loss to ambient takes the heat away with its time constant', () => {
  const field = new HeatField(50, 24)
  field.heat(25, 25, 2, 1000)
  const before = heatOf(field)
  for (let i = 0; i < 220; i++) field.step(0.1, 22)
  expect(heatOf(field) / before).toBeCloseTo(Math.exp(-1), 2)
})

test('Heat spreads as diffusion does: the variance grows by 2αt in each direction', () => {
  const field = new HeatField(101, 0)
  field.heat(50, 50, 2, 1000)
  for (let i = 0; i < 100; i++) field.step(0.1, noLoss)
  let weighted = 0
  field.cells.forEach((value, i) => (weighted += value * ((i % 101) - 50) ** 2))
  expect(weighted / heatOf(field)).toBeCloseTo(4 + 2 * 2 * 10, 0)
})
