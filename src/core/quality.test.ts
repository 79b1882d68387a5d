import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isBad, isGood, qualities, qualityName, qualityOf, qualityOfStatus, severityOf, type QualityName } from './quality.ts'

const names = Object.keys(qualities) as QualityName[]

test('every name is read back from its code', () => {
  for (const name of names) expect(qualityName(qualityOf(name) as number)).toBe(name)
  expect(new Set(names.map((name) => qualities[name].code)).size).toBe(names.length)
  for (const wrong of ['', 'Good', 'toString', '__proto__']) expect(qualityOf(wrong)).toBeUndefined()
})

test('a name tells its severity, and so do the code and the OPC UA status behind it', () => {
  for (const name of names) {
    const { code, opcua } = qualities[name]
    expect(name.startsWith(severityOf(code))).toBe(true)
    expect(severityOf(qualityOfStatus(opcua))).toBe(severityOf(code))
  }
})

test('every byte has exactly one severity and a name of it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), (quality) => {
      const severity = severityOf(quality)
      expect([isGood(quality), isBad(quality)]).toEqual([severity === 'good', severity === 'bad'])
      expect(qualityName(quality).startsWith(severity)).toBe(true)
    }),
  )
})

test('any OPC UA status keeps its severity, whatever its info bits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (status) => {
      const severity = (['good', 'uncertain', 'bad', 'bad'] as const)[status >>> 30]
      expect(severityOf(qualityOfStatus(status))).toBe(severity)
      expect(qualityOfStatus(((status & 0xffff_0000) | 0x0480) >>> 0)).toBe(qualityOfStatus(status))
    }),
  )
  expect(qualityOfStatus(0x808c_0000)).toBe(qualities.badSensorFailure.code)
  expect(qualityOfStatus(0x4000_0000)).toBe(qualities.uncertain.code)
})
