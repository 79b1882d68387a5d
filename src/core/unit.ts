// The engineering units Millwright knows, by their usual symbol (UNECE Recommendation 20 / UCUM print symbols).

export const unitGroups = {
  temperature: '°C °F K',
  pressure: 'Pa hPa kPa MPa mbar bar psi',
  'length, area, volume': 'µm mm cm m km m² m³ mL L',
  motion: 'mm/s m/s km/h mm/s² m/s² g₀ rpm ° rad rad/s °/s',
  'mass, force, torque': 'mg g kg t N kN Nm kNm',
  flow: 'mL/min L/min L/h L/s m³/h m³/s kg/s kg/h t/h',
  time: 'µs ms s min h d',
  'electricity, energy': 'mV V kV µA mA A Ω kΩ MΩ mW W kW MW VA kVA var kvar Wh kWh MWh J kJ MJ Ah',
  frequency: 'Hz kHz MHz',
  'ratio, concentration': '% ‰ ppm ppb pH mg/L g/m³ mg/m³ µg/m³',
  'sound, light, water': 'dB dB(A) lx lm cd µS/cm mS/cm NTU',
  data: 'B kB MB GB B/s kB/s MB/s bit/s kbit/s Mbit/s',
  counting: 'pcs pcs/min pcs/h 1/min 1/s',
} as const

export const units: readonly string[] = Object.values(unitGroups).flatMap((group) => group.split(' '))

const known = new Set(units)
const byFolded = Map.groupBy(units, fold)
const aliases = new Map([
  ...['c', 'degc', 'celsius', 'gradc', 'oc'].map((alias) => [alias, '°C'] as const),
  ...['f', 'degf', 'fahrenheit'].map((alias) => [alias, '°F'] as const),
  ...['kelvin', 'degk'].map((alias) => [alias, 'K'] as const),
  ...['percent', 'pct', '%rh', 'rh'].map((alias) => [alias, '%'] as const),
  ...['r/min', 'u/min', 'revs/min'].map((alias) => [alias, 'rpm'] as const),
  ['cbm', 'm³'],
  ['cmh', 'm³/h'],
  ...['lpm', 'l/m'].map((alias) => [alias, 'L/min'] as const),
  ['ohm', 'Ω'],
  ['deg', '°'],
  ['kbps', 'kbit/s'],
  ['mbps', 'Mbit/s'],
  ['sec', 's'],
  ['hour', 'h'],
  ['day', 'd'],
])

/** Spellings that differ in case, blanks, dots, raised digits or the letter for micro only. */
function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s.^]/g, '')
    .replace(/^[μµ]/, 'u')
}

/** What is wrong with a unit, with the nearest known ones, or undefined when it is known. */
export function unitFault(unit: string): string | undefined {
  if (known.has(unit)) return undefined
  const alias = aliases.get(fold(unit))
  const meant = byFolded.get(fold(unit)) ?? (alias === undefined ? [] : [alias])
  return meant.length > 0
    ? `unknown unit "${unit}"; write ${meant.map((symbol) => `"${symbol}"`).join(' or ')}`
    : `unknown unit "${unit}"; write one of the symbols in docs/reference/units.md, or leave it out`
}
