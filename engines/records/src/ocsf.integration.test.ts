// Every OCSF event of the corpora against the schema itself (ocsf-schema 1.8.0): required attributes, and no name that its class or object does not define.
import { describe, expect, test } from 'vitest'
import { bytesOf, filesIn, linesOf, missing, tarFiles } from './corpus.fixture.ts'
import { joinAudit, readRecord } from './index.ts'

type Bag = Record<string, unknown>
type Attribute = { type?: string; requirement?: string; enum?: Bag; is_array?: boolean; profile?: string | null }
type Definition = { name: string; uid?: number; category?: string; extends?: string; extension?: number; attributes: Record<string, Attribute | string[] | string>; constraints?: { at_least_one?: string[]; just_one?: string[] } }

/** A small compiler of the metaschema: classes and objects with what they inherit, include and get by extension. */
class Schema {
  readonly #files: Map<string, Buffer>
  readonly #dictionary: Record<string, Attribute>
  readonly #objects = new Map<string, Definition[]>()
  readonly #events = new Map<string, Definition>()
  readonly #observables: Bag
  readonly classes = new Map<number, Map<string, Attribute>>()
  readonly constraints = new Map<number, Definition['constraints']>()

  constructor(files: Map<string, Buffer>) {
    this.#files = files
    const json = <T>(name: string): T => JSON.parse((files.get(name) as Buffer).toString()) as T
    const windows = json<{ attributes: Record<string, Attribute> }>('extensions/windows/dictionary.json').attributes
    this.#dictionary = { ...json<{ attributes: Record<string, Attribute> }>('dictionary.json').attributes, ...windows }
    const types = json<{ types: { attributes: Record<string, { observable?: number }> } }>('dictionary.json').types.attributes
    this.#observables = Object.fromEntries(Object.values(types).filter(({ observable }) => observable !== undefined).map(({ observable }) => [observable, {}]))
    const categories = json<{ attributes: Record<string, { uid: number }> }>('categories.json').attributes
    for (const [path, body] of files) {
      const object = /^(?:extensions\/(windows)\/)?objects\/[^/]+\.json$/.exec(path)
      const event = /^(?:extensions\/(windows)\/)?events\/.+\.json$/.exec(path)
      if (object === null && event === null) continue
      const definition = JSON.parse(body.toString()) as Definition
      if (object !== null) {
        const key = definition.name ?? definition.extends
        this.#objects.set(key, [...(this.#objects.get(key) ?? []), definition])
      } else {
        if (event?.[1] === 'windows') definition.extension = 2
        this.#events.set(definition.name, definition)
      }
    }
    for (const definition of this.#events.values()) {
      if (definition.uid === undefined && definition.name !== 'base_event') continue
      let category: string | undefined
      for (let at: Definition | undefined = definition; at !== undefined && category === undefined; at = this.#events.get(at.extends ?? '')) category = at.category
      const uid = definition.name === 'base_event' ? 0 : (definition.extension ?? 0) * 100_000 + (categories[category ?? '']?.uid ?? 0) * 1000 + (definition.uid ?? 0)
      this.classes.set(uid, this.#attributes([definition], (name) => (this.#events.has(name) ? [this.#events.get(name) as Definition] : [])))
      this.constraints.set(uid, definition.constraints)
    }
  }

  object(type: string): Map<string, Attribute> | null {
    const found = this.#objects.get(type)
    return found === undefined ? null : this.#attributes(found, (name) => this.#objects.get(name) ?? [])
  }

  type(attribute: string, own: Attribute): string {
    return own.type ?? this.#dictionary[attribute]?.type ?? 'unknown'
  }

  values(attribute: string, own: Attribute, type: string): Bag {
    // The values of an observable's type are the numbers that types and objects carry.
    if (attribute === 'type_id' && type === 'observable') return this.#observables
    return { ...this.#dictionary[attribute]?.enum, ...own.enum }
  }

  isArray(attribute: string): boolean {
    return this.#dictionary[attribute]?.is_array === true
  }

  #attributes(definitions: Definition[], parents: (name: string) => Definition[]): Map<string, Attribute> {
    const all = new Map<string, Attribute>()
    const enums = new Map<string, Bag>()
    const walk = (definition: Definition): void => {
      if (definition.extends !== undefined && definition.extends !== definition.name) for (const parent of parents(definition.extends)) if (parent !== definition) walk(parent)
      for (const [name, attribute] of Object.entries(definition.attributes ?? {})) {
        if (name === '$include') {
          for (const path of attribute as string[]) {
            const body = this.#files.get(path)
            if (body !== undefined) walk({ ...(JSON.parse(body.toString()) as Definition), extends: undefined as never })
          }
        } else if (typeof attribute === 'object' && !Array.isArray(attribute)) {
          enums.set(name, { ...enums.get(name), ...attribute.enum })
          all.set(name, { ...all.get(name), ...attribute, enum: enums.get(name) as Bag })
        }
      }
    }
    for (const definition of definitions) walk(definition)
    return all
  }
}

const schema = missing === false ? new Schema(new Map([...tarFiles('schemas/ocsf/ocsf-schema-1.8.0.tar.gz')].map(([name, body]) => [name.replace(/^[^/]*ocsf[^/]*\//, ''), body]))) : null

/** What is wrong with an event, as sentences. */
function faults(event: Bag): string[] {
  const found: string[] = []
  const classUid = event['class_uid'] as number
  const attributes = schema?.classes.get(classUid)
  if (attributes === undefined) return [`no class ${classUid}`]
  for (const name of ['metadata', 'class_uid', 'category_uid', 'activity_id', 'type_uid', 'severity_id', 'time']) if (event[name] === undefined) found.push(`${name} is missing`)
  if (event['type_uid'] !== classUid * 100 + (event['activity_id'] as number)) found.push('type_uid')
  if (event['category_uid'] !== Math.floor((classUid % 100_000) / 1000)) found.push('category_uid')
  const constraints = schema?.constraints.get(classUid)
  if (constraints?.at_least_one !== undefined && !constraints.at_least_one.some((name) => event[name] !== undefined)) found.push(`none of ${constraints.at_least_one.join(', ')}`)
  if (constraints?.just_one !== undefined && constraints.just_one.filter((name) => event[name] !== undefined).length !== 1) found.push(`not one of ${constraints.just_one.join(', ')}`)
  check(event, attributes, 'event', `${classUid}`, found)
  return found
}

function check(object: Bag, attributes: Map<string, Attribute>, owner: string, place: string, found: string[]): void {
  for (const [name, attribute] of attributes) {
    if (attribute.requirement === 'required' && object[name] === undefined && (attribute.profile === undefined || attribute.profile === null) && name !== 'cloud' && name !== 'osint' && name !== 'is_alert' && name !== 'ai_model') found.push(`${place}.${name} is required`)
  }
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue
    if (value === null) { found.push(`${place}.${name} is null`); continue }
    const attribute = attributes.get(name)
    if (attribute === undefined) { found.push(`${place}.${name} is not defined`); continue }
    if (schema === null || name === 'unmapped') continue
    const type = schema.type(name, attribute)
    const array = schema.isArray(name)
    if (array !== Array.isArray(value)) found.push(`${place}.${name} is ${array ? 'no' : 'an'} array`)
    for (const one of array && Array.isArray(value) ? value : [value]) {
      const inner = schema.object(type)
      if (inner !== null && type !== 'object') {
        if (typeof one !== 'object') found.push(`${place}.${name} is no ${type}`)
        else check(one as Bag, inner, type, `${place}.${name}`, found)
      } else if (/^(?:integer_t|long_t|port_t|timestamp_t)$/.test(type) ? !Number.isSafeInteger(one) : type === 'boolean_t' ? typeof one !== 'boolean' : type.endsWith('_t') && type !== 'json_t' && typeof one !== 'string') found.push(`${place}.${name} ${JSON.stringify(one)} is no ${type}`)
      if (name.endsWith('_id') && typeof one === 'number') {
        const values = schema.values(name, attribute, owner)
        if (Object.keys(values).length > 0 && values[String(one)] === undefined) found.push(`${place}.${name} ${one} is no value of its enum`)
      }
    }
  }
}

function all(records: Iterable<unknown>): { count: number; faulty: Map<string, number> } {
  const faulty = new Map<string, number>()
  let count = 0
  for (const record of records) {
    count++
    for (const fault of new Set(faults(readRecord(record, { now: Date.UTC(2026, 6, 1) }).ocsf))) faulty.set(fault, (faulty.get(fault) ?? 0) + 1)
  }
  return { count, faulty }
}

describe.skipIf(missing !== false)('OCSF events keep to the schema', () => {
  test('the schema is read', () => {
    expect(schema?.classes.size).toBeGreaterThan(70)
    expect(faults({ class_uid: 1007, category_uid: 1, activity_id: 1, type_uid: 100701, time: 1, severity_id: 1, metadata: { version: '1', product: { name: 'x' } }, actor: { app_name: 'x' }, device: { hostname: 'h', type_id: 0 }, process: { pid: 'x' }, colour: 1 })).toEqual(['1007.process.pid "x" is no integer_t', '1007.colour is not defined'])
  })
  test('recorded Windows attacks: the first 25 of each kind of event in each set', () => {
    const records: unknown[] = []
    for (const file of filesIn('telemetry/otrf', '.ndjson.gz')) {
      const seen = new Map<string, number>()
      for (const line of linesOf(`telemetry/otrf/${file}`)) {
        const kind = /"EventID":\d+/.exec(line)?.[0] ?? ''
        const count = seen.get(kind) ?? 0
        if (count < 25) records.push(JSON.parse(line))
        seen.set(kind, count + 1)
      }
    }
    const { count, faulty } = all(records)
    expect(Object.fromEntries(faulty)).toEqual({})
    expect(count).toBeGreaterThan(5000)
  }, 60_000)
  test('EVTX and Sigma regression samples', () => {
    const records: unknown[] = []
    for (const [name, body] of tarFiles('evtx/evtx.tar.gz')) if (name.endsWith('.ndjson')) for (const line of body.toString().split('\n')) if (line !== '') records.push(JSON.parse(line))
    expect(Object.fromEntries(all(records).faulty)).toEqual({})
    expect(records.length).toBe(442)
  })
  test('service logs: every line of every service', () => {
    const records: unknown[] = []
    for (const [, body] of tarFiles('service-logs/logs.tar.gz')) {
      const lines = body.toString().split('\n').filter((line) => line !== '')
      records.push(...lines, ...lines.map((message) => ({ message, host: { name: 'h' } })), ...joinAudit(lines))
    }
    expect(Object.fromEntries(all(records).faulty)).toEqual({})
    expect(records.length).toBeGreaterThan(7000)
  })
  test('lanes and pairs', () => {
    const records: unknown[] = []
    for (const lane of ['mixed_schema', 'structured_windows', 'correlation', 'sysmon_file_event', 'raw_windows', 'cisco_syslog']) records.push(...bytesOf(`lanes/${lane}.ndjson.gz`).toString().split('\n', 1000).map((line) => JSON.parse(line) as unknown))
    for (const line of linesOf('ocsf-pairs/pairs.ndjson.gz')) records.push((JSON.parse(line) as { raw: string }).raw)
    expect(Object.fromEntries(all(records).faulty)).toEqual({})
  })
})
