// Values as people read them: number of decimals, text for booleans and shapes, quality and limits in words.
import type { SampleJson } from '#api/schema.ts'
import { isBad, isGood, qualities, qualityOf } from '#core/quality.ts'
import type { Limits } from '#core/tag.ts'

/** A number with the given decimals, or with as many as its size makes sensible. */
export function formatNumber(value: number, decimals: number | null = null): string {
  const size = Math.abs(value)
  if (size >= 1e9 || (size > 0 && size < 1e-4 && decimals === null)) return value.toExponential(2)
  const shown = decimals ?? (Number.isInteger(value) ? 0 : size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4)
  // A value that rounds to nothing is not "-0".
  return value.toFixed(shown).replace(/^-(0(\.0*)?)$/, '$1')
}

export function formatValue(value: SampleJson['value'], decimals: number | null = null): string {
  if (value === null) return '—'
  if (typeof value === 'number') return formatNumber(value, decimals)
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return typeof value === 'string' ? value : value.shape.join('×')
}

export type QualityLevel = 'good' | 'uncertain' | 'bad'

export function qualityLevel(name: string): QualityLevel {
  const quality = qualityOf(name) ?? qualities.bad.code
  return isGood(quality) ? 'good' : isBad(quality) ? 'bad' : 'uncertain'
}

/** The quality in words. */
export const qualityText = (name: string): string =>
  Object.hasOwn(qualities, name) ? qualities[name as keyof typeof qualities].text : name

/** The limits that are set, by name. */
export const limitEntries = (limits: Limits | null) => Object.entries(limits ?? {}) as [keyof Limits, number][]

export const limitText: Record<keyof Limits, string> = { lowLow: 'very low', low: 'low', high: 'high', highHigh: 'very high' }

/** A value beyond a limit in words: `temperature 86.2 °C above 85 °C (high)`. */
export function beyondText(
  tag: { name: string; unit: string | null; decimals: number | null },
  value: number,
  limit: keyof Limits,
  at: number,
) {
  const unit = tag.unit ? ` ${tag.unit}` : ''
  const side = limit === 'high' || limit === 'highHigh' ? 'above' : 'below'
  return `${tag.name} ${formatNumber(value, tag.decimals)}${unit} ${side} ${at}${unit} (${limitText[limit]})`
}

/** How loud a limit is: red beyond the outer ones, amber beyond the inner. */
export const limitLevel = (limit: keyof Limits): 'amber' | 'red' => (limit === 'highHigh' || limit === 'lowLow' ? 'red' : 'amber')

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const

export function formatBytes(bytes: number): string {
  const step = Math.min(byteUnits.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)))
  return `${formatNumber(bytes / 1000 ** step, step === 0 ? 0 : 1)} ${byteUnits[step]}`
}

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
/** A whole number with its thousands apart by a thin space. */
export const formatCount = (count: number) => grouped.format(count).replaceAll(',', '\u202f')
