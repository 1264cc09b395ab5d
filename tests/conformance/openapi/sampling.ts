// Arguments for a tool, drawn from its own inputSchema: the same for the same seed on every machine.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import type { Json, JsonObject } from '@haechi/mcp-wire'

/** Texts that go wrong where a style or an encoding is wrong. */
const TEXTS = ['blue', 'a b', '50% off', 'k=v&x=y', 'a,b;c', 'ä/ö', '한글 값', "it's (ok)!", 'q?#f', 'a+b', 'v:1@x', 'x|y', '[0]', '~tilde-._']

export type Sampling = {
  /** How likely a property is that need not be there. */
  readonly optional: number
  /** Texts with reserved characters and other scripts where the schema leaves the text open; else letters and digits. */
  readonly odd: boolean
}

/** A value that the schema most likely accepts; `undefined` where none was found. */
export function sample(schema: JsonObject, seed: string, { optional, odd }: Sampling): Json | undefined {
  let state = Number.parseInt(createHash('sha256').update(seed).digest('hex').slice(0, 12), 16)
  const random = (): number => {
    // mulberry32, the usual small generator: quality is of no matter here, only that it is the same everywhere.
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const one = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item

  // Beyond, only what is required is drawn: some entities have a hundred properties, each of which has as many.
  let left = 200
  const value = (given: Json | undefined, depth: number): Json | undefined => {
    left -= 1
    let it = given
    for (let hops = 0; hops < 20 && isObject(it) && typeof it['$ref'] === 'string'; hops += 1) {
      const { $ref: reference, ...beside } = it
      const target: Json | undefined = isObject(schema['$defs']) ? schema['$defs'][decodeURIComponent(reference.slice('#/$defs/'.length)).replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
      it = isObject(target) && Object.keys(beside).some((name) => name !== 'description') ? merged(beside, target) : target
    }
    if (it === undefined || it === true) return 'any'
    if (!isObject(it)) return undefined
    if ('const' in it) return it['const']
    if (Array.isArray(it['enum'])) return one((it['enum'] as Json[]).filter((member) => member !== null))
    if (Array.isArray(it['allOf'])) {
      const { allOf, ...rest } = it
      return value((allOf as Json[]).map((part) => resolved(part)).reduce<JsonObject>(merged, rest), depth)
    }
    for (const keyword of ['anyOf', 'oneOf']) {
      const forms = it[keyword]
      if (!Array.isArray(forms)) continue
      const { [keyword]: _, ...rest } = it
      const real = (forms as Json[]).filter((form) => !isObject(form) || form['type'] !== 'null')
      // Each in turn from a drawn one on, until one leads to a value.
      const from = Math.floor(random() * real.length)
      for (let at = 0; at < real.length; at += 1) {
        const form = resolved(real[(from + at) % real.length])
        if (form['type'] !== undefined && rest['type'] !== undefined && form['type'] !== rest['type']) continue
        const found = value(merged(rest, form), depth + 1)
        if (found !== undefined) return found
      }
      return undefined
    }
    const types = (Array.isArray(it['type']) ? (it['type'] as Json[]) : [it['type']]).filter((type) => type !== 'null')
    const type: unknown = types[0] ?? (isObject(it['properties']) ? 'object' : it['items'] === undefined ? 'string' : 'array')
    switch (type) {
      case 'boolean': return random() < 0.5
      case 'integer': case 'number': return numeric(it, type === 'integer')
      case 'array': {
        const least = typeof it['minItems'] === 'number' ? it['minItems'] : 1
        const most = Math.max(least, Math.min(typeof it['maxItems'] === 'number' ? it['maxItems'] : 2, 2))
        if (depth > 6) return least === 0 || it['minItems'] === undefined ? [] : undefined
        const wanted = least + Math.floor(random() * (most - least + 1))
        const items: Json[] = []
        for (let tries = 0; items.length < wanted && tries < wanted + 20; tries += 1) {
          const item = value(it['items'] ?? (Array.isArray(it['prefixItems']) ? (it['prefixItems'][items.length] as Json) : undefined), depth + 1)
          if (item !== undefined && (it['uniqueItems'] !== true || !items.some((other) => JSON.stringify(other) === JSON.stringify(item)))) items.push(item)
        }
        return items.length < (typeof it['minItems'] === 'number' ? it['minItems'] : 0) ? undefined : items
      }
      case 'object': {
        const properties = isObject(it['properties']) ? it['properties'] : {}
        const required = new Set(Array.isArray(it['required']) ? (it['required'] as string[]) : [])
        const members: [string, Json][] = []
        for (const [name, member] of Object.entries(properties)) {
          if (!required.has(name) && (depth > 5 || left < 0 || random() >= optional)) continue
          if (depth > 40) return undefined
          const found = value(member, depth + 1)
          if (found !== undefined) members.push([name, found])
          else if (required.has(name)) return undefined
        }
        for (const name of required) if (!Object.hasOwn(properties, name)) members.push([name, value(isObject(it['additionalProperties']) ? it['additionalProperties'] : undefined, depth + 1) ?? 'any'])
        if (members.length === 0 && isObject(it['additionalProperties']) && (random() < optional || typeof it['minProperties'] === 'number')) {
          const found = value(it['additionalProperties'], depth + 1)
          if (found !== undefined) members.push(['key', found])
        }
        return Object.fromEntries(members)
      }
      default: return textual(it)
    }
  }

  const resolved = (part: Json | undefined): JsonObject => {
    let it = part
    for (let hops = 0; hops < 20 && isObject(it) && typeof it['$ref'] === 'string'; hops += 1) {
      it = isObject(schema['$defs']) ? schema['$defs'][decodeURIComponent(it['$ref'].slice('#/$defs/'.length)).replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
    }
    if (isObject(it) && Array.isArray(it['allOf'])) {
      const { allOf, ...rest } = it
      return (allOf as Json[]).map((one) => resolved(one)).reduce<JsonObject>(merged, rest)
    }
    return isObject(it) ? it : {}
  }

  const numeric = (it: JsonObject, whole: boolean): number => {
    const step = typeof it['multipleOf'] === 'number' && it['multipleOf'] > 0 ? it['multipleOf'] : null
    let least = typeof it['minimum'] === 'number' ? it['minimum'] : typeof it['exclusiveMinimum'] === 'number' ? it['exclusiveMinimum'] + (whole ? 1 : 0.5) : null
    let most = typeof it['maximum'] === 'number' ? it['maximum'] : typeof it['exclusiveMaximum'] === 'number' ? it['exclusiveMaximum'] - (whole ? 1 : 0.5) : null
    least ??= most === null ? 1 : Math.min(1, most)
    most ??= least + 100
    let found = least + random() * (Math.min(most, least + 1_000) - least)
    if (whole) found = Math.max(Math.ceil(least), Math.floor(found))
    if (step !== null) found = Math.ceil(least / step) * step
    return Number(found.toFixed(whole ? 0 : 2))
  }

  const textual = (it: JsonObject): string | undefined => {
    const least = typeof it['minLength'] === 'number' ? it['minLength'] : 0
    const most = typeof it['maxLength'] === 'number' ? it['maxLength'] : Infinity
    const fits = (text: string): boolean => lengthOf(text) >= least && lengthOf(text) <= most
    if (typeof it['pattern'] === 'string') {
      for (const known of [it['default'], ...(Array.isArray(it['examples']) ? (it['examples'] as Json[]) : [])]) if (typeof known === 'string' && fits(known) && new RegExp(it['pattern']).test(known)) return known
      try {
        const seed = Math.floor(random() * 2 ** 31)
        // fast-check draws from no \p{...}: letters are in all that documents mean by it.
        const pattern = new RegExp(it['pattern'].replaceAll(/\\p\{\w+\}/g, 'a-z'))
        const ascii = (text: string): boolean => fits(text) && text !== '' && /^[\u0020-\u007E]*$/.test(text)
        const drawn = fc.sample(fc.stringMatching(pattern), { seed, numRuns: 40 })
        const found = drawn.find(ascii) ?? drawn.find(fits)
        const longer = drawn.map((text) => text.padEnd(least, text.at(-1))).find((text) => ascii(text) && pattern.test(text))
        return found ?? longer ?? fc.sample(fc.stringMatching(pattern, { size: 'medium' }), { seed, numRuns: 10 }).find(ascii)
      } catch {
        return undefined
      }
    }
    const format = typeof it['format'] === 'string' ? FORMATS[it['format']] : undefined
    if (format !== undefined && fits(format)) return format
    if (it['contentEncoding'] === 'base64') return 'aGFlY2hp'
    const drawn = odd ? one(TEXTS) : `text${Math.floor(random() * 100)}`
    if (fits(drawn)) return drawn
    return lengthOf(drawn) < least ? drawn.padEnd(least, 'x') : Array.from(drawn).slice(0, most).join('')
  }
  return value(schema, 0)
}

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-02-03T04:05:06Z', date: '2026-02-03', time: '04:05:06Z', duration: 'P1D', email: 'a.b@example.com', 'idn-email': 'a.b@example.com', hostname: 'host.example', 'idn-hostname': 'host.example', ipv4: '192.0.2.1', ipv6: '2001:db8::1',
  uri: 'https://host.example/a?b=c', 'uri-reference': '/a?b=c', iri: 'https://host.example/a', 'iri-reference': '/a', uuid: '123e4567-e89b-42d3-a456-426614174000', 'uri-template': '/a/{b}', 'json-pointer': '/a/b', 'relative-json-pointer': '0/a', regex: 'a+',
}

/** In code points, as JSON Schema counts. */
const lengthOf = (text: string): number => Array.from(text).length

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Two schemas that both hold, as far as that can be written as one. */
function merged(one: JsonObject, other: JsonObject): JsonObject {
  const all: Record<string, Json> = { ...one, ...other }
  if (isObject(one['properties']) && isObject(other['properties'])) all['properties'] = { ...one['properties'], ...other['properties'] }
  if (Array.isArray(one['required']) && Array.isArray(other['required'])) all['required'] = [...new Set([...(one['required'] as string[]), ...(other['required'] as string[])])]
  if (Array.isArray(one['enum']) && Array.isArray(other['enum'])) all['enum'] = (one['enum'] as Json[]).filter((member) => (other['enum'] as Json[]).includes(member))
  if (Array.isArray(one['type']) && typeof other['type'] === 'string') all['type'] = other['type']
  if (Array.isArray(other['type']) && typeof one['type'] === 'string') all['type'] = one['type']
  for (const keyword of ['anyOf', 'allOf']) if (Array.isArray(one[keyword]) && Array.isArray(other[keyword])) all[keyword] = keyword === 'allOf' ? [...(one[keyword] as Json[]), ...(other[keyword] as Json[])] : other[keyword]
  return all
}
