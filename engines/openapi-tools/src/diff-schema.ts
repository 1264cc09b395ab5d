// Two schemas, compared by what they admit. Pairs of places in the two documents are nodes of a graph: each says what differs between its own two levels and
// which pairs stand below; it is built once however many tools reach it, and a circle in the schemas is a circle in the graph. What a tool sees are the
// differences that can be reached, each under its shortest place. Defended by diff.integration.test.ts and tests/conformance/openapi/oasdiff.test.ts.
import { effectOf } from './diff-kinds.ts'
import type { ChangeKind, Fact } from './diff-kinds.ts'
import type { Sameness } from './diff-same.ts'
import { bits, canonical } from './diff-shape.ts'
import type { Alternatives, Bound, Conjunction, Shape, Shapes } from './diff-shape.ts'
import type { Json } from './model.ts'
import { isList, isObject } from './object.ts'

/** `argument`: what the model may send, without readOnly. `output`: what it may get, without writeOnly. */
export type Side = 'argument' | 'output'

export type Difference = {
  readonly kind: ChangeKind
  /** Below the place that was compared: '', '.address.zip', '[].name'. */
  readonly below: string
  /** What differs, as the rest of a sentence that begins with the place. */
  readonly says: string
}

export type SchemaDiff = {
  /** Every difference that can be reached, nearest first. */
  compare(base: Conjunction, head: Conjunction, side: Side): readonly Difference[]
}

type Local = Difference & { readonly effect: 'narrows' | 'widens' | 'changes' | 'none'; /** One property that many schemas inherit differs once. */ readonly of: Conjunction | null }
type Edge = { readonly step: string; readonly to: Pair }
type Pair = { readonly base: Conjunction; readonly head: Conjunction; readonly side: Side; locals: readonly Local[] | null; edges: readonly Edge[] }

const isText = (value: Json | undefined): value is string => typeof value === 'string'

/** Pairs that are looked at to tell whether two alternatives mean the same, and for all alternatives together: then what is not written alike is taken for another. */
const mostLookedAt = 256
const mostLookedAtInAll = 2_000_000
/** Alternatives of two unions that are compared each with each. */
const mostMatched = 400

