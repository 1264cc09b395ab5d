// What a value is to the tests of a field: the numbers of the predicates that it meets. Each distinct (field, test) is one predicate, however many rules ask for it,
// and each distinct set of predicates one verdict, so that what follows from a verdict is worked out once. drawn.integration.test.ts holds it against the plain tests.
import { createForest, fold, parsePcre, requiredTexts } from '@haechi/patterns'
import type { Forest, Found, Literals, Place } from '@haechi/patterns'
import { compileTest } from '../predicates.ts'
import type { CompiledTest } from '../predicates.ts'
import { ANY, DASHES, joined, plainOf } from '../pattern.ts'
import type { Piece, Test } from '../rule.ts'
import { NO_VERDICTS } from '../view.ts'
import type { Value } from '../view.ts'

export type Verdict = {
  /** 0 is the verdict that nothing is met. */
  readonly id: number
  readonly predicates: readonly number[]
  /** An expression gave up on the value. */
  readonly exhausted: boolean
}

export type Raw = string | number | boolean

/** The tests of one field, or of the keywords. */
export type Slot = {
  readonly field: string | null
  /** Whether it matters that the field is there at all. */
  presence: boolean
  /** Of a scalar value of the record. null: it is not worth remembering, and what it meets is in `met` until the next value is asked for. */
  of(raw: Raw): Verdict | null
  ofNull(): Verdict
  /** Of an object or list: there, and neither null nor any value. */
  ofPresent(): Verdict
}

export type Verdicts = {
  /** Of the last value that was not remembered: the predicates that it meets, and whether an expression gave up on it. */
  readonly met: { readonly list: readonly number[]; exhausted: boolean }
  /** Whether so many verdicts are known that they are better forgotten, by `forget`, which begins their numbers anew. */
  full(): boolean
  forget(): void
  slotOf(field: string | null): Slot & Building
  /** Slots of some predicates alone, which are all that a log source needs to know, by the slots that all share. */
  narrowed(predicates: readonly number[]): Map<Slot, Slot>
  /** The verdict of some of a verdict's predicates. */
  verdictOf(predicates: readonly number[], exhausted: boolean): Verdict
  build(): void
  readonly predicates: readonly Predicate[]
}

export type Predicate = {
  readonly slot: Slot
  /** Met by an absent field. */
  readonly absent: boolean
  /** That the field is there at all. */
  readonly presence: boolean
  /** Asks for more than the value: never met here, and the rule is asked by itself. */
  readonly dynamic: boolean
  /** A guess of how seldom it is met, greater is more often; only compared. */
  readonly weight: number
}

export type Building = { predicateOf(test: Test): number }

type Built = Slot & Building & { learn(predicate: number, test: Test): number; built(): void }

const MAX_REMEMBERED = 8192
const MAX_REMEMBERED_LENGTH = 1024
const MAX_VARIANTS = 25
const MAX_VERDICTS = 50_000
/** Of all verdicts, in predicates. */
const MAX_LISTED = 2_000_000
/** Of all values that are remembered, in characters. */
const MAX_KEPT = 64_000_000
/** A longer text is looked for by its first letters, and in whole only where those stand: else a text of one letter over and over would be followed from each of its places. */
const MAX_FOLLOWED = 32
const FEW = 8

const NOTHING_MET: Verdict = { id: 0, predicates: [], exhausted: false }

