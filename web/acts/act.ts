// A user's act as one small object: buttons, shortcuts and menus are made from it.
import type { ReactNode } from 'react'

export interface Act<Given, Result> {
  readonly name: string
  readonly icon: (properties: { size?: number }) => ReactNode
  readonly run: (given: Given) => Promise<Result>
}