export function createSchemaDiff(base: Shapes, head: Shapes, same: Sameness): SchemaDiff {
  const ids = new Map<Json, number>()
  const pairs = new Map<string, Pair>()
  const results = new Map<Pair, readonly Difference[]>()
  let looked = 0
  const idOf = (shapes: Shapes, node: Json): number | string => {
    const target = shapes.target(node)
    if (typeof target !== 'object' || target === null) return String(target)
    let id = ids.get(target)
    if (id === undefined) ids.set(target, id = ids.size)
    return id
  }
  function pairOf(a: Conjunction, b: Conjunction, side: Side): Pair {
    const key = `${side}|${a.map((node) => idOf(base, node)).join('&')}|${b.map((node) => idOf(head, node)).join('&')}`
    let pair = pairs.get(key)
    if (pair === undefined) pairs.set(key, pair = { base: a, head: b, side, locals: null, edges: [] })
    return pair
  }

  function build(pair: Pair): Pair & { locals: readonly Local[] } {
    if (pair.locals === null) {
      // Whoever asks while it is being built takes it for equal.
      pair.locals = []
      const found = compareLevel(pair.base, pair.head, pair.side)
      pair.locals = found.locals
      pair.edges = found.edges
    }
    return pair as Pair & { locals: readonly Local[] }
  }

  const sameAll = (a: Conjunction, b: Conjunction): boolean => a.length === b.length && a.every((node, at) => same(node, b[at]))

  /** Whether nothing that can be reached differs in a way that counts. */
  function reaches(a: Conjunction, b: Conjunction, side: Side, counts: (local: Local) => boolean): boolean {
    if (sameAll(a, b)) return false
    const seen = new Set([pairOf(a, b, side)])
    for (const pair of seen) {
      const { locals, edges } = build(pair)
      if (locals.some(counts) || seen.size > mostLookedAt || ++looked > mostLookedAtInAll) return true
      for (const { to } of edges) seen.add(to)
    }
    return false
  }
  const equal = (a: Conjunction, b: Conjunction, side: Side): boolean => !reaches(a, b, side, ({ effect }) => effect !== 'none')
  const alike = (a: Conjunction, b: Conjunction, side: Side): boolean => !reaches(a, b, side, () => true)
  const admits = { narrows: (a: Conjunction, b: Conjunction, side: Side) => !reaches(a, b, side, ({ effect }) => effect === 'narrows' || effect === 'changes'), widens: (a: Conjunction, b: Conjunction, side: Side) => !reaches(a, b, side, ({ effect }) => effect === 'widens' || effect === 'changes') }

  function compareLevel(a: Conjunction, b: Conjunction, side: Side): { locals: Local[]; edges: Edge[] } {
    const old = base.of(a)
    const now = head.of(b)
    const locals: Local[] = []
    const edges: Edge[] = []
    const say = (fact: Fact, says: string, below = ''): void => void locals.push({ kind: `${side}-${fact}`, below, says, effect: effectOf(fact), of: null })
    const tell = (kind: ChangeKind, effect: Local['effect'], says: string, below = '', of: Conjunction | null = null): void => void locals.push({ kind, below, says, effect, of })
    const descend = (step: string, left: Conjunction, right: Conjunction): void => {
      if (!sameAll(left, right)) edges.push({ step, to: pairOf(left, right, side) })
    }

    compareTexts(old, now, side, same, tell)
    if (old.never || now.never) {
      if (!old.never) say('closed', 'admits nothing any more')
      if (!now.never) say('opened', 'admits values, which it did not')
      return { locals, edges }
    }
    // One schema became one of several, or the reverse: it is compared with those.
    if (old.unions.length === 0 && now.onlyUnion && !trivial(old)) {
      const [union] = now.unions as [Alternatives]
      if (union.exclusive && union.options.length <= 64 && union.options.filter((option) => admits.narrows(a, option, side)).length > 1) say('rule-added', `must fit exactly one of ${union.options.length} alternatives (oneOf), and fits several`)
      else compareUnions({ options: [a], names: [nameOfAll(a)], mask: old.mask, exclusive: false }, union)
      nullOnly()
      return { locals, edges }
    }
    if (now.unions.length === 0 && old.onlyUnion && !trivial(now)) {
      const [union] = old.unions as [Alternatives]
      if (union.exclusive && union.options.length <= 64 && union.options.filter((option) => admits.widens(option, b, side)).length > 1) say('rule-removed', `may fit several of what were ${union.options.length} alternatives (oneOf)`)
      else compareUnions(union, { options: [b], names: [nameOfAll(b)], mask: now.mask, exclusive: false })
      nullOnly()
      return { locals, edges }
    }
    nullOnly()
    const lost = old.mask & ~now.mask & ~bits.null
    const gained = now.mask & ~old.mask & ~bits.null
    if (old.values !== null && now.values !== null && (old.mask & now.mask & ~bits.null) !== 0) {
      for (const [key] of old.values) if (!now.values.has(key)) say('value-removed', `no longer lists ${short(key)}`)
      for (const [key] of now.values) if (!old.values.has(key)) say('value-added', `also lists ${short(key)}`)
    } else {
      if (lost !== 0 && gained !== 0) say('type-changed', `is ${typesOf(now.mask)} instead of ${typesOf(old.mask)}`)
      else if (lost !== 0) say('type-narrowed', `is ${typesOf(now.mask)}, no longer ${typesOf(lost)}`)
      else if (gained !== 0) say('type-widened', `is also ${typesOf(gained)}`)
      if ((old.mask & now.mask & ~bits.null) !== 0) {
        if (old.values === null && now.values !== null) say('became-enum', `only admits ${short([...now.values.keys()].join(', '), 120)}`)
        if (old.values !== null && now.values === null) say('no-longer-enum', 'is not limited to listed values any more')
      }
    }
    const both = old.mask & now.mask
    if ((both & (bits.integer | bits.fraction)) !== 0) compareNumbers(old, now, say)
    if ((both & bits.string) !== 0) compareStrings(old, now, say)
    if ((both & (bits.string | bits.integer | bits.fraction)) !== 0) compareFormats(old, now, say)
    if ((both & bits.array) !== 0) compareItems()
    if ((both & bits.object) !== 0) compareProperties()
    compareRules()
    // Several unions hold at once, in no order.
    const rest = { old: new Set(old.unions), now: new Set(now.unions) }
    if (rest.old.size > 1 || rest.now.size > 1) for (const left of rest.old) {
      const right = [...rest.now].find((each) => unionsAlike(left, each))
      if (right === undefined) continue
      rest.old.delete(left)
      rest.now.delete(right)
    }
    const [lefts, rights] = [[...rest.old], [...rest.now]]
    for (let at = 0; at < Math.max(lefts.length, rights.length); at++) {
      const left = lefts[at]
      const right = rights[at]
      if (left !== undefined && right !== undefined) compareUnions(left, right)
      else if (left !== undefined) say('rule-removed', `need not fit one of ${left.options.length} alternatives any more`)
      else if (right !== undefined) say('rule-added', `must also fit one of ${right.options.length} alternatives`)
    }
    return { locals, edges }

    function nullOnly(): void {
      // Where no type is left in common, that is said, and enough.
      if ((old.mask & now.mask & ~bits.null) === 0) return
      // What has no type at all admits null by saying nothing.
      if (old.mask & bits.null & ~now.mask && old.mask !== 127) say('no-longer-nullable', 'must not be null any more')
      if (now.mask & bits.null & ~old.mask && now.mask !== 127) say('became-nullable', 'may be null')
    }

    function compareItems(): void {
      compareLimits(old, now, [['minItems', 'least'], ['maxItems', 'most']], say)
      const unique = [old, now].map((shape) => shape.members.some((member) => member['uniqueItems'] === true))
      if (unique[0] !== unique[1]) say(unique[1] === true ? 'limit-tightened' : 'limit-loosened', unique[1] === true ? 'must not hold an item twice (uniqueItems)' : 'may hold an item twice (uniqueItems)')
      const rest = [old, now].map((shape) => [...schemasOf(shape, 'items'), ...schemasOf(shape, shape.members.some((member) => member['items'] !== undefined) ? '' : 'unevaluatedItems')])
      const first = [old, now].map((shape) => shape.members.map((member) => member['prefixItems']).find(isList) ?? shape.members.map((member) => member['items']).find(isList) ?? [])
      for (let at = 0; at < Math.max(first[0]!.length, first[1]!.length); at++) descend(`[${at}]`, entry(first[0]!, at, rest[0]!), entry(first[1]!, at, rest[1]!))
      descend('[]', rest[0]!, rest[1]!)
    }

    function compareProperties(): void {
      compareLimits(old, now, [['minProperties', 'least'], ['maxProperties', 'most']], say)
      const rest = [old, now].map((shape) => [...schemasOf(shape, 'additionalProperties'), ...schemasOf(shape, shape.members.some((member) => member['additionalProperties'] !== undefined) ? '' : 'unevaluatedProperties')])
      const [oldRest = [], nowRest = []] = rest
      const seen = (shapes: Shapes, given: Conjunction | undefined): Conjunction | null => {
        if (given === undefined) return null
        const shape = shapes.of(given)
        return (side === 'argument' ? shape.readOnly : shape.writeOnly) ? null : given
      }
      const explicit = (conjunction: Conjunction): boolean => conjunction.some((node) => isObject(node) && Object.keys(node).length > 0)
      const changed = new Set<string>()
      for (const name of [...new Set([...old.properties.keys(), ...now.properties.keys()])].sort()) {
        const step = stepOf(name)
        const left = seen(base, old.properties.get(name))
        const right = seen(head, now.properties.get(name))
        changed.add(name)
        if (left === null && right === null) continue
        const needed = { old: old.required.has(name), now: now.required.has(name) }
        if (left !== null && right !== null) {
          descend(step, left, right)
          need(step, needed)
        } else if (left !== null && explicit(nowRest) && !now.properties.has(name)) {
          descend(step, left, nowRest)
          need(step, needed)
        } else if (right !== null && explicit(oldRest) && !old.properties.has(name)) {
          descend(step, oldRest, right)
          need(step, needed)
        } else if (left !== null) {
          if (side === 'output') tell('output-property-removed', 'widens', 'is gone from the answer', step, left)
          else tell('argument-removed', needed.old ? 'changes' : 'narrows', 'is gone', step, left)
        } else if (side === 'output') tell('output-property-added', 'narrows', 'is new in the answer', step, right)
        else if (needed.now) tell('required-argument-added', 'changes', 'is new and required', step, right)
        else tell('argument-added', 'widens', 'is new and optional', step, right)
      }
      for (const name of [...new Set([...old.required, ...now.required])].sort()) if (!changed.has(name)) need(stepOf(name), { old: old.required.has(name), now: now.required.has(name) })
      const closed = [oldRest, nowRest].map((each, at) => (at === 0 ? base : head).of(each).never)
      if (closed[0] !== closed[1]) say(closed[1] === true ? 'closed' : 'opened', closed[1] === true ? 'admits no undeclared properties any more' : 'admits undeclared properties')
      else if (closed[0] === false) descend('.*', oldRest, nowRest)
    }
    function need(step: string, needed: { old: boolean; now: boolean }): void {
      if (needed.old === needed.now) return
      if (side === 'argument') {
        if (needed.now) tell('argument-became-required', 'narrows', 'is required now', step)
        else tell('argument-no-longer-required', 'widens', 'is not required any more', step)
      } else if (needed.now) tell('output-became-required', 'narrows', 'is always there now', step)
      else tell('output-became-optional', 'widens', 'may be missing from the answer', step)
    }

    function compareRules(): void {
      for (const word of ['contains', 'propertyNames', 'contentSchema', 'then', 'else'] as const) ruleAt(word, schemasOf(old, word), schemasOf(now, word))
      for (const word of ['patternProperties', 'dependentSchemas'] as const) {
        const [left, right] = [old, now].map((shape) => named(shape, word))
        for (const name of [...new Set([...left!.keys(), ...right!.keys()])].sort()) ruleAt(`${word}.${name}`, left!.get(name) ?? [], right!.get(name) ?? [])
      }
      for (const word of ['not', 'if'] as const) {
        const [left, right] = [schemasOf(old, word), schemasOf(now, word)]
        if (left.length === 0 && right.length === 0) continue
        // Without then and else, an if says nothing.
        if (word === 'if' && ![old, now].some((shape) => schemasOf(shape, 'then').length + schemasOf(shape, 'else').length > 0)) continue
        if (left.length === 0) say('rule-added', `has a rule more (${word})`)
        else if (right.length === 0) say('rule-removed', `has a rule less (${word})`)
        else if (!equal(left, right, side)) say('rule-changed', `has another rule (${word})`)
      }
      compareLimits(old, now, [['minContains', 'least'], ['maxContains', 'most']], say)
      const [left, right] = [old, now].map(dependencies)
      for (const each of left!) if (!right!.has(each)) say('rule-removed', `has a rule less (dependentRequired: ${each})`)
      for (const each of right!) if (!left!.has(each)) say('rule-added', `has a rule more (dependentRequired: ${each})`)
    }
    function ruleAt(word: string, left: Conjunction, right: Conjunction): void {
      if (left.length > 0 && right.length > 0) descend(`|${word}`, left, right)
      else if (left.length > 0 && !admitsAll(base, left)) say('rule-removed', `has a rule less (${word})`)
      else if (right.length > 0 && !admitsAll(head, right)) say('rule-added', `has a rule more (${word})`)
    }

    function unionsAlike(left: Alternatives, right: Alternatives): boolean {
      if (left.options.length !== right.options.length || left.options.length ** 2 > mostMatched) return false
      const open = new Set(right.options)
      return left.options.every((option) => {
        const found = [...open].find((each) => alike(option, each, side))
        return found !== undefined && open.delete(found)
      })
    }

    function compareUnions(left: Alternatives, right: Alternatives): void {
      const open = { left: new Set(left.options.keys()), right: new Set(right.options.keys()) }
      const match = (fits: (l: number, r: number) => boolean, then: (l: Conjunction, r: Conjunction) => void): void => {
        for (const l of open.left) {
          for (const r of open.right) {
            if (!fits(l, r)) continue
            open.left.delete(l)
            open.right.delete(r)
            then(left.options[l]!, right.options[r]!)
            break
          }
        }
      }
      const nothing = (): void => undefined
      const onward = (l: Conjunction, r: Conjunction): void => descend('', l, r)
      match((l, r) => left.names[l] === right.names[r] && sameAll(left.options[l]!, right.options[r]!), nothing)
      match((l, r) => left.names[l] !== '' && left.names[l] === right.names[r], onward)
      match((l, r) => sameAll(left.options[l]!, right.options[r]!), nothing)
      if (open.left.size > 0 && open.right.size > 0) {
        const [texts, others] = [left.options.map(written), right.options.map(written)]
        match((l, r) => texts[l] === others[r], onward)
      }
      if (open.left.size * open.right.size <= mostMatched) match((l, r) => alike(left.options[l]!, right.options[r]!, side), nothing)
      if (open.left.size * open.right.size <= mostMatched) match((l, r) => equal(left.options[l]!, right.options[r]!, side), onward)
      match((l, r) => tagsAlike(base.of(left.options[l]!), head.of(right.options[r]!)), onward)
      const few = open.left.size * open.right.size <= mostMatched
      if (few) match((l, r) => admits.narrows(left.options[l]!, right.options[r]!, side) || admits.widens(left.options[l]!, right.options[r]!, side), onward)
      if (open.left.size === 1 && open.right.size === 1) match((l, r) => (base.of(left.options[l]!).mask & head.of(right.options[r]!).mask & ~bits.null) !== 0, onward)
      for (const l of open.left) {
        const option = left.options[l]!
        if (right.options.length <= 64 && right.options.some((each) => admits.narrows(option, each, side))) continue
        say('alternative-removed', `no longer admits the alternative ${label(left, l, base)}`)
      }
      for (const r of open.right) {
        const option = right.options[r]!
        if (left.options.length <= 64 && left.options.some((each) => admits.widens(each, option, side))) continue
        say('alternative-added', `also admits the alternative ${label(right, r, head)}`)
      }
    }
  }

  return {
    compare(a, b, side) {
      if (sameAll(a, b)) return []
      const root = pairOf(a, b, side)
      let found = results.get(root)
      if (found === undefined) {
        const places = new Map<Pair, string>([[root, '']])
        const differences: Difference[] = []
        const told = new Map<Json, Set<string>>()
        for (const [pair, place] of places) {
          const { locals, edges } = build(pair)
          for (const { kind, below, says, of } of locals) {
            const [schema] = of ?? []
            if (of?.length === 1 && typeof schema === 'object') {
              const before = told.get(schema) ?? new Set()
              told.set(schema, before)
              if (before.has(kind + below)) continue
              before.add(kind + below)
            }
            differences.push({ kind, below: place + below, says })
          }
          for (const { step, to } of edges) if (!places.has(to)) places.set(to, place + step)
        }
        results.set(root, found = differences)
      }
      return found
    },
  }
}

