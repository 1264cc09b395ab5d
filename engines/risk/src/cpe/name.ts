// CPE names (NISTIR 7695, 6.1 URI binding, 6.2 formatted string binding) and whether one value includes another (NISTIR 7696, 6). Defended by cpe.test.ts.
import { excerpt, RiskProblem } from '../problem.ts'

export const attributes = ['part', 'vendor', 'product', 'version', 'update', 'edition', 'language', 'swEdition', 'targetSw', 'targetHw', 'other'] as const
/** Values in the order of `attributes`: `*` is any, `-` is "not applicable", everything else is escaped as in a formatted string and in small letters. */
export type CpeName = readonly string[]

const longest = 2_048

/** `cpe:2.3:a:vendor:product:...` (missing ones at the end are any) or `cpe:/a:vendor:product:...`. Throws RiskProblem cpe_invalid with the attribute. */
export function readCpe(text: string): CpeName {
  if (text.length > longest) throw invalid('', text, `a CPE name has at most ${longest} characters`)
  if (text.startsWith('cpe:/')) return readUri(text)
  if (!text.startsWith('cpe:2.3:')) throw invalid('', text, 'a CPE name begins with cpe:2.3: or cpe:/')
  return checked(splitEscaped(text.slice(8), ':'), text)
}

const invalid = (place: string, found: string, reason: string): RiskProblem => new RiskProblem('cpe_invalid', place, `${excerpt(found)}: ${reason}`, { found, allowed: ['cpe:2.3:a:VENDOR:PRODUCT:VERSION:*:*:*:*:*:*:*'] })

function splitEscaped(text: string, separator: string): string[] {
  if (!text.includes('\\')) return text.split(separator)
  const parts: string[] = []
  let from = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === separator) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  parts.push(text.slice(from))
  return parts
}

// What stands unescaped in a value: letters, digits, _ . - and, in front and behind, the wildcards. Names in use also hold other signs unescaped; they mean themselves.
const wellFormed = /^(?:\*|-|\*?\??(?:[^\\*?:\s]|\\[!-~])+\??\*?|\?+(?:[^\\*?:\s]|\\[!-~])*\?*)$/

function checked(values: readonly string[], text: string): CpeName {
  if (values.length < 3 || values.length > attributes.length) throw invalid('', text, `it has ${values.length} values; part, vendor and product are needed, ${attributes.length} are the most`)
  const name = attributes.map((attribute, at) => {
    const value = values[at] ?? '*'
    if (!wellFormed.test(value)) throw invalid(attribute, text, `${attribute} cannot be ${excerpt(value)}`)
    return value.toLowerCase()
  })
  if (!['a', 'o', 'h', '*', '-'].includes(name[0]!)) throw invalid('part', text, 'part is a (application), o (operating system) or h (hardware)')
  return name
}

/** 6.1.3: percent signs, and five values packed into the edition by `~`. */
function readUri(text: string): CpeName {
  const values = text.slice(5).split(':').map((value) => value.toLowerCase())
  if (values.length > 7) throw invalid('', text, 'the URI form has at most 7 values')
  const [part = '', vendor = '', product = '', version = '', update = '', edition = '', language = ''] = values
  const packed = edition.startsWith('~') ? edition.slice(1).split('~') : [edition]
  const decoded = [part, vendor, product, version, update, packed[0] ?? '', language, packed[1] ?? '', packed[2] ?? '', packed[3] ?? '', packed[4] ?? ''].map((value) => {
    if (value === '' || value === '-') return value === '' ? '*' : '-'
    return value.replace(/%01/g, '?').replace(/%02/g, '*').replace(/%([0-9a-f]{2})|([^a-z0-9_?*])/g, (whole, code: string | undefined) => {
      const sign = code === undefined ? whole : String.fromCharCode(Number.parseInt(code, 16))
      return /[a-z0-9_.-]/.test(sign) ? sign : `\\${sign}`
    })
  })
  return checked(decoded, text)
}

/** What a value means: without the escapes. */
export const plain = (value: string): string => (value.includes('\\') ? value.replace(/\\(.)/g, '$1') : value)

/** The formatted string. */
export const writeCpe = (name: CpeName): string => `cpe:2.3:${name.join(':')}`

/** A value with wildcards: a text with so many signs in front of it and behind it at the most. They stand only there, so that a match is found by looking for the text: nothing can backtrack. */
export type Pattern = { readonly front: number; readonly text: string; readonly behind: number }

/** null where there is no wildcard. */
export function patternOf(value: string): Pattern | null {
  if (!value.includes('*') && !value.includes('?')) return null
  const [, front = '', middle = '', behind = ''] = /^([*?]*)((?:\\.|[^\\*?])*)([*?]*)$/s.exec(value) ?? []
  if (front === '' && behind === '') return null
  const most = (signs: string): number => (signs.includes('*') ? Infinity : signs.length)
  return { front: most(front), text: plain(middle), behind: most(behind) }
}

export function fits({ front, text, behind }: Pattern, value: string): boolean {
  for (let at = value.indexOf(text); at !== -1 && at <= front; at = value.indexOf(text, at + 1)) {
    if (value.length - at - text.length <= behind) return true
    if (at === value.length) return false
  }
  return false
}

export type Inclusion = 'yes' | 'no' | /** The candidate does not state its value. */ 'unknown'

/** Whether the value of a criterion includes that of a product that was found. */
export function includes(criterion: string, product: string): Inclusion {
  if (criterion === '*' || criterion === product) return 'yes'
  if (product === '*') return 'unknown'
  if (criterion === '-' || product === '-') return 'no'
  if (!criterion.includes('*') && !criterion.includes('?') && !criterion.includes('\\') && !product.includes('\\')) return 'no'
  const pattern = patternOf(criterion)
  return (pattern === null ? plain(criterion) === plain(product) : fits(pattern, plain(product))) ? 'yes' : 'no'
}
