// Small charts side by side as SVG: one figure each over sizes on a logarithmic axis, from zero up.
import { round } from './statistics.ts'

export interface Panel {
  readonly title: string
  readonly note: string
  readonly points: readonly { readonly x: number; readonly label: string; readonly y: number }[]
}

const columns = 4
const panel = { width: 250, height: 170 }
const plot = { left: 24, right: 24, top: 56, bottom: 28 }
const [ink, pale, line] = ['#1f2933', '#7b8794', '#0b7285']

export function plotSvg(panels: readonly Panel[]): string {
  const width = columns * panel.width
  const height = Math.ceil(panels.length / columns) * panel.height
  const parts = panels.map((each, index) => {
    const [x, y] = [(index % columns) * panel.width, Math.floor(index / columns) * panel.height]
    return `<g transform="translate(${x} ${y})">${panelSvg(each)}</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
${parts.join('\n')}
</svg>
`
}

function panelSvg({ title, note, points }: Panel): string {
  const most = Math.max(...points.map(({ y }) => y)) || 1
  const [first, last] = [Math.log(points[0]?.x ?? 1), Math.log(points.at(-1)?.x ?? 1)]
  const bottom = panel.height - plot.bottom
  const spots = points.map(({ x, y, label }) => ({
    label,
    text: round(y).toLocaleString('en'),
    x: Math.round(plot.left + ((Math.log(x) - first) / (last - first || 1)) * (panel.width - plot.left - plot.right)),
    y: Math.round(bottom - (y / most) * (bottom - plot.top)),
  }))
  const texts = spots.flatMap(({ x, y, label, text }) => [
    `<circle cx="${x}" cy="${y}" r="3" fill="${line}"/>`,
    `<text x="${x}" y="${y - 7}" text-anchor="middle" fill="${ink}">${text}</text>`,
    `<text x="${x}" y="${bottom + 15}" text-anchor="middle" fill="${pale}">${label}</text>`,
  ])
  return [
    `<text x="8" y="18" fill="${ink}" font-weight="600">${escaped(title)}</text>`,
    `<text x="8" y="32" fill="${pale}">by ${escaped(note)}</text>`,
    `<line x1="${plot.left}" x2="${panel.width - plot.right}" y1="${bottom}" y2="${bottom}" stroke="${pale}" stroke-width="0.5"/>`,
    `<polyline points="${spots.map(({ x, y }) => `${x},${y}`).join(' ')}" fill="none" stroke="${line}" stroke-width="1.5"/>`,
    ...texts,
  ].join('')
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
