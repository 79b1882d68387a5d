import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Store } from '#core/store.ts'
import { hourUs } from '#core/time.ts'
import { createEmbeddedStore, type EmbeddedStore } from '#store/embedded/embedded-store.ts'
import { crashBatch, crashRows, crashSource } from './store-batches.ts'

const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
const writerPath = fileURLToPath(new URL('store-writer.ts', import.meta.url))
/** `npm run chaos` asks for 200. */
const kills = Number(process.env['CHAOS_KILLS'] ?? 12)
/** Kills of one folder; then it is begun anew, since all of it is read after each. */
const killsPerFolder = 12
/** Opening and recovering take about so long. */
const openingUs = 60_000
const acknowledgementsMax = 300

/** A small random generator (mulberry32): the seed replays the run. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Runs the writer from `first` on and kills it so many microseconds after so many acknowledgements (0: as it opens); returns the newest acknowledged sequence. */
async function writeUntilKilled(folder: string, first: number, acknowledgements: number, spinUs: number): Promise<number> {
  const writer = spawn(process.execPath, [writerPath, folder, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(writer, 'exit')
  let newest = first - 1
  let seen = 0
  for await (const line of createInterface(writer.stdout)) {
    if (line === 'open') continue
    if (line !== 'opening') newest = Math.max(newest, Number(line))
    if (line === 'opening' ? acknowledgements > 0 : ++seen !== acknowledgements) continue
    const start = performance.now()
    while ((performance.now() - start) * 1000 < spinUs);
    writer.kill('SIGKILL')
  }
  const [code, signal] = (await exited) as [number | null, string | null]
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' })
  return newest
}

test(`S11: killed at random moments, the store keeps every acknowledged row exactly once, and its roll-ups agree (CHAOS_SEED=${seed})`, {
  timeout: 60_000 + kills * 20_000,
}, async () => {
  const random = randomOf(seed)
  for (let left = kills; left > 0; left -= killsPerFolder) await killAndJudge(Math.min(left, killsPerFolder), random)
})

async function killAndJudge(kills: number, random: () => number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millwright-crash-'))
  const store = createEmbeddedStore({ folder })
  let acknowledged = 0
  try {
    for (let kill = 0; kill < kills; kill++) {
      // Every second time what is there is recovered once more, and killed in the middle of it.
      const acknowledgements = kill % 2 === 0 ? 1 + Math.floor(random() * acknowledgementsMax) : 0
      acknowledged = await writeUntilKilled(
        folder,
        acknowledged + 1,
        acknowledgements,
        random() * (acknowledgements > 0 ? 3000 : openingUs),
      )
      await store.open()
      acknowledged = await judge(store, acknowledged)
      await store.close()
    }
  } finally {
    await store.close()
    await rm(folder, { recursive: true })
  }
}

/** Compares with what was sent; batches beyond the acknowledged ones may be there, but only whole. Returns the newest batch that is there. */
async function judge(store: EmbeddedStore, acknowledged: number): Promise<number> {
  const [newest] = (await store.readBack('m/field', 1e15, 1)).time
  const kept = newest ?? 0
  expect(kept).toBeGreaterThanOrEqual(acknowledged)
  const expected = new Map<string, Map<number, unknown>>()
  let count = 0
  for (let sequence = 1; sequence <= kept; sequence++)
    for (const { tag, time, value } of crashRows(sequence)) {
      let rows = expected.get(tag)
      if (!rows) expected.set(tag, (rows = new Map()))
      rows.set(time, value)
      count++
    }
  expect(store.statistics()).toMatchObject({ samples: count })
  for (const [tag, rows] of expected) {
    if (tag.startsWith('m/tag-')) await judgeRollUps(store, tag, rows as Map<number, number>)
    const { time, value, texts } = await store.read(tag, 0, 1e15, 1e6)
    const found = new Map<number, unknown>()
    for (const [row, at] of time.entries()) found.set(at, tag === 'm/state' ? texts[value[row] as number] : value[row])
    expect(found.size).toBe(time.length)
    if (tag === 'm/field') expect(new Set(found.keys())).toEqual(new Set(rows.keys()))
    else expect(new Map([...rows].toSorted(([a], [b]) => a - b))).toEqual(found)
  }
  await store.retain()
  for (const [tag, rows] of expected) if (tag.startsWith('m/tag-')) await judgeRollUps(store, tag, rows as Map<number, number>)
  const last = await store.arrayAt('m/field', 1e15)
  expect(last?.data).toEqual(new Float32Array(16).fill(kept))
  const repetition = { batch: crashBatch(kept), origin: { source: crashSource, sequence: kept } }
  expect(await store.append([repetition])).toMatchObject([{ stored: 0 }])
  return kept
}

/** Hours, in buckets that the roll-ups of chunks and days answer, against a recount. */
async function judgeRollUps(store: Store, tag: string, rows: ReadonlyMap<number, number>): Promise<void> {
  const hours = Map.groupBy(rows, ([time]) => Math.floor(time / hourUs))
  const last = Math.max(...hours.keys())
  const [columns] = await store.buckets(
    [tag],
    Float64Array.from({ length: last + 2 }, (_, hour) => hour * hourUs),
  )
  expect(Array.from(columns?.count ?? [])).toEqual([...hours].toSorted(([a], [b]) => a - b).map(([, rows]) => rows.length))
  const sums = [...hours].toSorted(([a], [b]) => a - b).map(([, rows]) => rows.reduce((sum, [, value]) => sum + value, 0).toFixed(6))
  expect(Array.from(columns?.sum ?? [], (sum) => sum.toFixed(6))).toEqual(sums)
}
