// Who should own which partition. Everybody who knows the same members comes to the same plan, so nobody has to announce it.
import { crc32 } from 'node:zlib'

/**
 * The owner of each partition, as even as can be: each member gets the same number, or one more than others. Rendezvous hashing: a member that
 * comes or goes moves few partitions but its own. Empty without members.
 */
export function planOwners(partitions: number, members: readonly string[]): string[] {
  const ids = [...new Set(members)].toSorted()
  if (ids.length === 0) return []
  const fewest = Math.floor(partitions / ids.length)
  let withOneMore = partitions % ids.length
  const counts = new Map(ids.map((id) => [id, 0]))
  return Array.from({ length: partitions }, (_, partition) => {
    const room = ids.filter((id) => (counts.get(id) as number) < fewest + (withOneMore > 0 ? 1 : 0))
    const owner = room.reduce((best, id) => (score(id, partition) > score(best, partition) ? id : best))
    const count = (counts.get(owner) as number) + 1
    counts.set(owner, count)
    if (count > fewest) withOneMore -= 1
    return owner
  })
}

/** MurmurHash3's last step over a CRC, whose bits alone are too regular to be compared. */
function score(id: string, partition: number): number {
  let hash = crc32(`${id}/${partition}`)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
