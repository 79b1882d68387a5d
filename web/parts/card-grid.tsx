// Machine cards in as many columns as fit; only the rows near the window exist, so that a thousand machines scroll like ten.
import { useElementSize } from '@mantine/hooks'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useRef, useState } from 'react'
import type { MachineList, MachineTag } from '#api/machines/schema.ts'
import { useWanted } from '#web/data/live-socket.ts'
import { useStableList } from '#web/data/stable-list.ts'
import { cardMetricsMax, MachineCard } from './machine-card.tsx'
import styles from './card-grid.module.css'

const cardWidthMin = 296
const gap = 12
const rowHeightGuess = 154

interface Properties {
  machines: MachineList
  /** Definitions of the card tags by machine path. */
  metrics: ReadonlyMap<string, readonly MachineTag[]>
}

const none: readonly MachineTag[] = []

export function CardGrid({ machines, metrics }: Properties) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const holder = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    if (holder.current) setTop(holder.current.getBoundingClientRect().top + window.scrollY)
  }, [width])
  const columns = Math.max(1, Math.floor((width + gap) / (cardWidthMin + gap)))
  // oxlint-disable-next-line react/incompatible-library -- the React Compiler is not in use
  const virtualizer = useWindowVirtualizer({
    count: width > 0 ? Math.ceil(machines.length / columns) : 0,
    estimateSize: () => rowHeightGuess,
    gap,
    overscan: 3,
    scrollMargin: top,
  })
  const rows = virtualizer.getVirtualItems()
  const shown = machines.slice((rows[0]?.index ?? 0) * columns, ((rows.at(-1)?.index ?? -1) + 1) * columns)
  useWanted(useStableList(shown.flatMap(({ path }) => (metrics.get(path) ?? none).slice(0, cardMetricsMax).map((tag) => tag.path))))
  return (
    <div ref={ref}>
      <div ref={holder} className={styles.rows} style={{ height: virtualizer.getTotalSize() }}>
        {rows.map((row) => (
          <div
            key={row.key}
            ref={virtualizer.measureElement}
            data-index={row.index}
            className={styles.row}
            style={{ transform: `translateY(${row.start - top}px)`, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
          >
            {machines.slice(row.index * columns, (row.index + 1) * columns).map((machine) => (
              <MachineCard key={machine.path} machine={machine} metrics={metrics.get(machine.path) ?? none} />
            ))}
          </div>
        ))}
      </div>
    </div>
  )
}
