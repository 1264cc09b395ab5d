// Where in an expression its keywords stand, so that a keyword that was found tells more than that it is there: how far in front of it a match may begin, whether its case
// counts, and which bytes have to follow it. Most places where a keyword stands are ruled out by a byte or two, before any expression is run or even compiled.
// Every match has a place that is not ruled out. Defended by detector.test.ts and detector.integration.test.ts, which hold what is found so against the expressions over the whole text.
import type { RegexNode } from '@haechi/patterns'

export type Anchors = {
  /** How far in front of its keyword a match begins at most, in bytes. */
  readonly lead: number
  /** A match holds the keyword as it is written: the same in another case is not the place. */
  readonly exact: boolean
  /** What follows each keyword, in lower case where its case does not count; one that is not here is no place of a match by itself. null: nothing is known, each is a place. */
  readonly following: ReadonlyMap<string, Following> | null
}

export type Following = {
  /** So many bytes follow at least. */
  readonly depth: number
  /** Eight words a place: bit n is set where the byte n may stand there. */
  readonly allowed: Uint32Array
}

/** An expression that may begin farther in front of its keyword begins there. */
const FARTHEST = 1_024
/** And where its beginning repeats without end. */
const ENDLESS = 128
const MAX_TEXTS = 64
const DEEPEST = 8

export function anchorsOf(root: RegexNode, keywords: readonly string[]): Anchors {
  const exact = written(root, keywords) ? anchor(root, [], keywords, asWritten) : null
  const known = exact ?? anchor(root, [], keywords.map(lower), lower)
  if (known === null) return { lead: Math.min(longest(root), FARTHEST), exact: false, following: null }
  const following = new Map([...known.following].map(([keyword, masks]) => {
    const allowed = new Uint32Array(masks.length * 8)
    for (const [place, mask] of masks.entries()) allowed.set(mask, place * 8)
    return [keyword, { depth: masks.length, allowed }] as const
  }))
  return { lead: Math.min(known.before, FARTHEST), exact: exact !== null, following }
}

type Fold = (text: string) => string
const asWritten: Fold = (text) => text
/** Of ASCII, as bytes are compared, and of what Unicode folds to it. */
export const lower: Fold = (text) => (/[A-Z\u017F\u212A]/.test(text) ? text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()).replaceAll('\u017F', 's').replaceAll('\u212A', 'k') : text)

/** Whether a keyword may stand in it as it is written: each of its letters does, in one case alone. */
function written(root: RegexNode, keywords: readonly string[]): boolean {
  const letters = new Set<number>()
  const walk = (node: RegexNode): void => {
    if (node.kind === 'chars') {
      if (node.ranges.length === 2 && node.ranges[0] === node.ranges[1]) letters.add(node.ranges[0]!)
      else if (textsOfSet(node.ranges, asWritten) !== null) for (let at = 0; at < node.ranges.length; at += 2) for (let point = node.ranges[at]!; point <= node.ranges[at + 1]!; point += 1) letters.add(point)
    } else if (node.kind === 'repeat') walk(node.of)
    else if (node.kind !== 'assert') for (const part of node.of) walk(part)
  }
  walk(root)
  return keywords.some((keyword) => keyword.split('').every((char) => letters.has(char.charCodeAt(0))))
}

function longest(node: RegexNode): number {
  switch (node.kind) {
    case 'chars': return 1
    case 'assert': return 0
    case 'repeat': return node.max === Infinity ? ENDLESS + node.min * longest(node.of) : node.max * longest(node.of)
    case 'alternate': return Math.max(0, ...node.of.map(longest))
    case 'concat': return node.of.reduce((sum, part) => sum + longest(part), 0)
    default: return node satisfies never
  }
}

