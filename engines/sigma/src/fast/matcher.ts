// The fast matcher: the answers of the plain one (fast.test.ts holds it to them), with each value of an event judged once for all rules,
// and each combination of judgements once for all events. Pure: opens no file and no socket, reads no clock.
import { fieldOf, readFields } from '@haechi/records'
import type { LogSource } from '@haechi/records'
import { fold } from '../pattern.ts'
import { applies, compilePlain, detected, linesOf, parsed } from '../matcher.ts'
import type { Match, MatchFault, Matcher, MatcherOptions, Read } from '../matcher.ts'
import type { Rule } from '../rule.ts'
import { createPairTable } from './pair-table.ts'
import { compileProgram } from './program.ts'
import type { Outcome } from './program.ts'
import { createVerdicts } from './verdicts.ts'
import type { Raw, Slot, Verdict } from './verdicts.ts'

/** Combinations remembered; beyond it all are forgotten and learnt again. */
const MAX_COMBINATIONS = 200_000
const MAX_KEYS = 20_000
const MAX_SOURCES = 1000
const MAX_DEPTH = 200

/** What a key of a record means to the rules: a field of that name; fields within it, by dotted names; fields that leave out its blanks. */
type Key = { slot: SlotAt | null; dotted: readonly SlotAt[]; spaced: readonly SlotAt[] }
/** A slot with what the event at hand has in it. */
type SlotAt = { readonly slot: Slot; readonly name: string; event: number; raw: Raw | null }
type Partition = { readonly applies: Uint8Array; readonly open: readonly number[]; readonly keywords: boolean; state: number }

