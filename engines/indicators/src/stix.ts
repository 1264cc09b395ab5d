// STIX 2.1 bundles into indicators. Only named properties are ever read, references are followed one step and never in circles,
// so neither depth nor prototype keys nor references to oneself can do harm. stix.test.ts holds it with the specification's own examples.
import { parseTime } from '@haechi/records'
import type { Verdict } from './indicator.ts'
import { confidenceOf, DEFAULT_MAX_LENGTH, excerpt, Gathering, MAX_ENTRIES, techniquesIn, timeOf } from './reading.ts'
import type { IndicatorReading, ReadOptions } from './reading.ts'
import { readPattern } from './stix-pattern.ts'

type Bag = Record<string, unknown>

const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value)
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.slice(0, 256).filter((one) => typeof one === 'string') : [])
const bagsOf = (value: unknown): Bag[] => (Array.isArray(value) ? value.slice(0, 256).filter(isBag) : [])

// Section 7.2.1.4 of STIX 2.1, and the ids of the TLP 2.0 extension.
const TLP: ReadonlyMap<string, string> = new Map([
  ['marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9', 'tlp:clear'],
  ['marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da', 'tlp:green'],
  ['marking-definition--f88d31f6-486f-44da-b317-01333bde0b82', 'tlp:amber'],
  ['marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed', 'tlp:red'],
  ['marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487', 'tlp:clear'],
  ['marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb', 'tlp:green'],
  ['marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421', 'tlp:amber'],
  ['marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003', 'tlp:amber+strict'],
  ['marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1', 'tlp:red'],
])

const OBSERVABLES = new Set(['ipv4-addr', 'ipv6-addr', 'domain-name', 'url', 'file', 'artifact', 'email-addr', 'email-message', 'network-traffic', 'autonomous-system', 'directory', 'mac-addr', 'mutex', 'process', 'software', 'user-account', 'windows-registry-key', 'x509-certificate'])
/** Objects whose name says something about what an indicator points to. */
const NAMED = new Set(['malware', 'threat-actor', 'intrusion-set', 'campaign', 'tool', 'infrastructure'])

/** What stands beside an indicator in the bundle. */
type Beside = { tags: string[]; techniques: string[]; threat: boolean; firstSeen: number | null; lastSeen: number | null }

/**
 * The indicators of a bundle, given as JSON text or parsed. Never throws: what is wrong with the whole stands under the place `bundle`.
 * Of several versions of an object the last modified counts; a revoked one is rejected as `revoked`. An alternative of a pattern that is a value by itself is taken, every other is rejected.
 * The verdict is that of `indicator_types`; without any it is malicious if the indicator points to malware or an actor, else the default. Names of these become tags, as do labels, kill chain phases and TLP;
 * a relationship `indicates` to an attack-pattern gives the technique.
 * Source: STIX 2.1 OASIS standard, sections 3, 4.7, 5.1, 9.
 */
export function readStix(bundle: unknown, options: ReadOptions): IndicatorReading {
  const out = new Gathering()
  let root = bundle
  if (typeof bundle === 'string') {
    if (bundle.length > (options.maxLength ?? DEFAULT_MAX_LENGTH)) {
      out.reject('bundle', 'input_too_large', `${bundle.length} characters, at most ${options.maxLength ?? DEFAULT_MAX_LENGTH}`)
      return out.done()
    }
    try {
      root = JSON.parse(bundle.startsWith('\ufeff') ? bundle.slice(1) : bundle)
    } catch {
      // The parser's own words repeat the content.
      out.reject('bundle', 'json_invalid', 'is not JSON')
      return out.done()
    }
  }
  const objects = isBag(root) && (root['type'] === 'bundle' || (root['type'] === undefined && Array.isArray(root['objects']))) ? root['objects'] ?? [] : null
  if (!Array.isArray(objects)) out.reject('bundle', 'not_a_bundle', 'a STIX bundle or TAXII envelope is an object with `objects`')
  else if (objects.length > MAX_ENTRIES) out.reject('bundle', 'too_many_entries', `${objects.length} objects, at most ${MAX_ENTRIES}`)
  else readObjects(objects, options, out)
  return out.done()
}

function readObjects(objects: readonly unknown[], options: ReadOptions, out: Gathering): void {
  const byId = new Map<string, Bag>()
  objects.forEach((object, at) => {
    if (!isBag(object) || textOf(object['type']) === '') return out.reject(`objects[${at}]`, 'object_invalid', 'has no type')
    if (OBSERVABLES.has(object['type'] as string)) {
      out.observables += 1
      return
    }
    const id = textOf(object['id'])
    if (id === '') return out.reject(`objects[${at}]`, 'object_invalid', 'has no id')
    const known = byId.get(id)
    if (known === undefined || (timeOf(known['modified']) ?? 0) <= (timeOf(object['modified']) ?? 0)) byId.set(id, object)
  })
  const beside = new Map<string, Beside>()
  const at = (id: string): Beside => {
    const known = beside.get(id)
    if (known !== undefined) return known
    const fresh: Beside = { tags: [], techniques: [], threat: false, firstSeen: null, lastSeen: null }
    beside.set(id, fresh)
    return fresh
  }
  for (const object of byId.values()) {
    if (object['revoked'] === true) continue
    if (object['type'] === 'relationship' && object['relationship_type'] === 'indicates') {
      const target = byId.get(textOf(object['target_ref']))
      if (target !== undefined && target['revoked'] !== true) point(at(textOf(object['source_ref'])), target)
    } else if (object['type'] === 'sighting') {
      const seen = at(textOf(object['sighting_of_ref']))
      seen.firstSeen = earlier(seen.firstSeen, timeOf(object['first_seen']))
      seen.lastSeen = later(seen.lastSeen, timeOf(object['last_seen']))
    }
  }
  for (const [id, object] of byId) if (object['type'] === 'indicator') readIndicator(id, object, beside.get(id), byId, options, out)
}

