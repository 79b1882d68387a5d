// Repeatable randomness for the simulators: the same seed and name always give the same run, and machines never share a stream.

export interface Random {
  /** Uniform, 0 ≤ x < 1. */
  next(): number
  /** Standard normal. */
  normal(): number
}

/** A stream of its own for each (seed, name): sfc32 (PractRand) seeded by FNV-1a hashes of both. */
export function randomOf(seed: number, name: string): Random {
  let a = fnv1a(`${seed}:${name}`)
  let b = fnv1a(`${name}:${seed}`)
  let c = a ^ 0x9e37_79b9
  let counter = 1
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 0x1_0000_0000
  }
  for (let warmUp = 0; warmUp < 12; warmUp++) next()
  let spare: number | undefined
  /** Box-Muller, both values used. */
  const normal = () => {
    if (spare !== undefined) {
      const value = spare
      spare = undefined
      return value
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()))
    const angle = 2 * Math.PI * next()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
  return { next, normal }
}

function fnv1a(text: string): number {
  let hash = 0x811c_9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193)
  return hash | 0
}
