// Writes docs/reference/units.md from the units that the program knows: node scripts/units-reference.ts
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '#app/package-folder.ts'
import { unitGroups } from '#core/unit.ts'

export const unitsReferenceFile = join(packageFolder, 'docs', 'reference', 'units.md')

export function unitsReference(): string {
  const lines = Object.entries(unitGroups).map(([quantity, symbols]) => {
    const cells = symbols.split(' ').map((symbol) => `\`${symbol}\``)
    return `- ${quantity}: ${cells.join(' ')}`
  })
  return `# Units

The unit of a tag is one of these symbols, written exactly so. Other spellings are refused, and the message names the symbol that is meant:
\`degC\` is answered with \`°C\`, \`m3/h\` with \`m³/h\`. A tag without a unit is fine; so is leaving the unit out where none of these fits.

${lines.join('\n')}

The symbols are the usual print symbols of UNECE Recommendation 20 and UCUM. This page is written by \`node scripts/units-reference.ts\`.
`
}

if (import.meta.main) writeFileSync(unitsReferenceFile, unitsReference())
