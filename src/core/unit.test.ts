import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { unitFault, units } from './unit.ts'

test('every unit is known once, and right as it stands', () => {
  expect(new Set(units).size).toBe(units.length)
  for (const unit of units) expect(unitFault(unit)).toBeUndefined()
})

test.for([
  ['degC', '°C'],
  ['℃', '°C'],
  ['celsius', '°C'],
  ['percent', '%'],
  ['KWH', 'kWh'],
  ['m3/h', 'm³/h'],
  ['m/s^2', 'm/s²'],
  ['uS/cm', 'µS/cm'],
  ['μm', 'µm'],
  ['\u2126', 'Ω'],
  ['l/min', 'L/min'],
  ['U/min', 'rpm'],
  ['Bar', 'bar'],
] as const)('%s is refused with the symbol %s', ([written, symbol]) => {
  expect(unitFault(written)).toBe(`unknown unit "${written}"; write "${symbol}"`)
})

test('where two symbols could be meant, both are named', () => {
  expect(unitFault('mw')).toBe('unknown unit "mw"; write "mW" or "MW"')
})

test('anything else is sent to the reference', () => {
  expect(unitFault('furlong')).toMatch(/docs\/reference\/units\.md/)
  expect(unitFault('')).toMatch(/or leave it out/)
  fc.assert(
    fc.property(fc.string(), (text) => {
      const suggested = /; write ("\S+"(?: or "\S+")*)$/.exec(unitFault(text) ?? '')?.[1]
      for (const symbol of suggested?.split(' or ') ?? []) expect(units).toContain(symbol.slice(1, -1))
    }),
  )
})
