// Mantine in Millwright's colours: dark slate, teal for what can be pressed, amber and red kept for alarms.
import { createTheme, type CSSVariablesResolver } from '@mantine/core'

export const theme = createTheme({
  primaryColor: 'teal',
  primaryShade: 6,
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  colors: {
    teal: ['#e6fffa', '#ccfbf1', '#99f6e4', '#5eead4', '#2dd4bf', '#1fc9b4', '#14b8a6', '#0d9488', '#0f766e', '#115e59'],
    dark: ['#e2e8f0', '#b9c5d5', '#94a3b8', '#64748b', '#2a3a52', '#1b2940', '#0c1628', '#08101f', '#050b18', '#020617'],
  },
})

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {},
  dark: {
    '--mantine-color-body': '#020617',
    '--mantine-color-text': '#e2e8f0',
    '--mantine-color-dimmed': '#94a3b8',
    '--mantine-color-default': '#0a1322',
    '--mantine-color-default-hover': '#111d31',
    '--mantine-color-default-border': 'rgba(45, 212, 191, 0.22)',
    '--mantine-color-placeholder': '#7587a0',
  },
})

/** Line colours of a chart, in order; none is near the alarm colours. */
export const lineColors = ['#2dd4bf', '#60a5fa', '#c084fc', '#f0abfc', '#a3e635', '#e2e8f0', '#67e8f9', '#94a3b8'] as const

/** Amber marks a value beyond high or low, red one beyond high-high or low-low. */
export const limitColors = { high: '#f59e0b', low: '#f59e0b', highHigh: '#ef4444', lowLow: '#ef4444' } as const
