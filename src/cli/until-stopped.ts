// Keeps a service command running until Ctrl-C or SIGTERM, then stops it cleanly; a second Ctrl-C does not wait.

/** Resolves after `stop` has; the process then ends with code 0. */
export async function untilStopped(stop: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    let asked = false
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        if (asked && signal === 'SIGINT') process.exit(130)
        asked = true
        resolve()
      })
  })
  await stop()
  process.exit(0)
}
