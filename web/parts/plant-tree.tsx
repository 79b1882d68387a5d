// The plant as a tree to choose from: a group narrows the overview to itself, a machine opens its page.
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { PlantNode } from '#web/data/plant-tree.ts'
import { ChevronIcon } from './icons.tsx'
import { Mark, statusLevel } from './status-mark.tsx'
import styles from './plant-tree.module.css'

/** A larger plant starts with its lines folded. */
const unfoldedMachinesMax = 60

interface Choice {
  chosen: string
  choose: (path: string) => void
}

export function PlantTree({ roots, total, chosen, choose }: Choice & { roots: readonly PlantNode[]; total: number }) {
  return (
    <nav aria-label="Plant">
      <button type="button" className={styles.all} aria-current={chosen === ''} onClick={() => choose('')}>
        Whole plant <span className={styles.count}>{total}</span>
      </button>
      <ul className={styles.list}>
        {roots.map((node) => (
          <Branch key={node.path} node={node} depth={0} unfolded={total <= unfoldedMachinesMax} chosen={chosen} choose={choose} />
        ))}
      </ul>
    </nav>
  )
}

interface BranchProperties extends Choice {
  node: PlantNode
  depth: number
  unfolded: boolean
}

function Branch({ node, depth, unfolded, chosen, choose }: BranchProperties) {
  const onlyGroupsBelow = node.children.some(({ children }) => children.length > 0)
  const [open, setOpen] = useState(unfolded || (depth < 2 && onlyGroupsBelow))
  const indent = { paddingLeft: 6 + depth * 14 }
  if (node.children.length === 0 && node.machine)
    return (
      <li>
        <Link to="/machines/$" params={{ _splat: node.path }} className={styles.machine} style={indent}>
          <span className={styles.mark}>
            <Mark level={statusLevel(node.machine.status)} size={9} />
          </span>
          <span className={styles.name}>{node.machine.name}</span>
        </Link>
      </li>
    )
  return (
    <li>
      <div className={styles.group} style={indent}>
        <button
          type="button"
          className={styles.fold}
          aria-expanded={open}
          aria-label={`${open ? 'Fold' : 'Unfold'} ${node.name}`}
          onClick={() => setOpen(!open)}
        >
          <ChevronIcon size={12} />
        </button>
        <button type="button" className={styles.choose} aria-current={chosen === node.path} onClick={() => choose(node.path)}>
          <span className={styles.name}>{node.machine?.name ?? node.name}</span>
          <Counts node={node} />
        </button>
      </div>
      {open && (
        <ul className={styles.list}>
          {node.children.map((child) => (
            <Branch key={child.path} node={child} depth={depth + 1} unfolded={unfolded} chosen={chosen} choose={choose} />
          ))}
        </ul>
      )}
    </li>
  )
}

function Counts({ node: { counts } }: { node: PlantNode }) {
  return (
    <span className={styles.counts}>
      {counts.alarm > 0 && (
        <span className={styles.alarm} title={`${counts.alarm} in alarm`}>
          <Mark level="alarm" size={9} /> {counts.alarm}
        </span>
      )}
      {counts.offline > 0 && (
        <span className={styles.offline} title={`${counts.offline} offline`}>
          <Mark level="offline" size={9} /> {counts.offline}
        </span>
      )}
      <span className={styles.count}>{counts.healthy + counts.alarm + counts.offline}</span>
    </span>
  )
}
