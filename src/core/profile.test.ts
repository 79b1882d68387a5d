import { expect, test } from 'vitest'
import { profileSchema } from './profile.ts'

test.each(['constructor', 'toString', 'hasOwnProperty'])('"%s" is among the tags only when the profile declares it', (name) => {
  const profile = (tags: object) => ({ profile: 'p', title: 'P', metrics: [name], tags, maps: { modbus: { [name]: {} } } })
  const { error } = profileSchema.safeParse(profile({}))
  expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['metrics.0', `maps.modbus.${name}`])
  expect(profileSchema.safeParse(profile({ [name]: {} })).success).toBe(true)
})

test('a precision is refused where there is nothing to round', () => {
  const profile = (kind: string) => ({ profile: 'p', title: 'P', tags: { t: { kind, shape: [2], precision: 0.1 } } })
  expect(profileSchema.safeParse(profile('text')).error?.message).toMatch('precision is for numbers and arrays')
  for (const kind of ['number', 'array']) expect(profileSchema.safeParse(profile(kind)).success).toBe(true)
})
