// Buckets are told by their starts, and empty ones are left out; where they end, the edges say.

/** The end of each bucket that begins at one of `starts`, which are ascending and all among `edges`. */
export function bucketEnds(edges: Float64Array, starts: Float64Array): Float64Array {
  let edge = 0
  return starts.map((start) => {
    while ((edges[edge] as number) < start) edge++
    return edges[edge + 1] as number
  })
}
