import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { referenceFile, referencePages } from './reference.ts'

test.each(Object.entries(referencePages))(
  'docs/reference/%s is what the program knows; write it again with: node scripts/reference.ts',
  (name, page) => {
    expect(readFileSync(referenceFile(name), 'utf8')).toBe(page)
  },
)
