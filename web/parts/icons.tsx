// The icons in use, drawn on a grid of 24, one stroke.
import type { ReactNode } from 'react'

const draw = (shape: ReactNode, label: string) => {
  const Icon = ({ size = 18 }: { size?: number }) => (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {shape}
    </svg>
  )
  Icon.displayName = label
  return Icon
}

export const LogoIcon = draw(<path d="M3 18V7l4.5 6L12 6l4.5 7L21 7v11" strokeWidth={2.6} />, 'LogoIcon')
export const OverviewIcon = draw(<path d="M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z" />, 'OverviewIcon')
export const DevicesIcon = draw(<path d="M4 6h16M4 12h16M4 18h16" />, 'DevicesIcon')
export const ConnectionsIcon = draw(<path d="M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4" />, 'ConnectionsIcon')
export const SearchIcon = draw(<path d="M11 4a7 7 0 1 0 0 14a7 7 0 0 0 0-14zM16 16l4.5 4.5" />, 'SearchIcon')
export const ChevronIcon = draw(<path d="M9 5l7 7l-7 7" />, 'ChevronIcon')
export const MenuIcon = draw(<path d="M4 7h16M4 12h16M4 17h16" />, 'MenuIcon')
export const CloseIcon = draw(<path d="M6 6l12 12M18 6L6 18" />, 'CloseIcon')
export const PlayIcon = draw(<path d="M7 5l12 7l-12 7z" fill="currentColor" />, 'PlayIcon')
export const PauseIcon = draw(<path d="M8 5v14M16 5v14" strokeWidth={3} />, 'PauseIcon')
export const FirstIcon = draw(<path d="M6 5v14M18 5l-8 7l8 7" />, 'FirstIcon')
export const LastIcon = draw(<path d="M18 5v14M6 5l8 7l-8 7" />, 'LastIcon')
export const PreviousIcon = draw(<path d="M15 5l-7 7l7 7" />, 'PreviousIcon')
export const NextIcon = draw(<path d="M9 5l7 7l-7 7" />, 'NextIcon')
export const BackIcon = draw(<path d="M10 5l-6 6l6 6M4 11h10a6 6 0 0 1 6 6v2" />, 'BackIcon')
export const CheckIcon = draw(<path d="M5 12.5l4.5 4.5L19 7" />, 'CheckIcon')
export const WarningIcon = draw(<path d="M12 4l9.5 16h-19zM12 10v4.5M12 17.2v.3" />, 'WarningIcon')
export const FaultIcon = draw(<path d="M13 3L5 14h6l-1 7l8-11h-6z" />, 'FaultIcon')
export const SortIcon = draw(<path d="M8 10l4-4l4 4M8 14l4 4l4-4" />, 'SortIcon')
