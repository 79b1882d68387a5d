// The engineering units Millwright knows, by their usual symbol (UNECE Recommendation 20 / UCUM print symbols).

export const units: readonly string[] = [
  '°C °F K',
  'Pa hPa kPa MPa mbar bar psi',
  'µm mm cm m km m² m³ mL L',
  'mm/s m/s km/h mm/s² m/s² g₀ rpm ° rad rad/s °/s',
  'mg g kg t N kN Nm kNm',
  'mL/min L/min L/h L/s m³/h m³/s kg/s kg/h t/h',
  'µs ms s min h d',
  'mV V kV µA mA A Ω kΩ MΩ mW W kW MW VA kVA var kvar Wh kWh MWh J kJ MJ Ah',
  'Hz kHz MHz % ‰ ppm ppb pH dB dB(A) lx lm cd µS/cm mS/cm NTU mg/L g/m³ mg/m³ µg/m³',
  'B kB MB GB B/s kB/s MB/s bit/s kbit/s Mbit/s pcs pcs/min pcs/h 1/min 1/s',
].flatMap((group) => group.split(' '))

const known = new Set(units)
const byFolded = new Map(units.map((unit) => [fold(unit), unit]))
const aliases = new Map([
  ...['c', 'degc', 'celsius', 'gradc', 'oc'].map((alias) => [alias, '°C'] as const),
  ...['f', 'degf', 'fahrenheit'].map((alias) => [alias, '°F'] as const),
  ...['kelvin', 'degk'].map((alias) => [alias, 'K'] as const),
  ...['percent', 'pct', '%rh', 'rh'].map((alias) => [alias, '%'] as const),
  ...['r/min', 'u/min', 'revs/min'].map((alias) => [alias, 'rpm'] as const),
  ...['m3', 'cbm'].map((alias) => [alias, 'm³'] as const),
  ...['m3/h', 'cmh'].map((alias) => [alias, 'm³/h'] as const),
  ...['lpm', 'l/m'].map((alias) => [alias, 'L/min'] as const),
  ['ohm', 'Ω'],
  ['deg', '°'],
  ['kbps', 'kbit/s'],
  ['mbps', 'Mbit/s'],
  ['sec', 's'],
  ['hour', 'h'],
  ['day', 'd'],
])

function fold(text: string): string {
  return text.toLowerCase().replaceAll(/[\s.]/g, '').replaceAll('μ', 'µ')
}

/** What is wrong with a unit, with the nearest known one, or undefined when it is known. */
export function unitFault(unit: string): string | undefined {
  if (known.has(unit)) return undefined
  const meant = byFolded.get(fold(unit)) ?? aliases.get(fold(unit))
  return meant
    ? `unknown unit "${unit}"; write "${meant}"`
    : `unknown unit "${unit}"; write one of the symbols in docs/reference/units.md, or leave it out`
}
