// Rules over predicates: which rules hold when these predicates are met, and what there is to show for it. Asked once for each set of predicates that events bring together.
// A rule is looked at only when its witness is met: predicates of which one must be met for the rule to hold. drawn.integration.test.ts holds the answers against the plain matcher.
import type { Condition, Item, Rule, Selection } from '../rule.ts'
import type { Slot, Verdicts } from './verdicts.ts'

/** An item of a rule over predicates. `negated` is left to the tree around it. */
type Atom = {
  readonly slot: Slot
  readonly predicates: readonly number[]
  readonly all: boolean
  /** Met by what is not there, as far as one of its predicates is. */
  readonly absent: boolean
  readonly dynamic: boolean
  readonly weight: number
}

type Tree =
  | { kind: 'atom'; atom: number }
  | { kind: 'and' | 'or'; of: readonly Tree[] }
  | { kind: 'not'; of: Tree }

/** One line of what is shown of a match: the value of a field, or the first value that met a keyword. */
export type Shown = { readonly selection: string; readonly slot: Slot; /** Keywords alone. */ readonly predicate: number }

/** `shown` null: the rule holds or not by more than predicates, and is asked by itself. */
export type Hit = { readonly rule: number; readonly shown: readonly Shown[] | null }

export type Outcome = { readonly hits: readonly Hit[]; /** Rules with a test that gave up. */ readonly exhausted: readonly number[] }

export type Program = {
  /** `applies` tells by a rule's number whether it is asked at all; `open` are those of them that must be asked whatever is met. */
  outcome(met: readonly number[], applies: Uint8Array, open: readonly number[], exhausted: boolean): Outcome
  openOf(applies: Uint8Array): number[]
  /** By number, whether a predicate is asked for by a rule that applies. */
  askedOf(applies: Uint8Array): Uint8Array
}

