// The frame around every screen: name, navigation, state of the server, clock.
import { ActionIcon } from '@mantine/core'
import { Link, Outlet } from '@tanstack/react-router'
import { type KeyboardEvent, useRef, useState } from 'react'
import { useConnection } from '#web/data/live-socket.ts'
import { Clock } from '#web/parts/clock.tsx'
import { CloseIcon, ConnectionsIcon, DevicesIcon, LogoIcon, MenuIcon, OverviewIcon } from '#web/parts/icons.tsx'
import { ServerState } from '#web/parts/server-state.tsx'
import { HealthSummary } from '#web/parts/health-summary.tsx'
import styles from './shell.module.css'

const destinations = [
  { to: '/', label: 'Overview', Icon: OverviewIcon },
  { to: '/devices', label: 'Devices', Icon: DevicesIcon },
  { to: '/connections', label: 'Connections', Icon: ConnectionsIcon },
] as const

export function Shell() {
  const [menuOpen, setMenuOpen] = useState(false)
  const menuButton = useRef<HTMLButtonElement>(null)
  const closeOnEscape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !menuOpen || event.defaultPrevented) return
    setMenuOpen(false)
    menuButton.current?.focus()
  }
  return (
    <div className={styles.shell}>
      <a href="#content" className="skip">
        Skip to the content
      </a>
      <header className={styles.header} onKeyDown={closeOnEscape}>
        <Link to="/" className={styles.brand} aria-label="Millwright, overview">
          <LogoIcon size={22} />
          <span>Millwright</span>
        </Link>
        <nav className={styles.nav} aria-label="Main" data-open={menuOpen} id="main-navigation">
          {destinations.map(({ to, label, Icon }) => (
            <Link
              key={to}
              to={to}
              className={styles.destination}
              activeOptions={{ exact: to === '/', includeSearch: false }}
              activeProps={{ 'data-active': true }}
              onClick={() => setMenuOpen(false)}
            >
              <Icon />
              {label}
            </Link>
          ))}
          <div className={styles.aside}>
            <HealthSummary />
            <Clock />
          </div>
        </nav>
        <ServerState />
        <ActionIcon
          ref={menuButton}
          className={styles.menu}
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={menuOpen ? 'Close the menu' : 'Open the menu'}
          aria-expanded={menuOpen}
          aria-controls="main-navigation"
          onClick={() => setMenuOpen(!menuOpen)}
        >
          {menuOpen ? <CloseIcon /> : <MenuIcon />}
        </ActionIcon>
      </header>
      <Content />
    </div>
  )
}

/** Says to every reading below whether the server is there. */
function Content() {
  const { state } = useConnection()
  return (
    <main id="content" className={styles.content} data-live={state === 'live' || state === 'connecting'} tabIndex={-1}>
      <Outlet />
    </main>
  )
}
