// What stands where content would be: nothing there, something failed, no such page.
import { Button } from '@mantine/core'
import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { messageOf } from '#core/errors.ts'
import { useConnection } from '#web/data/live-socket.ts'
import { WarningIcon } from './icons.tsx'
import styles from './notice.module.css'

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.notice}>
      <p className={styles.title}>{title}</p>
      {children && <p className={styles.text}>{children}</p>}
    </div>
  )
}

/** Says what failed and why, and offers to try again. */
export function Failed({ what, error, retry }: { what: string; error: unknown; retry: () => void }) {
  return (
    <div className={styles.notice} role="alert">
      <p className={styles.title}>
        <WarningIcon /> {what} could not be loaded
      </p>
      <p className={styles.text}>{messageOf(error)}</p>
      <Button size="xs" variant="default" onClick={retry}>
        Try again
      </Button>
    </div>
  )
}

/**
 * For a screen that threw, or whose code could not be fetched: the server may be away, or a new version may have been installed.
 * When the server comes back the page reloads by itself.
 */
export function BrokenScreen({ error }: ErrorComponentProps) {
  const { state } = useConnection()
  const wasOffline = useRef(false)
  useEffect(() => {
    if (wasOffline.current && state === 'live') window.location.reload()
    wasOffline.current = state === 'offline'
  }, [state])
  return (
    <div className={styles.notice} role="alert">
      <p className={styles.title}>
        <WarningIcon /> This screen failed
      </p>
      <p className={styles.text}>{messageOf(error)}</p>
      <Button size="xs" variant="default" onClick={() => window.location.reload()}>
        Reload the page
      </Button>
    </div>
  )
}

export function NoSuchScreen() {
  return (
    <Empty title="There is no such page">
      <Link to="/" className={styles.link}>
        Back to the overview
      </Link>
    </Empty>
  )
}