type Say = (fact: Fact, says: string) => void

function compareTexts(old: Shape, now: Shape, side: Side, same: Sameness, tell: (kind: ChangeKind, effect: 'none', says: string) => void): void {
  const textOf = (shape: Shape): string => [...new Set(shape.members.map((member) => member['description']).filter(isText))].filter((text) => text !== '').sort().join('\n')
  const [before, after] = [textOf(old), textOf(now)]
  if (before !== after) tell(`${side}-description-changed`, 'none', textChange('description', before, after))
  const deprecated = [old, now].map((shape) => shape.members.some((member) => member['deprecated'] === true))
  if (deprecated[0] !== deprecated[1]) tell(`${side}-${deprecated[1] === true ? 'deprecated' : 'no-longer-deprecated'}`, 'none', deprecated[1] === true ? 'is deprecated' : 'is not deprecated any more')
  const first = (shape: Shape, word: string): Json | undefined => shape.members.find((member) => Object.hasOwn(member, word))?.[word]
  const differ = (word: string): readonly [string | undefined, string | undefined] | null => {
    const [was, is] = [first(old, word), first(now, word)]
    // Of maps with hundreds of entries no text is made to find them the same.
    if (was === is || same(was, is)) return null
    const texts = [was, is].map((value) => (value === undefined ? undefined : canonical(value))) as [string | undefined, string | undefined]
    return texts[0] === texts[1] ? null : texts
  }
  if (differ('discriminator') !== null) tell(`${side}-discriminator-changed`, 'none', 'has another discriminator')
  if (side === 'output') return
  const defaults = differ('default')
  if (defaults !== null) {
    const [was, is] = defaults
    tell('argument-default-changed', 'none', is === undefined ? `has no default any more, was ${short(was ?? '')}` : was === undefined ? `has the default ${short(is)}` : `has the default ${short(is)} instead of ${short(was)}`)
  }
  if (differ('example') !== null || differ('examples') !== null) tell('argument-example-changed', 'none', 'has other examples')
}