export function createMatcher(rules: readonly Rule[], options: MatcherOptions = {}, read: Read = readFields): Matcher {
  const verdicts = createVerdicts()
  const program = compileProgram(rules, verdicts)
  verdicts.build()
  const plain = compilePlain(rules, options)

  const slots = new Map<Slot, SlotAt>()
  const byName = new Map<string, SlotAt>()
  const byHead = new Map<string, SlotAt[]>()
  const spaceless = new Map<string, SlotAt[]>()
  const put = (map: Map<string, SlotAt[]>, key: string, slot: SlotAt): void => {
    const known = map.get(key)
    if (known === undefined) map.set(key, [slot])
    else known.push(slot)
  }
  const keywords = verdicts.slotOf(null)
  const keyworded = new Uint8Array(rules.length)
  for (const { slot } of verdicts.predicates) {
    if (slot.field === null || slots.has(slot)) continue
    const at: SlotAt = { slot, name: slot.field, event: -1, raw: null }
    slots.set(slot, at)
    byName.set(slot.field, at)
    for (let dot = slot.field.indexOf('.'); dot !== -1; dot = slot.field.indexOf('.', dot + 1)) put(byHead, slot.field.slice(0, dot), at)
    put(spaceless, slot.field.replaceAll(' ', ''), at)
  }
  for (const [number, rule] of rules.entries()) if (hasKeywords(rule)) keyworded[number] = 1

  let keys = new Map<string, Key | null>()
  const keyOf = (name: string): Key | null => {
    const slot = byName.get(name) ?? null
    const dotted = byHead.get(name) ?? []
    const spaced = name.includes(' ') ? (spaceless.get(name.replaceAll(' ', '')) ?? []).filter((one) => one !== slot) : []
    const key = slot === null && dotted.length === 0 && spaced.length === 0 ? null : { slot, dotted, spaced }
    if (keys.size >= MAX_KEYS) keys = new Map()
    keys.set(name, key)
    return key
  }

  // A combination of verdicts is a state, reached from that of the log source by one verdict after the other.
  const next = createPairTable()
  let parents: number[] = []
  let arrived: (Verdict | null)[] = []
  let outcomes: (Outcome | undefined)[] = []
  let partitions = new Map<string, Partition>()
  const known = new Map<string, Omit<Partition, 'state'>>()
  const newState = (parent: number, verdict: Verdict | null): number => {
    parents.push(parent)
    arrived.push(verdict)
    return outcomes.push(undefined) - 1
  }
  const partitionOf = (source: LogSource, strict: boolean): Partition => {
    const key = `${strict ? '!' : '?'}${source.product ?? '*'}\n${source.category ?? '*'}\n${source.service ?? '*'}`
    let partition = partitions.get(key)
    if (partition === undefined) {
      let chosen = known.get(key)
      if (chosen === undefined) {
        // Events may state any log source they like; what is remembered of them is bounded.
        if (known.size >= MAX_SOURCES) known.clear()
        const fits = Uint8Array.from(rules, (rule) => (applies(rule.logsource, source, strict) ? 1 : 0))
        chosen = { applies: fits, open: program.openOf(fits), keywords: fits.some((one, rule) => one === 1 && keyworded[rule] === 1) }
        known.set(key, chosen)
      }
      partition = { ...chosen, state: newState(-1, null) }
      partitions.set(key, partition)
    }
    return partition
  }
  const forget = (): void => {
    next.clear()
    parents = []
    arrived = []
    outcomes = []
    partitions = new Map()
  }

  let state = 0
  const arrive = (verdict: Verdict): void => {
    if (verdict.id === 0) return
    let to = next.get(state, verdict.id)
    if (to === -1) {
      to = newState(state, verdict)
      next.set(state, verdict.id, to)
    }
    state = to
  }
  const outcomeOf = (at: number, partition: Partition): Outcome => {
    const met: number[] = []
    let exhausted = false
    for (let back = at; arrived[back] !== null; back = parents[back]!) {
      const verdict = arrived[back]!
      met.push(...verdict.predicates)
      exhausted ||= verdict.exhausted
    }
    const outcome = program.outcome(met, partition.applies, partition.open, exhausted)
    outcomes[at] = outcome
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
        arrive(at.slot.of(item))
        any = true
      } else if (Array.isArray(item) && depth < MAX_DEPTH) any = takeList(at, item, depth + 1) || any
    }
    return any
  }
  const take = (at: SlotAt, value: unknown): void => {
    at.event = event
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      at.raw = value
      arrive(at.slot.of(value))
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
      const verdict = keywords.ofText(value, typeof value === 'string' ? fold(value) : String(value))
      if (verdict.id === 0) return
      arrive(verdict)
      said.push({ raw: value, predicates: verdict.predicates })
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
        let partition: Partition
        if (source === 'detect') {
          const own = detected(record, reading.logSource, reading.shape === 'unknown')
          partition = partitionOf(own.source, own.strict)
        } else partition = partitionOf(source, false)
        if (outcomes.length > MAX_COMBINATIONS) {
          forget()
          partition = partitionOf(source === 'detect' ? detected(record, reading.logSource, reading.shape === 'unknown').source : source, source === 'detect' && detected(record, reading.logSource, reading.shape === 'unknown').strict)
        }
        state = partition.state
        event += 1
        several = false
        said.length = 0
        let dotted: Set<SlotAt> | null = null
        let spaced: [string, readonly SlotAt[]][] | null = null
        if (typeof fields === 'object' && fields !== null) {
          for (const name in fields) {
            const key = keys.get(name) ?? (keys.has(name) ? null : keyOf(name))
            if (key === null) continue
            const value = fields[name]
            if (value === undefined) continue
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
        if (partition.keywords) {
          speak(record, 0)
          if (fields !== record) speak(fields, 0)
        }
        const outcome = outcomes[state] ?? outcomeOf(state, partition)
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
              const at = slots.get(one.slot)!
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
  const inSelection = (selection: Rule['detection']['selections'] extends ReadonlyMap<string, infer S> ? S : never): boolean => (selection.kind === 'item' ? selection.field === null : selection.of.some(inSelection))
  return [...detection.selections.values()].some(inSelection)
}
