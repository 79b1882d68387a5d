// Writes the pages of docs/reference/ from what the program knows: node scripts/reference.ts
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '#app/package-folder.ts'
import { qualities } from '#core/quality.ts'
import { unitGroups } from '#core/unit.ts'

const folder = join(packageFolder, 'docs', 'reference')
const origin = 'This page is written by `node scripts/reference.ts`.'

/** The pages by file name. */
export const referencePages: Readonly<Record<string, string>> = {
  'units.md': `# Units

The unit of a tag is one of these symbols, written exactly so. Other spellings are refused, and the message names the symbol that is meant:
\`degC\` is answered with \`°C\`, \`m3/h\` with \`m³/h\`. A tag without a unit is fine; so is leaving the unit out where none of these fits.

${Object.entries(unitGroups)
  .map(([quantity, symbols]) => `- ${quantity}: ${symbols.split(' ').map(code).join(' ')}`)
  .join('\n')}

The symbols are the usual print symbols of UNECE Recommendation 20 and UCUM. ${origin}
`,
  'qualities.md': `# Qualities

Every sample has a quality. Its name is what the API reads and writes; in a batch frame it is one byte, whose two high bits are the severity as in OPC UA
(00 good, 01 uncertain, 10 bad). A sample without a value has a bad quality, and limits and averages leave bad samples out.

| name | meaning | byte | OPC UA status |
|---|---|---|---|
${Object.entries(qualities)
  .map(([name, { code: byte, opcua, text }]) => `| \`${name}\` | ${text} | ${hex(byte, 2)} | ${hex(opcua, 8)} |`)
  .join('\n')}

The statuses are those of OPC 10000-6, annex A. ${origin}
`,
}

export const referenceFile = (name: string) => join(folder, name)

function code(text: string): string {
  return `\`${text}\``
}

function hex(number: number, digits: number): string {
  return `0x${number.toString(16).padStart(digits, '0')}`
}

if (import.meta.main) for (const [name, page] of Object.entries(referencePages)) writeFileSync(referenceFile(name), page)