function compareNumbers(old: Shape, now: Shape, say: Say): void {
  for (const end of ['least', 'most'] as const) {
    const [was, is] = [boundOf(old, end), boundOf(now, end)]
    if (was === is || (was !== null && is !== null && was.value === is.value && was.exclusive === is.exclusive)) continue
    const words = (bound: Bound): string => `${end === 'least' ? (bound.exclusive ? 'greater than' : 'at least') : bound.exclusive ? 'less than' : 'at most'} ${bound.value}`
    const tighter = was === null || (is !== null && (is.value === was.value ? is.exclusive : end === 'least' ? is.value > was.value : is.value < was.value))
    say(tighter ? 'limit-tightened' : 'limit-loosened', is === null ? `need not be ${words(was!)} any more` : `must be ${words(is)}${was === null ? '' : `, was ${words(was)}`}`)
  }
  const multiples = [old, now].map((shape) => [...new Set(shape.members.map((member) => member['multipleOf']).filter((value) => typeof value === 'number' && value > 0))] as number[])
  const covers = (finer: readonly number[], coarser: readonly number[]): boolean => finer.every((part) => coarser.some((whole) => Math.abs(whole / part - Math.round(whole / part)) < 1e-9))
  const [were, are] = multiples as [number[], number[]]
  const [looser, tighter] = [covers(are, were), covers(were, are)]
  if (looser && tighter) return
  if (!looser) say('limit-tightened', `must be a multiple of ${are.join(', ')}${were.length === 0 ? '' : `, was ${were.join(', ')}`}`)
  else say('limit-loosened', are.length === 0 ? `need not be a multiple of ${were.join(', ')} any more` : `must be a multiple of ${are.join(', ')}, was ${were.join(', ')}`)
}