export function createVerdicts(): Verdicts {
  const forest = createForest()
  const predicates: Predicate[] = []
  const slots = new Map<string | null, Built>()
  const interned = new Map<string, Verdict>()

  // Doubles: counted on for as long as the matcher lives, 32 bits are used up within days.
  const marked: { epoch: Float64Array; list: number[]; exhausted: boolean } = { epoch: new Float64Array(0), list: [], exhausted: false }
  let epoch = 0
  let generation = 0
  let listed = 0
  /** What slots remember, so that all of it can be forgotten at once. */
  const memories = new Set<Map<Raw, Verdict>>()
  let kept = 0
  const mark = (predicate: number): void => {
    if (marked.epoch[predicate] !== epoch) {
      marked.epoch[predicate] = epoch
      marked.list.push(predicate)
    }
  }
  let alone: (Verdict | undefined)[] = []
  const verdictOf = (list: number[], exhausted: boolean): Verdict => {
    if (list.length < 2 && !exhausted) {
      if (list.length === 0) return NOTHING_MET
      const known = alone[list[0]!]
      if (known !== undefined) return known
    }
    if (list.length > 1) list.sort((a, b) => a - b)
    const key = exhausted ? `${list.join()}!` : list.join()
    let verdict = interned.get(key)
    if (verdict === undefined) {
      verdict = { id: interned.size + 1, predicates: [...list], exhausted }
      interned.set(key, verdict)
      listed += list.length
      if (list.length === 1 && !exhausted) alone[list[0]!] = verdict
    }
    return verdict
  }

  const tests: Test[] = []
  const presences = new Map<string | null, number>()
  const createSlot = (field: string | null, forest: Forest): Built => {
    const known = new Map<string, number>()
    const tree = forest.plant()
    /** Tests that are only run where a text stands that they need, by number; and those that are run on every value. */
    const candidates: { predicate: number; meets: CompiledTest }[] = []
    const unconditional: { predicate: number; meets: CompiledTest }[] = []
    const whenNull: number[] = []
    const whenPresent: number[] = []
    let literals: Literals | null = null
    /** Whether a number or a boolean can be met by anything but being there. */
    let readsOthers = false
    /** Whether nothing but literals is looked at, so that their silence says all. */
    let mayBeSilent = true
    const plant = (text: string, at: Place, number: number): void => {
      if (/^[\d.e+-]*$/.test(text) || '-infinity'.includes(text) || 'true'.includes(text) || 'false'.includes(text)) readsOthers = true
      tree.add(text, at, number)
    }
    const around = { slotOf: () => 0, numberOf: () => null, exhausted: () => { marked.exhausted = true } }

    const conditional = (predicate: number, test: Test, texts: readonly string[] | null): void => {
      const meets = compileTest(test, around)
      if (texts === null) {
        unconditional.push({ predicate, meets })
        readsOthers = true
        mayBeSilent = false
        return
      }
      const candidate = candidates.push({ predicate, meets }) - 1
      for (const text of texts) plant(text.slice(0, MAX_FOLLOWED), 'inside', ~candidate)
    }
    /** A predicate of its own says that the field is there, for those that are met when it is not. */
    const beThere = (): void => {
      if (slot.presence) return
      slot.presence = true
      let number = presences.get(field)
      if (number === undefined) {
        number = predicates.push({ slot, absent: false, presence: true, dynamic: false, weight: 1000 }) - 1
        presences.set(field, number)
      }
      whenPresent.push(number)
    }
    /** Answers how often it may be met. */
    const learn = (predicate: number, test: Test): number => {
      switch (test.kind) {
        case 'pattern': {
          const plain = test.cased ? null : plainsOf(test.pieces)
          if (plain !== null) {
            let weight = 0
            for (const { at, text } of plain) {
              if (at === 'inside' && text.length > MAX_FOLLOWED) conditional(predicate, { kind: 'pattern', pieces: [ANY, text, ANY], cased: false }, [text])
              else plant(text, at, predicate)
              weight += at === 'whole' ? (/^\d*$/.test(text) ? 50 : 2) : byLength(text.length) + (at === 'inside' ? 1 : 0)
            }
            return weight
          }
          const longest = test.pieces.reduce<string>((best, piece) => (typeof piece === 'string' && piece.length > best.length ? fold(piece) : best), '')
          conditional(predicate, test, longest === '' ? null : [longest])
          return byLength(longest.length)
        }
        case 'number':
          plant(String(test.value), 'whole', predicate)
          if (fold(test.text) !== String(test.value)) plant(fold(test.text), 'whole', predicate)
          return 50
        case 'boolean': plant(String(test.value), 'whole', predicate); return 300
        case 'regex': {
          const texts = requiredTexts(parsePcre(test.source, test.flags))
          conditional(predicate, test, texts)
          return texts === null ? 300 : texts.reduce((sum, text) => sum + byLength(text.length), 0)
        }
        case 'cidr': case 'compare': case 'time': conditional(predicate, test, null); return 300
        case 'null': beThere(); whenNull.push(predicate); return 1000
        case 'exists': beThere(); if (test.value) whenPresent.push(predicate); return 1000
        case 'fieldref': beThere(); return 1000
        case 'any': return test.of.reduce((sum, one) => sum + learn(predicate, one), 0)
        default: return test satisfies never
      }
    }

    const heard = new Set<readonly number[]>()
    const found: Found = {
      add(numbers) {
        // A text of one letter over and over says the same at each of its places.
        if (numbers.length > FEW) {
          if (heard.has(numbers)) return
          heard.add(numbers)
        }
        for (const number of numbers) {
          if (number >= 0) mark(number)
          else tryCandidate(~number)
        }
      },
    }
    const judged: { raw: Raw; text: string } = { raw: '', text: '' }
    let value: { present: true; empty: false; values: [Value] } | null = null
    const onlyValue = (): { present: true; empty: false; values: [Value] } => (value ??= { present: true, empty: false, values: [{ ...judged, folded: fold(judged.text), verdicts: NO_VERDICTS }] })
    const tried = new Map<number, number>()
    const tryCandidate = (candidate: number): void => {
      if (tried.get(candidate) === epoch) return
      tried.set(candidate, epoch)
      const { predicate, meets } = candidates[candidate]!
      if (marked.epoch[predicate] !== epoch && meets(onlyValue(), NO_VIEW) !== null) mark(predicate)
    }
    const begin = (): void => {
      epoch += 1
      marked.list.length = 0
      marked.exhausted = false
      for (const predicate of whenPresent) mark(predicate)
    }
    /** Answers whether there is more to say than that the field is there; what is met is marked then. */
    const judge = (raw: Raw): boolean => {
      literals ??= tree.build()
      if (typeof raw !== 'string' && !readsOthers) return false
      const text = typeof raw === 'string' ? raw : String(raw)
      if (mayBeSilent && literals.silent(text)) return false
      begin()
      value = null
      judged.raw = raw
      judged.text = text
      if (heard.size > 0) heard.clear()
      literals.search(text, found)
      for (const { predicate, meets } of unconditional) if (meets(onlyValue(), NO_VIEW) !== null) mark(predicate)
      return true
    }

    let remembered = new Map<Raw, Verdict>()
    let present: Verdict | null = null
    let of = generation
    const empty = (): void => {
      memories.delete(remembered)
      remembered = new Map()
      memories.add(remembered)
    }
    const fresh = (): void => {
      of = generation
      present = null
      empty()
    }
    const ofPresent = (): Verdict => {
      if (of !== generation) fresh()
      if (present === null) {
        begin()
        present = verdictOf(marked.list, false)
      }
      return present
    }
    /** Fields whose values hardly ever repeat are not remembered. */
    let asked = 0
    let met = 0
    let worthwhile = field !== null

    const slot: Built = {
      field, presence: false, learn,
      // No test is named any more.
      built: () => known.clear(),
      predicateOf(test) {
        const key = JSON.stringify(test)
        let number = known.get(key)
        if (number === undefined) {
          number = predicates.length
          known.set(key, number)
          predicates.push({ slot, absent: isAbsence(test), presence: false, dynamic: isDynamic(test), weight: 0 })
          tests[number] = test
          const weight = learn(number, test)
          predicates[number] = { ...predicates[number]!, weight }
        }
        return number
      },
      of(raw) {
        if (!worthwhile) return judge(raw) ? null : ofPresent()
        if (of !== generation) fresh()
        const known = remembered.get(raw)
        asked += 1
        if (known !== undefined) {
          met += 1
          return known
        }
        if (asked >= 4096) {
          worthwhile = met * 4 > asked
          asked = 0
          met = 0
          if (!worthwhile) empty()
        }
        const verdict = judge(raw) ? verdictOf(marked.list, marked.exhausted) : ofPresent()
        if (worthwhile && (typeof raw !== 'string' || raw.length <= MAX_REMEMBERED_LENGTH)) {
          if (remembered.size >= MAX_REMEMBERED) empty()
          remembered.set(raw, verdict)
          kept += typeof raw === 'string' ? raw.length + 64 : 64
        }
        return verdict
      },
      ofNull() {
        begin()
        for (const predicate of whenNull) mark(predicate)
        return verdictOf(marked.list, false)
      },
      ofPresent,
    }
    return slot
  }

  return {
    predicates,
    slotOf(field) {
      let slot = slots.get(field)
      if (slot === undefined) {
        slot = createSlot(field, forest)
        slots.set(field, slot)
      }
      return slot
    },
    narrowed(chosen) {
      const grown = createForest()
      const found = new Map<Slot, Slot>()
      for (const predicate of chosen) {
        const { slot: whole } = predicates[predicate]!
        let own = found.get(whole) as Built | undefined
        if (own === undefined) {
          own = createSlot(whole.field, grown)
          found.set(whole, own)
        }
        own.learn(predicate, tests[predicate]!)
      }
      return found
    },
    verdictOf: (chosen, exhausted) => verdictOf([...chosen], exhausted),
    met: marked,
    full: () => interned.size > MAX_VERDICTS || listed > MAX_LISTED || kept > MAX_KEPT,
    forget() {
      interned.clear()
      alone = []
      listed = 0
      for (const memory of memories) memory.clear()
      memories.clear()
      kept = 0
      generation += 1
    },
    build() {
      marked.epoch = new Float64Array(predicates.length + 1)
      for (const slot of slots.values()) slot.built()
    },
  }
}

