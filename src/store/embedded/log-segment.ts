// One segment file of the write-ahead log, read record by record, past whatever is damaged.
import type { FileHandle } from 'node:fs/promises'
import { Rejected } from '#core/errors.ts'
import type { Delivery } from '#core/store.ts'
import { decodeRecord, magicPrefix, recordHeaderBytes, isRecordMagic } from './log-record.ts'

/** Longest record that is believed, in bytes. */
const recordBytesMax = 1 << 30
/** Every record begins at a multiple of it. */
const recordAlignment = 8
const searchBytes = 1 << 20

const segmentPattern = /^log-(\d{10})$/
export const segmentName = (segment: number) => `log-${String(segment).padStart(10, '0')}`
/** The number of a segment's file; undefined for other files. */
export const segmentOf = (name: string): number | undefined => {
  const digits = segmentPattern.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** A record; bytes that are damaged, with records behind them; or a last record that was never finished. */
export type SegmentPart =
  | { readonly kind: 'record'; readonly at: number; readonly length: number; readonly deliveries: Delivery[] }
  | { readonly kind: 'damaged' | 'unfinished'; readonly at: number; readonly length: number }

/** The parts of a segment, one after another, none left out. */
export async function* readSegment(file: FileHandle): AsyncGenerator<SegmentPart> {
  const { size } = await file.stat()
  for (let at = 0; at < size; ) {
    const record = await readRecord(file, at, size)
    if (record) yield { kind: 'record', at, ...record }
    const next = record ? at + record.length : await findRecord(file, at + recordAlignment, size)
    if (!record) yield { kind: next === undefined ? 'unfinished' : 'damaged', at, length: (next ?? size) - at }
    at = next ?? size
  }
}

/** The record that begins at `at`, or undefined when none does, or a damaged one. */
async function readRecord(file: FileHandle, at: number, size: number): Promise<{ length: number; deliveries: Delivery[] } | undefined> {
  const header = await readBytes(file, at, Math.min(recordHeaderBytes, size - at))
  if (header.length < recordHeaderBytes || !isRecordMagic(header.readUInt32LE(0))) return undefined
  const length = header.readUInt32LE(4)
  if (length < recordHeaderBytes || length > recordBytesMax || at + length > size) return undefined
  try {
    return { length, deliveries: decodeRecord(await readBytes(file, at, length)) }
  } catch (error) {
    if (error instanceof Rejected) return undefined
    throw error
  }
}

/** Where the first whole record at or behind `from` begins, whatever lies before it. */
async function findRecord(file: FileHandle, from: number, size: number): Promise<number | undefined> {
  for (let at = from; at < size; at += searchBytes) {
    const bytes = await readBytes(file, at, Math.min(searchBytes, size - at))
    for (let index = bytes.indexOf(magicPrefix); index >= 0; index = bytes.indexOf(magicPrefix, index + 1))
      if (index % recordAlignment === 0 && (await readRecord(file, at + index, size))) return at + index
  }
  return undefined
}

async function readBytes(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length)
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(bytes, read, length - read, at + read)
    if (bytesRead === 0) throw new Error('the file is shorter than it was a moment ago')
    read += bytesRead
  }
  return bytes
}