/** Of a whole number, greater than 5 is at least 6. Before 3.1 exclusiveMinimum is a switch. */
function boundOf(shape: Shape, end: 'least' | 'most'): Bound | null {
  const [plain, strict] = end === 'least' ? ['minimum', 'exclusiveMinimum'] as const : ['maximum', 'exclusiveMaximum'] as const
  const found: Bound[] = []
  for (const member of shape.members) {
    if (typeof member[plain] === 'number') found.push({ value: member[plain], exclusive: member[strict] === true })
    if (typeof member[strict] === 'number') found.push({ value: member[strict], exclusive: true })
  }
  const whole = (shape.mask & bits.fraction) === 0
  const sign = end === 'least' ? 1 : -1
  return found
    .map((bound) => (whole ? { value: bound.exclusive ? (end === 'least' ? Math.floor(bound.value) + 1 : Math.ceil(bound.value) - 1) : end === 'least' ? Math.ceil(bound.value) : Math.floor(bound.value), exclusive: false } : bound))
    .sort((x, y) => sign * (y.value - x.value) || Number(y.exclusive) - Number(x.exclusive))[0] ?? null
}

const widths: Readonly<Record<string, number>> = { int8: 1, int16: 2, int32: 3, int64: 4, float: 1, double: 2 }

function compareStrings(old: Shape, now: Shape, say: Say): void {
  compareLimits(old, now, [['minLength', 'least'], ['maxLength', 'most']], say)
  const patterns = [old, now].map((shape) => new Set(shape.members.map((member) => member['pattern']).filter((pattern) => typeof pattern === 'string' && !/^\^?(?:\.|\[\\s\\S\])\*\$?$/.test(pattern)) as string[]))
  const [were, are] = patterns as [Set<string>, Set<string>]
  const gone = [...were].filter((pattern) => !are.has(pattern))
  const come = [...are].filter((pattern) => !were.has(pattern))
  if (gone.length > 0 && come.length > 0) say('pattern-changed', `must match ${come.map((pattern) => short(pattern)).join(', ')} instead of ${gone.map((pattern) => short(pattern)).join(', ')}`)
  else if (come.length > 0) say('pattern-added', `must match ${come.map((pattern) => short(pattern)).join(', ')}`)
  else if (gone.length > 0) say('pattern-removed', `need not match ${gone.map((pattern) => short(pattern)).join(', ')} any more`)
  for (const word of ['contentEncoding', 'contentMediaType'] as const) {
    const [was, is] = [old, now].map((shape) => shape.members.map((member) => member[word]).find(isText))
    if (was !== is) say('format-changed', is === undefined ? `need not be ${was ?? ''} any more (${word})` : `must be ${is}${was === undefined ? '' : ` instead of ${was ?? ''}`} (${word})`)
  }
}

