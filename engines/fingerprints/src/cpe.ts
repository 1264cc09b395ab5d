// CPE 2.2 URIs and what is put into them, as CPE 2.3 formatted strings. Whatever a banner says, the result is one well-formed name of 13 parts.
// Defended by cpe.test.ts. Source: NIST IR 7695 (CPE naming 2.3), sections 5.3.2, 6.1 and 6.2.
import type { CpeNames } from './model.ts'

export type CpePart = 'a' | 'o' | 'h'
/** Values as they are meant, without any escaping; null is ANY (`*`), '-' alone is NA. */
export type CpeAttributes = {
  readonly part: CpePart; readonly vendor: string | null; readonly product: string | null; readonly version: string | null; readonly update: string | null
  readonly edition?: string | null; readonly language?: string | null; readonly softwareEdition?: string | null; readonly targetSoftware?: string | null; readonly targetHardware?: string | null; readonly other?: string | null
}

const MAX_VALUE = 256

/** Errors: none; what cannot be part of a name (controls, what is not ASCII) becomes `_`. */
export function formatCpe({ part, vendor, product, version, update, edition = null, language = null, softwareEdition = null, targetSoftware = null, targetHardware = null, other = null }: CpeAttributes): string {
  return ['cpe:2.3', part, ...[vendor, product, version, update, edition, language, softwareEdition, targetSoftware, targetHardware, other].map(bound)].join(':')
}

/** Letters, digits, `_`, and `-` and `.` inside stand as they are; all other printable characters are quoted. */
function bound(value: string | null): string {
  const text = (value ?? '').trim().slice(0, MAX_VALUE)
  if (text === '') return '*'
  if (text === '-') return '-'
  return text.toLowerCase().replace(/\s+/g, '_').replace(/[^\x21-\x7e]+/g, '_').replace(/[^a-z0-9_.-]/g, (char) => `\\${char}`)
}

export type CpeTemplate = { readonly part: CpePart; /** vendor, product, version, update, edition, language: decoded, with {names}. */ readonly components: readonly string[] }

/** `cpe:/a:openbsd:openssh:{service.version}`, or null where it is none. */
export function parseCpeTemplate(uri: string): CpeTemplate | null {
  const [, part = '', rest = ''] = /^cpe:\/([aoh]):(.+)$/i.exec(uri) ?? []
  if (part === '') return null
  const components = rest.split(':')
  if (components.length > 6 || components.length < 2) return null
  return { part: part.toLowerCase() as CpePart, components: components.map((each) => each.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))).replace(/\\(.)/g, '$1')) }
}

// Names of updates as the dictionary of CPE has them.
const updates = /^v?(\d[\d.]*?)[-_. ]?((?:p|patch|rc|beta|alpha|sp|update|u|hotfix|hf|milestone|m|pre|cu|esr|b|r|build)[-_. ]?\d+(?:\.\d+)*|rc|beta|alpha)(?:[-_+ ].*)?$/i

/** `9.2p1` -> 9.2 and p1; `v9.0.0.M1` -> 9.0.0 and milestone1; `1.0.2k` stays whole, as the dictionary has it. */
export function splitVersion(text: string): { readonly version: string; readonly update: string | null } {
  const [, version = '', update = ''] = updates.exec(text) ?? []
  if (update === '') return { version: text.replace(/^v(?=\d)/i, ''), update: null }
  const joined = update.replace(/[-_ ]|\.(?=\d+$)/g, '').toLowerCase()
  return { version, update: /^m\d/.test(joined) ? `milestone${joined.slice(1)}` : joined }
}

/** `D-Link` -> `d-link`: how Recog makes a name of a CPE out of what people read (its tools do so before cpe-remap.yaml is asked). */
export const cpeWord = (text: string): string => text.trim().toLowerCase().replace(/\s+/g, '_').replace(/[^a-z0-9_.!-]+/g, '')

/** The dictionary's vendor and product for Recog's, by the remapping table. `known`: the table names the vendor. */
export function remapped(names: CpeNames, part: CpePart, vendor: string, product: string): { readonly vendor: string; readonly product: string; readonly known: boolean } {
  const entry = names[part].get(cpeWord(vendor))
  return { vendor: entry?.vendor ?? cpeWord(vendor), product: entry?.products.get(cpeWord(product)) ?? cpeWord(product), known: entry !== undefined }
}
