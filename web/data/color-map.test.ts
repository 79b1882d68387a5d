import { expect, test } from 'vitest'
import { colorGradient, colorMap, paint } from './color-map.ts'

/** Relative luminance of sRGB bytes (WCAG 2.2). */
function luminance(step: number): number {
  const [red, green, blue] = [0, 1, 2].map((channel) => {
    const level = (colorMap[step * 3 + channel] as number) / 255
    return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

test('the map grows lighter with every step, so that it reads in grey too', () => {
  for (let step = 4; step < 256; step += 4) expect(luminance(step)).toBeGreaterThan(luminance(step - 4))
})

test('the ends are far apart', () => {
  expect(luminance(255) / luminance(0)).toBeGreaterThan(30)
})

test('values are painted between the ends of the scale and stop there', () => {
  const pixels = new Uint8ClampedArray(16)
  paint(Float32Array.of(-5, 0, 10, 99), 0, 10, pixels)
  expect(Array.from(pixels.slice(0, 4))).toEqual([...colorMap.slice(0, 3), 255])
  expect(Array.from(pixels.slice(4, 7))).toEqual(Array.from(colorMap.slice(0, 3)))
  expect(Array.from(pixels.slice(8, 11))).toEqual(Array.from(colorMap.slice(-3)))
  expect(Array.from(pixels.slice(12, 15))).toEqual(Array.from(colorMap.slice(-3)))
})

test('a field of one value is painted, not divided by zero', () => {
  const pixels = new Uint8ClampedArray(4)
  paint(Float32Array.of(7), 7, 7, pixels)
  expect([...pixels]).toEqual([...colorMap.slice(0, 3), 255])
})

test('the scale bar runs through the same colours', () => {
  expect(colorGradient('to top')).toContain(`rgb(${colorMap.slice(0, 3).join(' ')})`)
})