function compareFormats(old: Shape, now: Shape, say: Say): void {
  const [was, is] = [old, now].map((shape) => shape.members.map((member) => member['format']).find(isText))
  if (was === is) return
  const [before, after] = [widths[was ?? ''], widths[is ?? '']]
  if (was !== undefined && is !== undefined) {
    if (before !== undefined && after !== undefined) say(after > before ? 'limit-loosened' : 'limit-tightened', `has the format ${short(is)} instead of ${short(was)}`)
    else say('format-changed', `has the format ${short(is)} instead of ${short(was)}`)
  } else if (is !== undefined) say('format-added', `has the format ${short(is)}`)
  else say('format-removed', `has not the format ${short(was ?? '')} any more`)
}

function compareLimits(old: Shape, now: Shape, words: readonly (readonly [string, 'least' | 'most'])[], say: Say): void {
  for (const [word, end] of words) {
    // At least nothing is no limit.
    const [was, is] = [old, now].map((shape) => shape.members.map((member) => member[word]).filter((value) => typeof value === 'number' && (end === 'most' || value > 0)).reduce<number | null>((sum, value) => (sum === null ? value as number : Math[end === 'least' ? 'max' : 'min'](sum, value as number)), null)) as [number | null, number | null]
    if (was === is) continue
    const tighter = was === null || (is !== null && (end === 'least' ? is > was : is < was))
    say(tighter ? 'limit-tightened' : 'limit-loosened', is === null ? `has no ${word} any more, was ${was}` : `has the ${word} ${is}${was === null ? '' : ` instead of ${was}`}`)
  }
}

