import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { unitsReference, unitsReferenceFile } from './units-reference.ts'

test('the page of units is the one that the program knows; write it again with: node scripts/units-reference.ts', () => {
  expect(readFileSync(unitsReferenceFile, 'utf8')).toBe(unitsReference())
})
