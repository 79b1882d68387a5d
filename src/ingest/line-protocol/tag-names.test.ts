import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { tagPathFault } from '#core/path.ts'
import { readSeries, tagPathOf } from './tag-names.ts'

function pathOf(series: string, field: string): string {
  const read = readSeries(series)
  return typeof read === 'string' ? read : tagPathOf(read, field)
}

test.each([
  ['m', 'value', 'influx/m/value'],
  ['cpu,host=h1,cpu=cpu-total', 'usage_idle', 'influx/cpu/cpu:cpu-total:host:h1/usage_idle'],
  ['cpu,cpu=cpu-total,host=h1', 'usage_idle', 'influx/cpu/cpu:cpu-total:host:h1/usage_idle'],
  ['machine,path=works/hall-1/pump-1', 'temperature', 'works/hall-1/pump-1/temperature'],
  ['opcua,path=works/hall-1/pump-1', 'temperature', 'works/hall-1/pump-1/opcua:temperature'],
  ['machine,path=works/hall-1/pump-1,axis=x', 'vibration', 'works/hall-1/pump-1/axis:x:vibration'],
  ['opcua,path=works/hall-1/pump-1,host=gw', 'temperature', 'works/hall-1/pump-1/opcua:host:gw:temperature'],
  ['weather\\ station,city=São\\ Paulo', 'wind\\ speed', 'influx/weather station/city:São Paulo/wind speed'],
  ['disk,path=/boot', 'used', 'influx/disk/path:_boot%b6cb984476b20e99/used'],
  ['m,path=influx/m', 'value', 'influx/m/path:influx_m%951202a59e27dbe0/value'],
  ['_internal', '_x', 'influx/internal%78cf227a38bb53a8/x%51a0c5df67f75888'],
])('%s %s is the tag %s', (series, field, path) => {
  expect(pathOf(series, field)).toBe(path)
})

test.each([
  ['m,host', 'the tag "host" is not written as key=value; escape , = and spaces by \\'],
  ['m,host=', 'the tag "host=" is not written'],
  ['m,=h1', 'the tag "=h1" is not written'],
  ['m,a=b=c', 'the tag "a=b=c" is not written'],
  ['m,', 'the tag "" is not written'],
  ['m,a=1,a=2', 'the tag "a" is there twice'],
])('%s is no series', (series, reason) => {
  expect(readSeries(series)).toContain(reason)
})

test('no two series share a tag, and every one has a path', () => {
  const name = fc.oneof(
    fc.constantFrom('a', 'b', 'machine', 'path', 'a:b', 'b:a', 'influx', 'x', 'works/pump', '%', '/', '_', 'a.b', 'é'),
    fc.string({ unit: fc.constantFrom('a', 'b', ':', '%', '/', ' ', ',', '=', '_', '-', 'é', '"', '#'), minLength: 1, maxLength: 6 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }).map((text) => text.replaceAll(/[\\\n]/g, '') || 'x'),
  )
  const series = fc.record({
    measurement: name,
    tags: fc.uniqueArray(fc.tuple(name, name), { selector: ([key]) => key, maxLength: 3 }),
    field: name,
  })
  const escaped = (text: string, special: RegExp) => text.replaceAll(special, '\\$&')
  const seen = new Map<string, string>()
  fc.assert(
    fc.property(series, ({ measurement, tags, field }) => {
      const key = [escaped(measurement, /[, ]/g), ...tags.map((pair) => pair.map((text) => escaped(text, /[,= ]/g)).join('='))].join(',')
      const path = pathOf(key, escaped(field, /[,= ]/g))
      expect(tagPathFault(path)).toBeUndefined()
      const own = JSON.stringify([measurement, tags.toSorted(([a], [b]) => (a < b ? -1 : 1)), field])
      expect(seen.get(path) ?? own).toBe(own)
      seen.set(path, own)
    }),
    { numRuns: 2000 },
  )
})