const schemasOf = (shape: Shape, word: string): Conjunction => shape.members.map((member) => member[word]).filter((schema): schema is Json => isObject(schema) || schema === false)
const entry = (list: readonly Json[], at: number, rest: Conjunction): Conjunction => {
  const own = list[at]
  return own === undefined ? rest : own === true ? [] : [own]
}

function named(shape: Shape, word: string): Map<string, Conjunction> {
  const found = new Map<string, Conjunction>()
  for (const member of shape.members) if (isObject(member[word])) for (const [name, schema] of Object.entries(member[word])) if (isObject(schema) || schema === false) found.set(name, [...found.get(name) ?? [], schema])
  return found
}

function dependencies(shape: Shape): Set<string> {
  const found = new Set<string>()
  for (const member of shape.members) {
    if (!isObject(member['dependentRequired'])) continue
    for (const [name, needed] of Object.entries(member['dependentRequired'])) if (isList(needed)) for (const each of needed) found.add(`${name} needs ${canonical(each)}`)
  }
  return found
}

const trivial = (shape: Shape): boolean => shape.mask === 127 && shape.values === null && shape.properties.size === 0
const admitsAll = (shapes: Shapes, conjunction: Conjunction): boolean => {
  const shape = shapes.of(conjunction)
  return shape.mask === 127 && shape.unions.length === 0 && shape.members.every((member) => Object.keys(member).every((word) => word === 'description' || word === 'title'))
}

