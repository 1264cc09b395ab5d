// The fast matcher: the answers of the plain one (drawn.integration.test.ts and its integration tests hold it to them), with each value of an event judged once for all rules,
// and each combination of judgements once for all events. Pure: opens no file and no socket, reads no clock.
import { createPairTable } from '@haechi/patterns'
import { fieldOf, readFields } from '@haechi/records'
import type { LogSource } from '@haechi/records'
import { applies, compilePlain, detected, linesOf, parsed } from '../matcher.ts'
import type { Match, MatchFault, Matcher, MatcherOptions, Read } from '../matcher.ts'
import type { Rule, Selection } from '../rule.ts'
import { compileProgram } from './program.ts'
import type { Outcome } from './program.ts'
import { createVerdicts } from './verdicts.ts'
import type { Raw, Slot, Verdict } from './verdicts.ts'

/** Combinations remembered; beyond it all are forgotten and learnt again. */
const MAX_COMBINATIONS = 50_000
/** Of the rules that those hold, and of what is shown of them. */
const MAX_HITS = 500_000
const MAX_KEYS = 5000
const MAX_KEY_LENGTH = 128
const MAX_SOURCES = 1000
const MAX_NARROWED = 64
/** From so many events on a log source has tests of its own. */
const OFTEN = 200
const MAX_DEPTH = 200

/** A slot with what the event at hand has in it. */
type SlotAt = { readonly slot: Slot; readonly name: string; event: number; raw: Raw | null }
/** What a key of a record means to the rules: a field of that name; fields within it, by dotted names; fields that leave out its blanks. */
type Key = { readonly slot: SlotAt | null; readonly dotted: readonly SlotAt[]; readonly spaced: readonly SlotAt[] }
/** What a combination has more than the one before it. */
type Arrival = Pick<Verdict, 'predicates' | 'exhausted'>
const GAVE_UP: Arrival = { predicates: [], exhausted: true }
/** What the rules of one log source have to know of an event. */
type Partition = {
  readonly applies: Uint8Array
  readonly open: readonly number[]
  readonly keywords: Slot | null
  /** By the slot that all log sources share. */
  readonly at: ReadonlyMap<Slot, SlotAt>
  readonly keyOf: (name: string) => Key | null
  readonly keys: Map<string, Key | null>
  /** By predicate, whether it tells events apart here. */
  readonly asked: Uint8Array
  /** Verdicts without what no rule here asks for, by the number of the whole verdict; null while all is asked for. */
  reduced: (Verdict | undefined)[] | null
  /** How many there were while the log source had nothing of its own. */
  events: number
  /** The combination of no verdict at all; of an older generation than the matcher's it was forgotten with all others. */
  root: number
  generation: number
}