// Letters of ASCII are the same sets wherever they stand.
const setTexts = { written: new WeakMap<readonly number[], readonly string[] | null>(), lowered: new WeakMap<readonly number[], readonly string[] | null>() }
function textsOfSet(ranges: readonly number[], fold: Fold): readonly string[] | null {
  const known = fold === asWritten ? setTexts.written : setTexts.lowered
  let texts = known.get(ranges)
  if (texts === undefined) {
    texts = foldedSet(ranges, fold)
    known.set(ranges, texts)
  }
  return texts
}
function foldedSet(ranges: readonly number[], fold: Fold): readonly string[] | null {
  const found = new Set<string>()
  for (let at = 0; at < ranges.length; at += 2) {
    if (ranges[at + 1]! - ranges[at]! > 8) return null
    for (let point = ranges[at]!; point <= ranges[at + 1]!; point += 1) found.add(fold(String.fromCodePoint(point)))
  }
  if (found.size > 8) return null
  const texts = [...found]
  // A letter in either case is nothing that stands there as it is written.
  return fold === asWritten && texts.length > 1 && new Set(texts.map(lower)).size < texts.length ? null : texts
}

function shortest(node: RegexNode): number {
  switch (node.kind) {
    case 'chars': return 1
    case 'assert': return 0
    case 'repeat': return node.min * shortest(node.of)
    case 'alternate': return Math.min(...node.of.map(shortest))
    case 'concat': return node.of.reduce((sum, part) => sum + shortest(part), 0)
    default: return node satisfies never
  }
}

/** All texts that a part stands for, folded; null where they are many. */
function textsOf(node: RegexNode, fold: Fold): readonly string[] | null {
  switch (node.kind) {
    case 'chars': return textsOfSet(node.ranges, fold)
    case 'assert': return ['']
    case 'repeat': {
      const once = node.max <= 4 ? textsOf(node.of, fold) : null
      if (once === null) return null
      let all: readonly string[] | null = []
      let times: readonly string[] | null = ['']
      for (let count = 0; count <= node.max && all !== null && times !== null; count += 1) {
        if (count >= node.min) all = all.length + times.length > MAX_TEXTS ? null : [...all, ...times]
        times = count === node.max ? times : crossed(times, once)
      }
      return times === null ? null : all
    }
    case 'alternate': {
      const all: string[] = []
      for (const branch of node.of) {
        const texts = textsOf(branch, fold)
        if (texts === null || all.length + texts.length > MAX_TEXTS) return null
        all.push(...texts)
      }
      return all
    }
    case 'concat': return node.of.reduce<readonly string[] | null>((texts, part) => (texts === null ? null : crossed(texts, textsOf(part, fold))), [''])
    default: return node satisfies never
  }
}
function crossed(left: readonly string[], right: readonly string[] | null): readonly string[] | null {
  if (right === null || left.length * right.length > MAX_TEXTS) return null
  const all: string[] = []
  for (const one of left) for (const other of right) all.push(one + other)
  return all
}

/** A bit for each byte. */
type Mask = Uint32Array
const emptyMask = (): Mask => new Uint32Array(8)
const add = (mask: Mask, byte: number): void => { mask[byte >> 5]! |= 1 << (byte & 31) }
const union = (one: Mask, other: Mask): Mask => {
  if (one === other) return one
  const both = emptyMask()
  for (let word = 0; word < 8; word += 1) both[word] = one[word]! | other[word]!
  return both
}

/** Which bytes may stand at each place of what follows; as many places as there are for sure, or DEEPEST. */
type Masks = readonly Mask[]

/** What a part stands for, with what follows it behind. */
function ahead(node: RegexNode, next: Masks): Masks {
  switch (node.kind) {
    case 'chars': return [maskOf(node.ranges), ...next].slice(0, DEEPEST)
    case 'assert': return next
    case 'concat': return node.of.reduceRight((masks, part) => ahead(part, masks), next)
    case 'alternate': return node.of.map((branch) => ahead(branch, next)).reduce(either)
    case 'repeat': {
      let masks = next
      /** Once more, where that is known: what repeats within what repeats is else asked anew at each level. */
      let once: Masks | null = null
      for (let times = Math.min(node.max - node.min, DEEPEST); times > 0; times -= 1) {
        const through = ahead(node.of, masks)
        const more = either(next, through)
        if (same(more, masks)) {
          once = through
          break
        }
        masks = more
      }
      for (let times = Math.min(node.min, DEEPEST); times > 0; times -= 1) [masks, once] = [once ?? ahead(node.of, masks), null]
      return masks
    }
    default: return node satisfies never
  }
}
const either = (one: Masks, other: Masks): Masks => (one === other ? one : one.slice(0, other.length).map((mask, place) => union(mask, other[place]!)))
const same = (one: Masks, other: Masks): boolean => one.length === other.length && one.every((mask, place) => mask.every((word, at) => word === other[place]![at]))

