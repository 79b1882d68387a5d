// Our colour map for fields: lightness rises evenly from deep blue over teal to pale yellow, so that equal steps of value look like
// equal steps, also printed in grey and for colour-blind eyes. Made in OKLCH (B. Ottosson, 2020). Pure.

const steps = 256

/** Linear-light sRGB of an OKLab colour. */
function toLinear(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
}

const toByte = (linear: number): number => {
  const level = Math.min(1, Math.max(0, linear))
  return Math.round(255 * (level <= 0.0031308 ? 12.92 * level : 1.055 * level ** (1 / 2.4) - 0.055))
}

const inGamut = (color: readonly number[]) => color.every((level) => level >= 0 && level <= 1)

/** The colour at `position` from 0 to 1 as sRGB bytes. */
function colorAt(position: number): [number, number, number] {
  const lightness = 0.2 + 0.76 * position
  const hue = ((285 - 185 * position) * Math.PI) / 180
  let chroma = 0.19
  let linear = toLinear(lightness, chroma * Math.cos(hue), chroma * Math.sin(hue))
  // Chroma gives way where the screen cannot show it; lightness never does.
  while (!inGamut(linear) && chroma > 0) {
    chroma = Math.max(0, chroma - 0.004)
    linear = toLinear(lightness, chroma * Math.cos(hue), chroma * Math.sin(hue))
  }
  return [toByte(linear[0]), toByte(linear[1]), toByte(linear[2])]
}

/** 256 colours, three bytes each. */
export const colorMap: Uint8Array = Uint8Array.from(Array.from({ length: steps }, (_, step) => colorAt(step / (steps - 1))).flat())

/** The map as a CSS gradient, from its low end upwards or to the right. */
export function colorGradient(direction: 'to top' | 'to right'): string {
  const stops = Array.from({ length: 17 }, (_, stop) => {
    const at = Math.round((stop / 16) * (steps - 1)) * 3
    return `rgb(${colorMap[at]} ${colorMap[at + 1]} ${colorMap[at + 2]})`
  })
  return `linear-gradient(${direction}, ${stops.join(', ')})`
}

/** Paints values between `min` and `max` as RGBA pixels; values beyond take the end colours. */
export function paint(data: Float32Array, min: number, max: number, pixels: Uint8ClampedArray): void {
  const scale = max > min ? (steps - 1) / (max - min) : 0
  for (let i = 0; i < data.length; i++) {
    const step = Math.min(steps - 1, Math.max(0, Math.round(((data[i] as number) - min) * scale))) * 3
    pixels[i * 4] = colorMap[step] as number
    pixels[i * 4 + 1] = colorMap[step + 1] as number
    pixels[i * 4 + 2] = colorMap[step + 2] as number
    pixels[i * 4 + 3] = 255
  }
}
