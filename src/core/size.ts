// Sizes in bytes as people write them: 500MB, 1.5 GB, 20GiB.

const unitBytes: Record<string, number> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** Reads `500MB`, `1.5 GB`, `20GiB` as bytes, in capitals or not; undefined for anything else, and without a unit. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b)$/i.exec(text.trim())
  const unit = unitBytes[match?.[2]?.toLowerCase() ?? '']
  const bytes = unit === undefined ? Number.NaN : Math.round(Number(match?.[1]) * unit)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** e.g. `85.2 kB`. */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`
  const [unit, size] = bytes < 1e6 ? ['kB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : bytes < 1e12 ? ['GB', 1e9] : (['TB', 1e12] as const)
  return `${(bytes / size).toFixed(1)} ${unit}`
}