/** Registers what the rules ask with `verdicts`, whose `build` comes after it. */
export function compileProgram(rules: readonly Rule[], verdicts: Verdicts): Program {
  const atoms: Atom[] = []
  const numbers = new Map<string, number>()
  /** By item, its predicates in the order of its tests. */
  const written = new Map<Item, number[]>()
  const trees = new Map<Selection, Tree>()
  const atomOf = (item: Item): number => {
    const slot = verdicts.slotOf(item.field)
    written.set(item, item.tests.map((test) => slot.predicateOf(test)))
    const predicates = [...new Set(written.get(item))]
    const all = item.all && predicates.length > 1
    const key = `${all ? '&' : '|'}${predicates.toSorted((a, b) => a - b).join()}`
    let number = numbers.get(key)
    if (number === undefined) {
      const weights = predicates.map((predicate) => verdicts.predicates[predicate]!.weight)
      number = atoms.push({
        slot, predicates, all,
        absent: predicates.some((predicate) => verdicts.predicates[predicate]!.absent), dynamic: predicates.some((predicate) => verdicts.predicates[predicate]!.dynamic),
        weight: all ? Math.min(...weights) : weights.reduce((sum, weight) => sum + weight, 0),
      }) - 1
      numbers.set(key, number)
    }
    return number
  }
  const treeOfSelection = (selection: Selection): Tree => {
    let tree: Tree
    if (selection.kind !== 'item') tree = { kind: selection.kind === 'all' ? 'and' : 'or', of: selection.of.map(treeOfSelection) }
    else {
      const atom: Tree = { kind: 'atom', atom: atomOf(selection) }
      tree = selection.negated ? { kind: 'not', of: atom } : atom
    }
    trees.set(selection, tree)
    return tree
  }
  const compiled = rules.map(({ detection }) => {
    const selections = new Map([...detection.selections].map(([name, selection]) => [name, { selection, tree: treeOfSelection(selection) }]))
    const treeOf = (condition: Condition): Tree => {
      switch (condition.kind) {
        case 'selection': return selections.get(condition.name)!.tree
        case 'not': return { kind: 'not', of: treeOf(condition.of) }
        case 'and': case 'or': return { kind: condition.kind, of: condition.of.map(treeOf) }
        default: return condition satisfies never
      }
    }
    const tree = treeOf(detection.condition)
    return { selections, tree, dynamic: dynamicIn(tree, atoms) }
  })

  const witnessed: number[][] = atoms.map(() => [])
  const open: number[] = []
  for (const [rule, { tree }] of compiled.entries()) {
    const witness = witnessOf(tree, atoms)
    if (witness === null) open.push(rule)
    else for (const atom of new Set(witness.atoms)) witnessed[atom]!.push(rule)
  }
  /** The witnesses that a predicate may meet. */
  const atomsOf: number[][] = verdicts.predicates.map(() => [])
  for (const [atom, { predicates }] of atoms.entries()) if (witnessed[atom]!.length > 0) for (const predicate of predicates) atomsOf[predicate]!.push(atom)

  // Doubles: what is counted up with each question outlives 32 bits.
  const hit = new Float64Array(verdicts.predicates.length + 1)
  const asked = new Float64Array(rules.length + 1)
  const seen = new Float64Array(atoms.length + 1)
  const truth = new Uint8Array(atoms.length + 1)
  let epoch = 0
  // Looked up for every predicate that is met, so they stand in tables and not behind objects.
  const slotNumbers = new Map<Slot, number>()
  const slotOf = Int32Array.from(verdicts.predicates, ({ slot }) => {
    if (!slotNumbers.has(slot)) slotNumbers.set(slot, slotNumbers.size)
    return slotNumbers.get(slot)!
  })
  const isAbsence = Uint8Array.from(verdicts.predicates, ({ absent }) => (absent ? 1 : 0))
  const isPresence = Uint8Array.from(verdicts.predicates, ({ presence }) => (presence ? 1 : 0))
  const isWitness = Uint8Array.from(atomsOf, (list) => (list.length > 0 ? 1 : 0))
  /** By slot, the last time that its field was there. */
  const there = new Float64Array(slotNumbers.size)
  const witnesses: number[] = []

  const predicateHolds = (predicate: number): boolean => hit[predicate] === epoch || (isAbsence[predicate] === 1 && there[slotOf[predicate]!] !== epoch)
  const NO = 0
  const YES = 1
  /** More than predicates would have to be asked. */
  const MAYBE = 2
  const atomHolds = (number: number): number => {
    if (seen[number] === epoch) return truth[number]!
    seen[number] = epoch
    const { predicates, all, dynamic, slot } = atoms[number]!
    let holds = (all ? predicates.every(predicateHolds) : predicates.some(predicateHolds)) ? YES : NO
    // Another field is only looked at by a value of this one.
    if (holds === NO && dynamic && there[slotNumbers.get(slot)!] === epoch) holds = MAYBE
    truth[number] = holds
    return holds
  }
  const holds = (tree: Tree): number => {
    switch (tree.kind) {
      case 'atom': return atomHolds(tree.atom)
      case 'not': {
        const inner = holds(tree.of)
        return inner === MAYBE ? MAYBE : 1 - inner
      }
      case 'and': {
        let all = YES
        for (const part of tree.of) {
          const one = holds(part)
          if (one === NO) return NO
          if (one === MAYBE) all = MAYBE
        }
        return all
      }
      case 'or': {
        let any = NO
        for (const part of tree.of) {
          const one = holds(part)
          if (one === YES) return YES
          if (one === MAYBE) any = MAYBE
        }
        return any
      }
      default: return tree satisfies never
    }
  }

  const show = (rule: number): Shown[] => {
    const shown: Shown[] = []
    const { selections } = compiled[rule]!
    const showSelection = (name: string, selection: Selection): void => {
      if (selection.kind !== 'item') {
        for (const part of selection.of) if (holds(trees.get(part)!) === YES) showSelection(name, part)
        return
      }
      const slot = verdicts.slotOf(selection.field)
      if (selection.field !== null) {
        if (!shown.some((one) => one.selection === name && one.slot === slot)) shown.push({ selection: name, slot, predicate: -1 })
      }
      else if (!selection.negated) for (const predicate of written.get(selection)!) {
        if (hit[predicate] === epoch) shown.push({ selection: name, slot, predicate })
      }
    }
    const positive = (condition: Condition): string[] => {
      switch (condition.kind) {
        case 'selection': return [condition.name]
        case 'not': return []
        case 'and': case 'or': return condition.of.flatMap((part) => (holdsCondition(part, rule) ? positive(part) : []))
        default: return condition satisfies never
      }
    }
    const holdsCondition = (condition: Condition, of: number): boolean => {
      switch (condition.kind) {
        case 'selection': return holds(compiled[of]!.selections.get(condition.name)!.tree) === YES
        case 'not': return !holdsCondition(condition.of, of)
        case 'and': return condition.of.every((part) => holdsCondition(part, of))
        case 'or': return condition.of.some((part) => holdsCondition(part, of))
        default: return condition satisfies never
      }
    }
    for (const name of new Set(positive(rules[rule]!.detection.condition))) showSelection(name, selections.get(name)!.selection)
    return shown
  }

  const askedIn = (tree: Tree, into: Uint8Array): void => {
    if (tree.kind === 'atom') for (const predicate of atoms[tree.atom]!.predicates) into[predicate] = 1
    else if (tree.kind === 'not') askedIn(tree.of, into)
    else for (const part of tree.of) askedIn(part, into)
  }

  return {
    askedOf(applies) {
      const found = new Uint8Array(verdicts.predicates.length)
      for (const [rule, { tree }] of compiled.entries()) if (applies[rule] === 1) askedIn(tree, found)
      return found
    },
    openOf: (applies) => open.filter((rule) => applies[rule] === 1),
    outcome(met, applies, openHere, exhausted) {
      epoch += 1
      witnesses.length = 0
      for (const predicate of met) {
        hit[predicate] = epoch
        if (isPresence[predicate] === 1) there[slotOf[predicate]!] = epoch
        if (isWitness[predicate] === 1) witnesses.push(predicate)
      }
      const hits: Hit[] = []
      const ask = (rule: number): void => {
        if (asked[rule] === epoch) return
        asked[rule] = epoch
        const { tree, dynamic } = compiled[rule]!
        const answer = holds(tree)
        if (answer !== NO) hits.push({ rule, shown: dynamic ? null : show(rule) })
      }
      for (const predicate of witnesses) {
        for (const atom of atomsOf[predicate]!) {
          if (atomHolds(atom) === NO) continue
          for (const rule of witnessed[atom]!) if (applies[rule] === 1) ask(rule)
        }
      }
      for (const rule of openHere) ask(rule)
      hits.sort((a, b) => a.rule - b.rule)
      return { hits, exhausted: exhausted ? rules.flatMap((_, rule) => (applies[rule] === 1 && regexIn(rules[rule]!) ? [rule] : [])) : [] }
    },
  }
}