function point(from: Beside, target: Bag): void {
  if (from.tags.length + from.techniques.length > 256) return
  if (target['type'] === 'attack-pattern') {
    from.techniques.push(...techniquesIn(bagsOf(target['external_references']).map((reference) => textOf(reference['external_id']))))
  } else if (NAMED.has(textOf(target['type']))) {
    from.threat = true
    from.tags.push(textOf(target['name']))
  }
}

function readIndicator(id: string, object: Bag, beside: Beside | undefined, byId: ReadonlyMap<string, Bag>, options: ReadOptions, out: Gathering): void {
  const place = id.slice(0, 128)
  const field = (name: string) => out.reject(place, 'field_invalid', `${name} is ${said(object[name])}`)
  if (object['revoked'] === true) return out.reject(place, 'revoked', 'its producer took it back')
  if ((object['pattern_type'] ?? 'stix') !== 'stix') return out.reject(place, 'pattern_type_unsupported', `pattern_type is ${said(object['pattern_type'])}, taken is stix`)
  if (typeof object['pattern'] !== 'string') return field('pattern')
  const from = timeOf(object['valid_from'])
  if (from === null && object['valid_from'] !== undefined) return field('valid_from')
  const until = endOf(object['valid_until'])
  if (until === undefined || (until !== null && from !== null && until <= from)) return field('valid_until')
  const confidence = object['confidence'] === undefined ? options.confidence ?? 50 : confidenceOf(object['confidence'])
  if (confidence === null) return field('confidence')

  const alternatives = readPattern(object['pattern'])
  if (!Array.isArray(alternatives)) return out.reject(place, 'pattern_invalid', alternatives.invalid)
  const phases = bagsOf(object['kill_chain_phases']).map((phase) => `${textOf(phase['kill_chain_name'])}:${textOf(phase['phase_name'])}`)
  const statement = {
    verdict: verdictOf(textsOf(object['indicator_types'])) ?? (beside?.threat === true ? 'malicious' : options.verdict ?? 'suspicious'),
    confidence,
    source: options.source,
    tags: [...textsOf(object['labels']), ...phases.filter((phase) => phase !== ':'), ...markings(object, byId), ...(beside?.tags ?? [])],
    techniques: techniquesIn([...(beside?.techniques ?? []), ...bagsOf(object['external_references']).map((reference) => textOf(reference['external_id']))]),
    first_seen: earlier(from, beside?.firstSeen ?? null),
    last_seen: beside?.lastSeen ?? null,
    valid_until: until,
  }
  for (const alternative of alternatives) {
    if ('unsupported' in alternative) out.reject(place, 'pattern_unsupported', alternative.unsupported)
    else out.take(place, alternative.value, statement, alternative.types)
  }
}

/** What is nested is not written out: it may be nested deeper than a stack. */
const said = (value: unknown): string => (value === undefined ? 'missing' : typeof value === 'string' ? excerpt(value) : typeof value === 'number' ? String(value) : 'no text and no number')

/** Null = never ends, which some write as the year 9999. Undefined = nonsense. */
function endOf(value: unknown): number | null | undefined {
  if (value === undefined || (typeof value === 'string' && /^[2-9]\d{3}-/.test(value) && Number(value.slice(0, 4)) >= 2200)) return null
  return (typeof value === 'string' ? parseTime(value) : null) ?? undefined
}

/** The worst of the open vocabulary indicator-type-ov; null when it says nothing. */
function verdictOf(types: readonly string[]): Verdict | null {
  if (types.some((type) => type === 'malicious-activity' || type === 'compromised' || type === 'attribution')) return 'malicious'
  if (types.some((type) => type === 'anomalous-activity' || type === 'anonymization')) return 'suspicious'
  if (types.includes('benign')) return 'benign'
  return types.includes('unknown') ? 'unknown' : null
}

function markings(object: Bag, byId: ReadonlyMap<string, Bag>): string[] {
  return textsOf(object['object_marking_refs']).flatMap((id) => {
    const known = TLP.get(id)
    if (known !== undefined) return [known]
    const marking = byId.get(id)
    const definition = marking?.['definition']
    const tlp = isBag(definition) ? textOf(definition['tlp']) : ''
    const name = /^TLP:(\w+(?:\+STRICT)?)$/i.exec(textOf(marking?.['name']))?.[1]
    const colour = tlp === '' ? name : tlp
    return colour === undefined ? [] : [`tlp:${colour.toLowerCase().replace('white', 'clear')}`]
  })
}

const earlier = (a: number | null, b: number | null): number | null => (a === null || b === null ? a ?? b : Math.min(a, b))
const later = (a: number | null, b: number | null): number | null => (a === null || b === null ? a ?? b : Math.max(a, b))