const masks = new WeakMap<readonly number[], Mask>()
function maskOf(ranges: readonly number[]): Mask {
  let mask = masks.get(ranges)
  if (mask === undefined) {
    mask = emptyMask()
    for (let at = 0; at < ranges.length; at += 2) for (let byte = ranges[at]!; byte <= Math.min(ranges[at + 1]!, 255); byte += 1) add(mask, byte)
    masks.set(ranges, mask)
  }
  return mask
}
const exactly = (text: string, fold: Fold): Masks => text.slice(0, DEEPEST).split('').map((char) => {
  const mask = emptyMask()
  for (const other of [char, char.toUpperCase()]) if (other.charCodeAt(0) < 256 && fold(other) === char) add(mask, other.charCodeAt(0))
  return mask
})

type Anchor = { readonly before: number; readonly following: ReadonlyMap<string, Masks> }

/** The keyword that stands in a part whatever it matches, `next` behind the part; null: none is known to. */
function anchor(node: RegexNode, next: Masks, keywords: readonly string[], fold: Fold): Anchor | null {
  if (node.kind === 'repeat') return node.min === 0 ? null : anchor(node.of, ahead({ ...node, min: node.min - 1, max: node.max - 1 }, next), keywords, fold)
  if (node.kind === 'alternate') {
    const branches: Anchor[] = []
    for (const branch of node.of) {
      const found = anchor(branch, next, keywords, fold)
      if (found === null) return null
      branches.push(found)
    }
    return joined(branches)
  }
  if (node.kind !== 'concat') return null
  const parts = flat(node)
  let before = 0
  let run: readonly string[] = ['']
  const rests: Masks[] = []
  const behind = (place: number): Masks => rests[place] ??= place + 1 === parts.length ? next : ahead(parts[place + 1]!, shortest(parts[place + 1]!) < DEEPEST ? behind(place + 1) : [])
  /** The first keyword of each text of the run, whose last part is at `place`. */
  const within = (place: number): Anchor | null => {
    const found: Anchor[] = []
    let after: Masks | null = null
    for (const text of run) {
      let best: string | null = null
      let at = Infinity
      for (const keyword of keywords) {
        const index = text.indexOf(keyword)
        if (index !== -1 && (index < at || (index === at && keyword.length > best!.length))) [best, at] = [keyword, index]
      }
      if (best === null) return null
      after ??= behind(place)
      found.push({ before: before + at, following: new Map([[best, [...exactly(text.slice(at + best.length), fold), ...after].slice(0, DEEPEST)]]) })
    }
    return joined(found)
  }
  for (const [place, part] of parts.entries()) {
    const texts = textsOf(part, fold)
    const longer = crossed(run, texts)
    if (longer === null) before += Math.max(...run.map(({ length }) => length))
    run = longer ?? texts ?? ['']
    const found = texts === null ? anchor(part, behind(place), keywords, fold) : within(place)
    if (found !== null) return texts === null ? { ...found, before: before + found.before } : found
    if (texts === null) before += longest(part)
  }
  return null
}
const flat = (node: RegexNode): readonly RegexNode[] => (node.kind === 'concat' ? node.of.flatMap(flat) : [node])

function joined(anchors: readonly Anchor[]): Anchor {
  const following = new Map<string, Masks>()
  for (const each of anchors) for (const [keyword, one] of each.following) following.set(keyword, following.has(keyword) ? either(following.get(keyword)!, one) : one)
  return { before: Math.max(...anchors.map(({ before }) => before)), following }
}