export function createMatcher(rules: readonly Rule[], options: MatcherOptions = {}, read: Read = readFields): Matcher {
  const verdicts = createVerdicts()
  const program = compileProgram(rules, verdicts)
  verdicts.build()
  // Expressions that give up were reported before it is asked.
  const plain = compilePlain(rules, {})

  const keysOver = (chosen: readonly SlotAt[]): ((name: string) => Key | null) => {
    const byName = new Map(chosen.map((at) => [at.name, at]))
    const byHead = new Map<string, SlotAt[]>()
    const spaceless = new Map<string, SlotAt[]>()
    const put = (map: Map<string, SlotAt[]>, key: string, at: SlotAt): void => {
      const known = map.get(key)
      if (known === undefined) map.set(key, [at])
      else known.push(at)
    }
    for (const at of chosen) {
      for (let dot = at.name.indexOf('.'); dot !== -1; dot = at.name.indexOf('.', dot + 1)) put(byHead, at.name.slice(0, dot), at)
      put(spaceless, at.name.replaceAll(' ', ''), at)
    }
    return (name) => {
      const slot = byName.get(name) ?? null
      const dotted = byHead.get(name) ?? []
      const spaced = name.includes(' ') ? (spaceless.get(name.replaceAll(' ', '')) ?? []).filter((one) => one !== slot) : []
      return slot === null && dotted.length === 0 && spaced.length === 0 ? null : { slot, dotted, spaced }
    }
  }

  // A combination of verdicts is a state, reached from that of the log source by one verdict after the other.
  const next = createPairTable()
  let parents: number[] = []
  let arrived: (Arrival | null)[] = []
  let outcomes: (Outcome | undefined)[] = []
  const newState = (parent: number, arrival: Arrival | null): number => {
    parents.push(parent)
    arrived.push(arrival)
    return outcomes.push(undefined) - 1
  }
  const lones: (Arrival | undefined)[] = []
  const lone = (predicate: number): Arrival => (lones[predicate] ??= { predicates: [predicate], exhausted: false })
  // By product, category and service, each of which may be any text or not stated.
  type Leaf = { partition: Partition | null }
  type Part = string | undefined
  let leaves: readonly [Map<Part, Map<Part, Map<Part, Leaf>>>, Map<Part, Map<Part, Map<Part, Leaf>>>] = [new Map(), new Map()]
  let sources = 0
  const leafOf = ({ product, category, service }: LogSource, strict: boolean): Leaf => {
    const found = leaves[strict ? 1 : 0].get(product)?.get(category)?.get(service)
    if (found !== undefined) return found
    // Events may state any log source they like; what is remembered of them is bounded.
    if (sources >= MAX_SOURCES) {
      leaves = [new Map(), new Map()]
      narrowed.clear()
      sources = 0
    }
    const leaf: Leaf = { partition: null }
    const categories = leaves[strict ? 1 : 0].get(product) ?? new Map<Part, Map<Part, Leaf>>()
    const services = categories.get(category) ?? new Map<Part, Leaf>()
    leaves[strict ? 1 : 0].set(product, categories.set(category, services.set(service, leaf)))
    sources += 1
    return leaf
  }
  const narrowed = new Set<Leaf>()
  const all = new Map<Slot, SlotAt>()
  for (const { slot } of verdicts.predicates) if (slot.field !== null && !all.has(slot)) all.set(slot, { slot, name: slot.field, event: -1, raw: null })
  const keyOfAll = keysOver([...all.values()])
  const keysOfAll = new Map<string, Key | null>()
  const everything = new Uint8Array(verdicts.predicates.length).fill(1)
  const keyworded = Uint8Array.from(rules, (rule) => (hasKeywords(rule) ? 1 : 0))

  /** At first a log source uses what all share: nothing is built for what is only met once. */
  const createPartition = (source: LogSource, strict: boolean): Partition => {
    const fits = Uint8Array.from(rules, (rule) => (applies(rule.logsource, source, strict) ? 1 : 0))
    return {
      applies: fits, open: program.openOf(fits), keywords: fits.some((one, rule) => one === 1 && keyworded[rule] === 1) ? verdicts.slotOf(null) : null,
      at: all, keyOf: keyOfAll, keys: keysOfAll, asked: everything, reduced: null, root: -1, generation: -1, events: 0,
    }
  }
  /** What is met often gets a part of the tests for itself, so that what no rule here asks for tells no two of its events apart. */
  const narrow = (leaf: Leaf, { applies: fits, open }: Partition): Partition => {
    const asked = program.askedOf(fits)
    const whole = new Map<Slot, { all: number; asked: number[] }>()
    for (const [predicate, { slot, presence }] of verdicts.predicates.entries()) {
      const counted = whole.get(slot) ?? { all: 0, asked: [] }
      whole.set(slot, counted)
      // That a field is there is asked for by no rule, but by those who are met when it is not.
      if (presence) asked[predicate] = 1
      else {
        counted.all += 1
        if (asked[predicate] === 1) counted.asked.push(predicate)
      }
    }
    // Where most is asked for, the shared slot serves.
    const shared = (counted: { all: number; asked: number[] }): boolean => counted.asked.length * 2 > counted.all
    const own = verdicts.narrowed([...whole.values()].flatMap((counted) => (shared(counted) ? [] : counted.asked)))
    const at = new Map<Slot, SlotAt>()
    let keywords: Slot | null = null
    for (const [slot, counted] of whole) {
      if (counted.asked.length === 0) continue
      const chosen = own.get(slot) ?? slot
      if (slot.field === null) keywords = chosen
      else at.set(slot, { slot: chosen, name: slot.field, event: -1, raw: null })
    }
    const partition: Partition = { applies: fits, open, keywords, at, keyOf: keysOver([...at.values()]), keys: new Map(), asked, reduced: [], root: -1, generation: -1, events: 0 }
    for (const oldest of narrowed) {
      if (narrowed.size < MAX_NARROWED) break
      narrowed.delete(oldest)
      oldest.partition = null
    }
    narrowed.add(leaf)
    leaf.partition = partition
    return partition
  }
  let last: { product: string | undefined; category: string | undefined; service: string | undefined; strict: boolean; partition: Partition } | null = null
  const partitionOf = (source: LogSource, strict: boolean): Partition => {
    const { product, category, service } = source
    if (last !== null && last.product === product && last.category === category && last.service === service && last.strict === strict && last.partition.reduced !== null) return last.partition
    const leaf = leafOf(source, strict)
    let found = leaf.partition ??= createPartition(source, strict)
    if (found.reduced === null) {
      found.events += 1
      if (found.events === OFTEN) found = narrow(leaf, found)
    }
    last = { product, category, service, strict, partition: found }
    return found
  }
  let generation = 0
  let hits = 0
  const forget = (): void => {
    hits = 0
    next.clear()
    parents = []
    arrived = []
    outcomes = []
    verdicts.forget()
    generation += 1
  }

  let state = 0
  let partition!: Partition
  const go = (by: number, arrival: Arrival): void => {
    let to = next.get(state, by)
    if (to === -1) {
      to = newState(state, arrival)
      next.set(state, by, to)
    }
    state = to
  }
  const arrive = (whole: Verdict): void => {
    if (whole.id === 0) return
    const { reduced, asked } = partition
    const verdict = reduced === null ? whole : reduced[whole.id] ??= verdicts.verdictOf(whole.predicates.filter((predicate) => asked[predicate] === 1), whole.exhausted)
    if (verdict.id !== 0) go(verdict.id, verdict)
  }
  /** By what the last value met, one predicate after the other: verdicts that hardly ever come again are not worth a name. */
  const arriveMet = (): void => {
    const { list, exhausted } = verdicts.met
    for (const predicate of list) if (partition.asked[predicate] === 1) go(-2 - predicate, lone(predicate))
    if (exhausted) go(-1, GAVE_UP)
  }
  const ask = (slot: Slot, raw: Raw): void => {
    const verdict = slot.of(raw)
    if (verdict === null) arriveMet()
    else arrive(verdict)
  }
  const outcomeOf = (at: number): Outcome => {
    const met: number[] = []
    let exhausted = false
    for (let back = at; arrived[back] !== null; back = parents[back]!) {
      const arrival = arrived[back]!
      for (const predicate of arrival.predicates) met.push(predicate)
      exhausted ||= arrival.exhausted
    }
    const outcome = program.outcome(met, partition.applies, partition.open, exhausted)
    outcomes[at] = outcome
    for (const { shown } of outcome.hits) hits += 1 + (shown?.length ?? 0)
    return outcome
  }

  let event = 0
  /** Whether the event has a field of several values, whose showing is left to the plain matcher. */
  let several = false
  /** Values that met keywords, in their order. */
  const said: { raw: Raw; predicates: readonly number[] }[] = []

  const takeList = (at: SlotAt, list: readonly unknown[], depth: number): boolean => {
    let any = false
    for (const item of list) {
      if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') {
        ask(at.slot, item)
        any = true
      } else if (Array.isArray(item) && depth < MAX_DEPTH) any = takeList(at, item, depth + 1) || any
    }
    return any
  }
  const take = (at: SlotAt, value: unknown): void => {
    at.event = event
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      at.raw = value
      ask(at.slot, value)
      return
    }
    at.raw = null
    if (value === null) arrive(at.slot.ofNull())
    else {
      if (Array.isArray(value) && takeList(at, value, 1)) several = true
      if (at.slot.presence) arrive(at.slot.ofPresent())
    }
  }
  const speak = (value: unknown, depth: number): void => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      if (partition.keywords!.of(value) !== null) return
      arriveMet()
      if (verdicts.met.list.length > 0) said.push({ raw: value, predicates: [...verdicts.met.list] })
    } else if (value !== null && typeof value === 'object' && depth < MAX_DEPTH) {
      if (Array.isArray(value)) for (const item of value) speak(item, depth + 1)
      else for (const key of Object.keys(value)) speak((value as Record<string, unknown>)[key], depth + 1)
    }
  }

  return {
    match(batch, source) {
      const matches: Match[] = []
      let eventIndex = -1
      for (const line of linesOf(batch)) {
        eventIndex += 1
        const record = parsed(line)
        if (record === undefined) {
          options.onError?.({ code: 'json_invalid', eventIndex } satisfies MatchFault)
          continue
        }
        const reading = read(record)
        const { fields } = reading
        if (source === 'detect') {
          const own = detected(record, reading.logSource, reading.shape === 'unknown')
          partition = partitionOf(own.source, own.strict)
        } else partition = partitionOf(source, false)
        if (outcomes.length > MAX_COMBINATIONS || hits > MAX_HITS || verdicts.full()) forget()
        if (partition.generation !== generation) {
          partition.generation = generation
          partition.root = newState(-1, null)
          if (partition.reduced !== null) partition.reduced = []
        }
        state = partition.root
        const { keys, keywords } = partition
        // What stands in the record and in its fields is heard once, where it is read.
        const same = fields === record && typeof record === 'object' && record !== null
        event += 1
        several = false
        said.length = 0
        let dotted: Set<SlotAt> | null = null
        let spaced: [string, readonly SlotAt[]][] | null = null
        if (typeof fields === 'object' && fields !== null) {
          for (const name in fields) {
            let key = keys.get(name)
            if (key === undefined) {
              key = partition.keyOf(name)
              if (keys.size < MAX_KEYS && name.length <= MAX_KEY_LENGTH) keys.set(name, key)
            }
            if (key === null && (keywords === null || !same)) continue
            const value = fields[name]
            if (keywords !== null && same) speak(value, 1)
            if (key === null || value === undefined) continue
            if (key.slot !== null) take(key.slot, value)
            if (key.dotted.length > 0 && typeof value === 'object' && value !== null) {
              dotted ??= new Set()
              for (const slot of key.dotted) dotted.add(slot)
            }
            if (key.spaced.length > 0) (spaced ??= []).push([name, key.spaced])
          }
          if (dotted !== null) {
            for (const slot of dotted) {
              // A field of the very name goes before those within.
              if (slot.event === event) continue
              const value = fieldOf(fields, slot.name)
              if (value !== undefined) take(slot, value)
            }
          }
          if (spaced !== null) {
            const taken = new Set<SlotAt>()
            // As the plain matcher: of several names that differ in blanks the last one counts.
            for (const [name, list] of spaced.toReversed()) {
              for (const slot of list) {
                if (taken.has(slot) || slot.event === event) continue
                taken.add(slot)
                take(slot, fields[name])
              }
            }
          }
        }
        if (keywords !== null && !same) {
          speak(record, 0)
          for (const name in fields) if (fields[name] !== (record as Record<string, unknown> | null)?.[name]) speak(fields[name], 1)
        }
        const outcome = outcomes[state] ?? outcomeOf(state)
        for (const rule of outcome.exhausted) options.onError?.({ code: 'regex_exhausted', eventIndex, rule: rules[rule]! })
        if (outcome.hits.length === 0) continue
        let view: ReturnType<typeof plain.viewOf> | null = null
        for (const { rule, shown } of outcome.hits) {
          if (shown === null || several) {
            view ??= plain.viewOf(record, fields)
            const { holds, explain } = plain.rule(rule)
            if (shown !== null || holds(view)) matches.push({ rule: rules[rule]!, eventIndex, fields, matched: explain(view) })
            continue
          }
          const matched: Match['matched'] = []
          let seen: Set<unknown> | null = null
          let selection = ''
          for (const one of shown) {
            const { field } = one.slot
            if (field !== null) {
              const at = partition.at.get(one.slot)!
              matched.push({ selection: one.selection, field, value: at.event === event ? at.raw : null })
              continue
            }
            if (one.selection !== selection) {
              seen = new Set()
              selection = one.selection
            }
            const value = said.find(({ predicates }) => predicates.includes(one.predicate))!
            if (seen!.has(value.raw)) continue
            seen!.add(value.raw)
            matched.push({ selection: one.selection, field: null, value: value.raw })
          }
          matches.push({ rule: rules[rule]!, eventIndex, fields, matched })
        }
      }
      return matches
    },
  }
}

const hasKeywords = ({ detection }: Rule): boolean => {
  const within = (selection: Selection): boolean => (selection.kind === 'item' ? selection.field === null : selection.of.some(within))
  return [...detection.selections.values()].some(within)
}
