// The tags of a frame as bytes, per tag: u8 kind, u16 length, path in UTF-8. Senders use the same dictionary again and again, so those used lately
// are kept: as bytes for the same lists, and as the same lists for the same bytes, by which others know them again.
import { kindCode, kindOfCode } from './batch.ts'
import { Rejected } from './errors.ts'
import type { Crc32 } from './frame.ts'
import type { TagPath } from './path.ts'
import type { Kind } from './tag.ts'

interface Dictionary {
  readonly tags: readonly TagPath[]
  readonly kinds: readonly Kind[]
  readonly bytes: Uint8Array
}

const encodedMax = 16
const decodedMax = 64
/** Larger ones are not kept. */
const bytesMax = 1 << 18

const utf8 = { encode: new TextEncoder(), decode: new TextDecoder('utf-8', { fatal: true }) }
/** Used last comes first. */
const encoded: Dictionary[] = []
/** By checksum. */
const decoded = new Map<number, Dictionary>()

export function dictionaryBytes(tags: readonly TagPath[], kinds: readonly Kind[]): Uint8Array {
  const kept = encoded.find((one) => one.tags === tags && one.kinds === kinds)
  if (kept) return kept.bytes
  const names = tags.map((tag) => utf8.encode.encode(tag))
  const bytes = new Uint8Array(names.reduce((sum, name) => sum + 3 + name.length, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  names.forEach((name, index) => {
    view.setUint8(at, kindCode(kinds[index] as Kind))
    view.setUint16(at + 1, name.length, true)
    bytes.set(name, at + 3)
    at += 3 + name.length
  })
  if (bytes.length <= bytesMax && encoded.unshift({ tags, kinds, bytes }) > encodedMax) encoded.pop()
  return bytes
}

/** Throws `Rejected` for an unknown kind, and for a name that is not UTF-8. */
export function readDictionary(bytes: Uint8Array, count: number, crc32: Crc32): Dictionary {
  const key = crc32(bytes)
  const kept = decoded.get(key)
  if (kept?.tags.length === count && isSame(kept.bytes, bytes)) return kept
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tags: TagPath[] = []
  const kinds: Kind[] = []
  for (let at = 0; tags.length < count; ) {
    const kind = kindOfCode(view.getUint8(at))
    if (!kind) throw new Rejected(`tag ${tags.length} of the frame has an unknown kind`)
    const end = at + 3 + view.getUint16(at + 1, true)
    kinds.push(kind)
    tags.push(nameIn(bytes.subarray(at + 3, end), tags.length))
    at = end
  }
  const dictionary = { tags, kinds, bytes: bytes.slice() }
  if (bytes.length <= bytesMax) {
    if (decoded.size >= decodedMax) decoded.clear()
    decoded.set(key, dictionary)
  }
  return dictionary
}

function nameIn(bytes: Uint8Array, index: number): TagPath {
  try {
    return utf8.decode.decode(bytes)
  } catch {
    throw new Rejected(`the name of tag ${index} of the frame is not UTF-8`)
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}
