// Grey shapes in the size of what is coming, so that nothing jumps when it comes.
import { Skeleton } from '@mantine/core'

export function Skeletons({ count, height, label }: { count: number; height: number; label: string }) {
  return (
    <div role="status" aria-label={label} style={{ display: 'grid', gap: 'var(--gap)' }}>
      {Array.from({ length: count }, (_, index) => (
        <Skeleton key={index} height={height} radius="sm" />
      ))}
    </div>
  )
}

export const LoadingScreen = () => <Skeletons count={3} height={180} label="Loading" />
