// For what starts up and takes a moment: tries until it answers.

const pauseMs = 2
const timeoutMs = 120_000

/** Resolves with the first answer that is no error. Throws the last error when there is none for two minutes. */
export async function untilAnswers<T>(attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > end) throw error
    }
    await pause(pauseMs)
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Resolves when `isQuiet` has been true for a while without interruption. */
export async function untilQuiet(isQuiet: () => Promise<boolean>, quietMs: number): Promise<void> {
  for (let since = performance.now(); performance.now() - since < quietMs; ) {
    if (!(await isQuiet())) since = performance.now()
    await pause(quietMs / 20)
  }
}
