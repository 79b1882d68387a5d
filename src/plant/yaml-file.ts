// YAML that a person wrote, checked by a schema: whatever is wrong is said with file, line, what and the mend.
import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { ConfigError } from '#core/errors.ts'

/** Largest YAML file that is read, in characters. */
const yamlLengthMax = 10_000_000

export interface YamlFile {
  /** The content as plain data. */
  readonly data: unknown
  /** `file:line` of the deepest existing part of a path into the data. */
  readonly locate: (path: readonly PropertyKey[]) => string
}

/** Parses YAML text. Throws `ConfigError` for broken syntax, duplicate keys and aliases that explode. */
export function parseYaml(text: string, file: string): YamlFile {
  if (text.length > yamlLengthMax) throw new ConfigError(`${file}: larger than ${yamlLengthMax} characters`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const [problem] = document.errors
  if (problem) throw new ConfigError(`${file}:${lines.linePos(problem.pos[0]).line}: ${plainSyntax(problem.code, problem.message)}`)
  const data: unknown = document.toJS({ maxAliasCount: 100 })
  return { data, locate: (path) => `${file}:${lines.linePos(offsetOf(document, path)).line}` }
}

/** Checks parsed YAML. Throws one `ConfigError` with a line per issue, ten at most. */
export function checkYaml<Schema extends z.ZodType>(schema: Schema, data: unknown, locate: YamlFile['locate']): z.output<Schema> {
  const result = schema.safeParse(data)
  if (result.success) return result.data
  throw configErrorOf(
    result.error.issues.map((issue) => {
      const at = [...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])]
      const detail =
        issue.code === 'unrecognized_keys'
          ? `unknown key ${issue.keys.map((key) => `"${key}"`).join(', ')}; remove it or check its spelling`
          : issue.message
      return `${locate(at)}: ${at.length > 0 ? `${at.join('.')}: ` : ''}${detail}`
    }),
  )
}

const linesMax = 10

/** One error from several located sentences. */
export function configErrorOf(sentences: readonly string[]): ConfigError {
  const more = sentences.length > linesMax ? [`… and ${sentences.length - linesMax} more`] : []
  return new ConfigError([...sentences.slice(0, linesMax), ...more].join('\n'))
}

function plainSyntax(code: string, message: string): string {
  const [first = message] = message.split(' at line ')
  return code === 'DUPLICATE_KEY' ? `${first.replace('Map keys must be unique', 'this key is there twice')}; remove or rename one` : first
}

/** Offset of the key (or item) that a path leads to, or of the deepest ancestor that exists. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents
  let offset = 0
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key))
      if (!pair) return offset
      offset = (isScalar(pair.key) && pair.key.range?.[0]) || offset
      node = pair.value
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(key)]
      const range = item !== null && typeof item === 'object' && 'range' in item ? (item.range as [number] | undefined) : undefined
      if (!range) return offset
      offset = range[0]
      node = item
    } else return offset
  }
  return offset
}
