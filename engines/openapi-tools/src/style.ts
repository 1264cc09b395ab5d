// How parameter values are written on the wire: OpenAPI 3.2 §4.12.2.3 and RFC 6570, which it stands on. What delimits is written as it is, and
// what a value holds is percent-encoded, so that no value can add a delimiter (style.test.ts decodes all that is written with a naive reader).
import type { Json } from '@haechi/mcp-wire'
import type { ParameterStyle } from './model.ts'

/** A name and its value, both encoded. */
export type Pair = readonly [name: string, value: string]
type Written = { readonly name: string; readonly style: ParameterStyle; readonly explode: boolean }
type Encode = (text: string) => string

const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`

/** All but the unreserved characters of RFC 3986 §2.3. The text is well-formed Unicode. */
export function encode(text: string): string {
  return /^[\w.~-]*$/.test(text) ? text : encodeURIComponent(text).replaceAll(/[!'()*]/g, hex)
}

/** RFC 6570 §3.2.3: reserved characters and escapes stay, but for those that would end a value ('&', '+' and '#' in a query; '/', '?' and '#' in a path). */
export const encodeReserved = (keep: 'query' | 'path'): Encode => {
  // What URL parsers would escape by themselves is escaped at once ("'" in queries).
  const kept = keep === 'query' ? /%[\dA-F]{2}|[:/?@!$()*,;=]/gi : /%[\dA-F]{2}|[:@!$&'()*+,;=]/gi
  return (text) => {
    let written = ''
    let from = 0
    for (const { 0: found, index } of text.matchAll(kept)) {
      written += encode(text.slice(from, index)) + found
      from = index + found.length
    }
    return written + encode(text.slice(from))
  }
}

/** A value inside of another has no form of its own in most styles: JSON is what everybody can read back. */
export function plain(value: Json): string {
  return typeof value === 'string' ? value : typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

// RFC 6570 §2.3: what is null is not there.
const items = (list: readonly Json[]): string[] => list.filter((item) => item !== null).map(plain)
const members = (object: object): [string, string][] => Object.entries(object).filter(([, value]) => value !== null).map(([key, value]) => [key, plain(value as Json)])

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/** simple, label and matrix: in a path, and in a header with an `encode` that leaves all as it is. */
export function expand(value: Json, { name, style, explode }: Written, encodeText: Encode): string {
  const [first, separator, named] = style === 'label' ? ['.', '.', false] : style === 'matrix' ? [';', ';', true] : ['', ',', false]
  const withName = (text: string): string => (named ? (text === '' ? encode(name) : `${encode(name)}=${text}`) : text)
  if (isList(value)) {
    const written = items(value).map(encodeText)
    return first + (explode ? written.map(withName).join(separator) : withName(written.join(',')))
  }
  if (typeof value === 'object' && value !== null) {
    const written = members(value).map(([key, text]) => [encodeText(key), encodeText(text)] as const)
    return first + (explode ? written.map((pair) => pair.join('=')).join(separator) : withName(written.flat().join(',')))
  }
  return first + withName(encodeText(plain(value)))
}

const delimiters: Readonly<Partial<Record<ParameterStyle, string>>> = { spaceDelimited: '%20', pipeDelimited: '%7C', tabDelimited: '%09' }

/** form, the delimited ones and deepObject: in a query, a form body and, parted by '; ', in cookies. An empty list or object gives nothing. */
export function pairs(value: Json, { name, style, explode }: Written, encodeText: Encode): Pair[] {
  if (value === null) return []
  if (typeof value !== 'object') return [[encode(name), encodeText(plain(value))]]
  if (style === 'deepObject') return deep(encode(name), value, encodeText)
  const delimiter = delimiters[style] ?? ','
  if (isList(value)) {
    const written = items(value).map(encodeText)
    if (explode) return written.map((text) => [encode(name), text])
    return written.length === 0 ? [] : [[encode(name), written.join(delimiter)]]
  }
  const written = members(value).map(([key, text]) => [encode(key), encodeText(text)] as const)
  if (explode) return written
  return written.length === 0 ? [] : [[encode(name), written.flat().join(delimiter)]]
}

/**
 * OpenAPI defines one level ('color[R]=100'); what lies deeper, and lists, is written as PHP, Rails and qs read it: a[b][c]=1, a[]=1&a[]=2, and with an index
 * where the items have members themselves.
 */
function deep(name: string, value: Json, encodeText: Encode): Pair[] {
  if (value === null) return []
  if (typeof value !== 'object') return [[name, encodeText(plain(value))]]
  if (isList(value)) return value.flatMap((item, at) => deep(typeof item === 'object' && item !== null ? `${name}%5B${at}%5D` : `${name}%5B%5D`, item, encodeText))
  return Object.entries(value).flatMap(([key, member]) => deep(`${name}%5B${encode(key)}%5D`, member, encodeText))
}