const regexIn = ({ detection }: Rule): boolean => {
  const inSelection = (selection: Selection): boolean => (selection.kind === 'item' ? selection.tests.some((test) => test.kind === 'regex' || (test.kind === 'any' && test.of.some(({ kind }) => kind === 'regex'))) : selection.of.some(inSelection))
  return [...detection.selections.values()].some(inSelection)
}

function dynamicIn(tree: Tree, atoms: readonly Atom[]): boolean {
  switch (tree.kind) {
    case 'atom': return atoms[tree.atom]!.dynamic
    case 'not': return dynamicIn(tree.of, atoms)
    case 'and': case 'or': return tree.of.some((part) => dynamicIn(part, atoms))
    default: return tree satisfies never
  }
}

/** Atoms of which one must hold for the tree to hold, the rarest choice of them; null when it may hold with none. */
function witnessOf(tree: Tree, atoms: readonly Atom[]): { atoms: number[]; weight: number } | null {
  switch (tree.kind) {
    case 'atom': {
      const { absent, dynamic, weight } = atoms[tree.atom]!
      return absent || dynamic ? null : { atoms: [tree.atom], weight }
    }
    case 'not': return null
    case 'and': {
      let best: { atoms: number[]; weight: number } | null = null
      for (const part of tree.of) {
        const witness = witnessOf(part, atoms)
        if (witness !== null && (best === null || witness.weight < best.weight)) best = witness
      }
      return best
    }
    case 'or': {
      const all: number[] = []
      let weight = 0
      for (const part of tree.of) {
        const witness = witnessOf(part, atoms)
        if (witness === null) return null
        all.push(...witness.atoms)
        weight += witness.weight
      }
      return { atoms: all, weight }
    }
    default: return tree satisfies never
  }
}