const NO_VIEW = { field: () => { throw new TypeError('a test of a value alone asked for another field') }, everything: () => { throw new TypeError('a test of a value alone asked for all') } }

const byLength = (length: number): number => (length >= 8 ? 1 : length >= 5 ? 4 : length >= 3 ? 20 : 200)

const isAbsence = (test: Test): boolean => (test.kind === 'any' ? test.of.some(isAbsence) : test.kind === 'null' || (test.kind === 'exists' && !test.value))
const isDynamic = (test: Test): boolean => (test.kind === 'any' ? test.of.some(isDynamic) : test.kind === 'fieldref')

/** The pattern as plain texts, any of them, each at its place; null where wildcards stand inside. Dashes of any kind become one text each. */
function plainsOf(source: readonly Piece[]): { at: 'whole' | 'start' | 'end' | 'inside'; text: string }[] | null {
  let variants: Piece[][] = [[]]
  for (const piece of source) {
    const tails: readonly Piece[] = typeof piece === 'object' && piece.wildcard === 'dash' ? DASHES : [piece]
    if (variants.length * tails.length > MAX_VARIANTS) return null
    variants = variants.flatMap((head) => tails.map((tail) => [...head, tail]))
  }
  const plain = variants.map((pieces) => plainOf(joined(pieces), false))
  return plain.every((one) => one !== null) ? plain : null
}
