// NVD's applicability statements (NVD CVE API 2.0, "configurations"; CPE applicability language, NISTIR 7698): which products a CVE is about, in which versions.
// Three-valued: what the asset does not tell (its operating system, an edition) makes a match possible, never certain. Defended by applicability.test.ts and tests/conformance/risk/knowledge.test.ts.
import { compareUpstream } from '../version/upstream.ts'
import { includes, plain } from './name.ts'
import type { CpeName } from './name.ts'

export type Criterion = {
  readonly name: CpeName
  /** False: the environment that the vulnerable product needs, not vulnerable itself. */
  readonly vulnerable: boolean
  readonly from: string | null
  readonly fromIncluded: boolean
  readonly to: string | null
  readonly toIncluded: boolean
}
export type Node = { readonly operator: 'AND' | 'OR'; readonly negate: boolean; readonly criteria: readonly Criterion[]; readonly children: readonly Node[] }
/** One of them applying is enough. */
export type Configurations = readonly Node[]

export type Applicability = {
  /** `possible`: it depends on something that the asset does not tell. */
  readonly applies: 'yes' | 'possible' | 'no'
  /** The criterion that named the vulnerable product. */
  readonly criterion: Criterion | null
  /** Which of the products it named, by its place. */
  readonly product: number | null
}

type Truth = 0 | 1 | 2
const [no, possible, yes] = [0, 1, 2] as const

/** Whether a CVE with these configurations is about an asset with these products. */
export function applicability(configurations: Configurations, products: readonly CpeName[]): Applicability {
  let best: Applicability = { applies: 'no', criterion: null, product: null }
  for (const node of configurations) {
    const truth = holds(node, products)
    if (truth === no || (truth === possible && best.applies === 'possible')) continue
    const named = vulnerableOf(node, products)
    if (named === null) continue
    best = { applies: truth === yes && named.truth === yes ? 'yes' : best.applies === 'no' ? 'possible' : best.applies, criterion: named.criterion, product: named.product }
    if (best.applies === 'yes') return best
  }
  return best
}

function holds(node: Node, products: readonly CpeName[]): Truth {
  const parts = function* (): Generator<Truth> {
    for (const criterion of node.criteria) yield holdsFor(criterion, products)
    for (const child of node.children) yield holds(child, products)
  }
  let truth: Truth = node.operator === 'AND' ? yes : no
  for (const part of parts()) truth = (node.operator === 'AND' ? Math.min(truth, part) : Math.max(truth, part)) as Truth
  return node.negate ? (2 - truth) as Truth : truth
}

function holdsFor(criterion: Criterion, products: readonly CpeName[]): Truth {
  let truth: Truth = no
  for (const product of products) truth = Math.max(truth, matches(criterion, product)) as Truth
  if (truth !== no || criterion.vulnerable) return truth
  // What it runs on: where the asset names nothing of that part, nobody knows.
  const [part] = criterion.name
  return part !== 'a' && !products.some((product) => product[0] === part) ? possible : no
}

/** The criterion of the node that says "vulnerable" of one of the products, the surest first. */
function vulnerableOf(node: Node, products: readonly CpeName[]): { criterion: Criterion; product: number; truth: Truth } | null {
  let best: { criterion: Criterion; product: number; truth: Truth } | null = null
  for (const criterion of node.criteria) {
    if (!criterion.vulnerable) continue
    for (const [at, product] of products.entries()) {
      const truth = matches(criterion, product)
      if (truth > (best?.truth ?? no)) best = { criterion, product: at, truth }
    }
  }
  for (const child of node.children) {
    const found = vulnerableOf(child, products)
    if (found !== null && found.truth > (best?.truth ?? no)) best = found
  }
  return best
}

// Places in a name.
const [version, update] = [3, 4]

/** Whether the product is among those that the criterion names. */
export function matches(criterion: Criterion, product: CpeName): Truth {
  const { name, from, to } = criterion
  // The product decides most often, and most names have no wildcard.
  if (includes(name[2]!, product[2]!) !== 'yes') return no
  let truth: Truth = yes
  for (let at = 0; at < name.length; at++) {
    if (at === version || at === update) continue
    const included = includes(name[at]!, product[at]!)
    // Part, vendor and product are what is asked about: not knowing them is no match.
    if (included === 'no' || (included === 'unknown' && at < version)) return no
    if (included === 'unknown') truth = possible
  }
  const found = product[version]!
  if (from === null && to === null) {
    const [one, other] = [includes(name[version]!, found), includes(name[update]!, product[update]!)]
    // The same release written in one value or in two: 9.3p2, and 9.3 with update p2.
    if ((one !== 'yes' || other !== 'yes') && found !== '*' && joined(name) === joined(product)) return truth
    if (one === 'no' || other === 'no') return no
    return one === 'unknown' || other === 'unknown' ? Math.min(truth, possible) as Truth : truth
  }
  if (found === '-') return no
  if (found === '*') return Math.min(truth, possible) as Truth
  if (name[version] !== '*' && includes(name[version]!, found) === 'no') return no
  const own = releaseOf(product)
  if (from !== null) {
    const order = compareUpstream(own, from)
    if (order < 0 || (order === 0 && !criterion.fromIncluded)) return no
  }
  if (to !== null) {
    const order = compareUpstream(own, to)
    if (order > 0 || (order === 0 && !criterion.toIncluded)) return no
  }
  return truth
}

/** Version and update as one text: 9.3p2, 2.0-rc1. */
function releaseOf(name: CpeName): string {
  const release = plain(name[version]!)
  return name[update] === '*' || name[update] === '-' ? release : `${release}-${plain(name[update]!)}`
}
const joined = (name: CpeName): string => releaseOf(name).replace(/[^a-z0-9]+/g, '')
