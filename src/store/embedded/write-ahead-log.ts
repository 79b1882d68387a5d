// The write-ahead log: numbered segment files of records. What `write` resolved is on the disk; what it rejected is gone from it.
import { open, readdir, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, RetryLater } from '#core/errors.ts'
import type { Log } from '#core/driver.ts'
import type { Delivery } from '#core/store.ts'
import type { RecordLog } from '#store/engine/record-log.ts'
import type { Awaitable } from '#store/engine/shelf.ts'
import { bytesOf, encodeRecord } from './log-record.ts'
import { readSegment, segmentName, segmentOf } from './log-segment.ts'
import { syncFolder } from './sync-folder.ts'

export type OpenFile = (path: string, flags: string) => Promise<FileHandle>

export class WriteAheadLog implements RecordLog {
  readonly #folder: string
  readonly #log: Log
  readonly #open: OpenFile
  readonly #sealedBytes = new Map<number, number>()
  #segment = 0
  #file: FileHandle | undefined
  /** End of the last good record of the current segment. */
  #end = 0
  #needsCut = false
  /** Damaged records that replay had to skip. */
  damagedRecords = 0

  constructor(folder: string, log: Log, openFile: OpenFile = open) {
    this.#folder = folder
    this.#log = log
    this.#open = openFile
  }

  get bytes(): number {
    return this.#sealedBytes.values().reduce((sum, bytes) => sum + bytes, this.#end)
  }

  /** Bytes of the segment that is being written. */
  get segmentBytes(): number {
    return this.#end
  }

  /** Gives `replay` every record of the segments behind `sealed`, oldest first, deletes the others, and starts a new segment. */
  async start(sealed: number, replay: (deliveries: Delivery[]) => Awaitable<void>): Promise<void> {
    this.#segment = sealed
    for (const name of (await readdir(this.#folder)).toSorted()) {
      const segment = segmentOf(name)
      if (segment === undefined) continue
      const path = join(this.#folder, name)
      if (segment <= sealed) await rm(path)
      else {
        this.#sealedBytes.set(segment, await this.#replaySegment(path, replay))
        this.#segment = segment
      }
    }
    await this.#openSegment(this.#segment + 1)
  }

  /** Appends one record and makes it durable. On failure nothing of it stays, and `RetryLater` says why. One call at a time. */
  async write(deliveries: readonly Delivery[]): Promise<void> {
    const record = encodeRecord(deliveries)
    const length = bytesOf(record)
    try {
      const file = this.#file as FileHandle
      if (this.#needsCut) await this.#cut(file)
      this.#needsCut = true
      const { bytesWritten } = await file.writev(record, this.#end)
      if (bytesWritten < length) await this.#writeRest(file, Buffer.concat(record), bytesWritten)
      await file.datasync()
      this.#needsCut = false
      this.#end += length
    } catch (error) {
      await this.#cut(this.#file as FileHandle).catch(() => {})
      throw diskFault(error, this.#folder)
    }
  }

  /** Closes the current segment, starts the next, and returns the closed one's number. Not while `write` runs. */
  async rotate(): Promise<number> {
    const [segment, file, bytes] = [this.#segment, this.#file, this.#end]
    if (this.#needsCut) await this.#cut(file as FileHandle)
    await this.#openSegment(segment + 1)
    this.#sealedBytes.set(segment, bytes)
    await file?.close()
    return segment
  }

  /** Deletes the segments up to `segment`: their content is durable elsewhere. */
  async drop(segment: number): Promise<void> {
    for (const number of [...this.#sealedBytes.keys()].filter((number) => number <= segment)) {
      await rm(join(this.#folder, segmentName(number)), { force: true })
      this.#sealedBytes.delete(number)
    }
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  async #openSegment(segment: number): Promise<void> {
    const file = await this.#open(join(this.#folder, segmentName(segment)), 'w')
    try {
      await syncFolder(this.#folder)
    } catch (error) {
      await file.close()
      throw error
    }
    this.#segment = segment
    this.#file = file
    this.#end = 0
  }

  /** A short write says nothing of its reason: the next attempt either goes on or throws it. */
  async #writeRest(file: FileHandle, record: Uint8Array, written: number): Promise<void> {
    while (written < record.length) {
      const { bytesWritten } = await file.write(record, written, record.length - written, this.#end + written)
      if (bytesWritten === 0) throw new Error('the disk took no more bytes')
      written += bytesWritten
    }
  }

  async #cut(file: FileHandle): Promise<void> {
    await file.truncate(this.#end)
    await file.datasync()
    this.#needsCut = false
  }

  /** Replays one segment, cuts a torn tail, and returns how many bytes are good. */
  async #replaySegment(path: string, replay: (deliveries: Delivery[]) => Awaitable<void>): Promise<number> {
    const file = await open(path, 'r+')
    try {
      let end = 0
      for await (const part of readSegment(file)) {
        if (part.kind === 'record') await replay(part.deliveries)
        if (part.kind === 'damaged') {
          this.damagedRecords++
          this.#log.warn(
            `${part.length} bytes at byte ${part.at} of ${path} are damaged and were left out; the records behind them are used`,
          )
        }
        if (part.kind === 'unfinished') {
          this.#log.warn(`cut ${part.length} bytes off the end of ${path}: a record that was never finished, so never acknowledged`)
          await file.truncate(part.at)
          await file.datasync()
        } else end = part.at + part.length
      }
      return end
    } finally {
      await file.close()
    }
  }
}

/** The sentence for a disk that took nothing. */
export function diskFault(error: unknown, folder: string): RetryLater {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const full = code === 'ENOSPC' || code === 'EDQUOT' || /disk is full/.test(messageOf(error))
  return full
    ? new RetryLater(`the disk that holds ${folder} is full; nothing of this was stored: free space there, and it goes on by itself`, 5000)
    : new RetryLater(`cannot write to ${folder} (${messageOf(error)}); nothing of this was stored: check the disk, it is tried again`, 5000)
}