const sets = new Set(['allOf', 'anyOf', 'oneOf', 'enum', 'required', 'type', 'examples'])
/** One text for what is written alike but for the order of what has none. */
function written(conjunction: Conjunction): string {
  const textOf = (value: Json, word: string): string => {
    if (isList(value)) {
      const texts = value.map((each) => textOf(each, ''))
      return `[${(sets.has(word) ? texts.sort() : texts).join()}]`
    }
    return isObject(value) ? `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${textOf(value[name] ?? null, name)}`).join()}}` : JSON.stringify(value)
  }
  return conjunction.map((node) => textOf(node, '')).join('&')
}

/** One property with one value, the same in both: what tells alternatives of events apart. */
function tagsAlike(a: Shape, b: Shape): boolean {
  for (const [name, schema] of a.properties) {
    const [mine, other] = [schema, b.properties.get(name)].map((conjunction) => conjunction?.map((node) => (isObject(node) ? node['const'] ?? (isList(node['enum']) && node['enum'].length === 1 ? node['enum'][0] : undefined) : undefined)).find((value) => value !== undefined))
    if (mine !== undefined && other !== undefined && canonical(mine) === canonical(other)) return true
  }
  return false
}

function nameOfAll(conjunction: Conjunction): string {
  const [only] = conjunction
  return conjunction.length === 1 && isObject(only) && typeof only['$ref'] === 'string' ? only['$ref'] : ''
}

function label(union: Alternatives, at: number, shapes: Shapes): string {
  const name = union.names[at]?.replace(/^.*\//, '') ?? ''
  return name === '' ? `${at + 1} (${typesOf(shapes.of(union.options[at]!).mask)})` : short(name)
}

function typesOf(mask: number): string {
  if ((mask & 126) === 126) return 'any type'
  const names = Object.entries(bits).filter(([name, bit]) => (mask & bit) !== 0 && name !== 'fraction' && !(name === 'integer' && mask & bits.fraction)).map(([name]) => name)
  if (mask & bits.fraction) names.push(mask & bits.integer ? 'number' : 'fractional number')
  return names.length === 0 ? 'nothing' : names.join(' or ')
}

const stepOf = (name: string): string => (/^[\p{L}\p{N}_$@:-]+$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`)

/** Never so long that a text of an author fills the screen of a reviewer. */
export const short = (text: string, most = 60): string => (text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`)

/** The first difference with what stands around it; characters that nobody sees are spelled out. */
export function textChange(word: string, before: string, after: string): string {
  if (before === '') return `has the ${word} ${seen(short(after, 160))}`
  if (after === '') return `has no ${word} any more, was ${seen(short(before, 80))}`
  let at = 0
  while (at < before.length && before[at] === after[at]) at++
  const from = Math.max(0, at - 24)
  const part = (text: string): string => seen(`${from > 0 ? '…' : ''}${short(text.slice(from), 120)}`)
  return `has another ${word}: ${part(after)} instead of ${part(before)}`
}

const seen = (text: string): string => JSON.stringify(text.toWellFormed()).replaceAll(/[\p{DI}\p{Cf}\p{Co}]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`)
