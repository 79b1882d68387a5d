// The same array between renders as long as its items are the same.
import { useMemo } from 'react'

export function useStableList(items: readonly string[]): readonly string[] {
  const key = items.join('\n')
  return useMemo(() => (key ? key.split('\n') : []), [key])
}
