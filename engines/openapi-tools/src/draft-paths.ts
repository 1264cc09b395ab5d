// Recorded paths to path templates. What each request stood under stays with it: a template always matches the path that it was made from (draft.test.ts).
import { looksLikeData } from './draft-shape.ts'

/** Siblings that look alike before they are taken for values of one parameter. */
const MANY_ALIKE = 3

/** Of what was recorded at one path: equal for what looks the same, '' where that says too little. */
export type Signature = (recorded: readonly number[]) => string

type Node = { readonly literals: Map<string, Node>; variable: Node | null; readonly values: Set<string>; readonly recorded: number[] }
export type Template = { readonly path: string; readonly parameters: readonly { readonly name: string; readonly values: readonly string[] }[]; readonly recorded: readonly number[] }

const emptyNode = (): Node => ({ literals: new Map(), variable: null, values: new Set(), recorded: [] })

/** `paths` as URL.pathname has them, by their number, which `recorded` speaks of. */
export function templatesOf(paths: readonly string[], signature: Signature): Template[] {
  const root = emptyNode()
  for (const [number, path] of paths.entries()) {
    let node = root
    for (const segment of path.split('/').slice(1).map(readable)) node = looksLikeData(decoded(segment)) ? entered(node, segment) : literal(node, segment)
    node.recorded.push(number)
  }
  fold(root, signature, 0)
  return written(root, [], [])
}

/** As a person would write it, where that leads to the same place. */
function readable(segment: string): string {
  const text = decoded(segment)
  return /^[^\s/?#{}%\\\p{Cc}]*$/u.test(text) && text !== '.' && text !== '..' ? text : segment.replaceAll('{', '%7B').replaceAll('}', '%7D')
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function literal(node: Node, segment: string): Node {
  let next = node.literals.get(segment)
  if (next === undefined) node.literals.set(segment, next = emptyNode())
  return next
}

function entered(node: Node, segment: string): Node {
  node.variable ??= emptyNode()
  node.variable.values.add(segment)
  return node.variable
}

/**
 * /users/alice, /users/bob and /users/carol that answer alike are one path. Not at the top, where names of collections stand, unless more follows. Gives what
 * the node looks like with all below it; '' where that says too little.
 */
function fold(node: Node, signature: Signature, depth: number): string {
  const looks = [...node.literals].map(([segment, child]) => ({ segment, child, look: fold(child, signature, depth + 1) }))
  let variable = node.variable === null ? '' : fold(node.variable, signature, depth + 1)
  const alike = Map.groupBy(looks, ({ segment, child, look }) => (/^v\d+$/.test(segment) || (depth === 0 && child.literals.size === 0) ? '' : look))
  for (const [look, children] of alike) {
    if (look === '' || children.length < MANY_ALIKE) continue
    variable ||= look
    for (const { segment, child } of children) {
      node.literals.delete(segment)
      merge(entered(node, segment), child)
    }
  }
  const own = node.recorded.length === 0 ? '-' : signature(node.recorded)
  const below = looks.filter(({ segment }) => node.literals.has(segment)).map(({ segment, look }) => `${JSON.stringify(segment)}:${look}`).sort()
  if (own === '' || (own === '-' && below.length === 0 && variable === '')) return ''
  return `${own}(${below.join()})${node.variable === null ? '' : `{${variable}}`}`
}

function merge(into: Node, from: Node): void {
  for (const number of from.recorded) into.recorded.push(number)
  for (const value of from.values) into.values.add(value)
  for (const [segment, child] of from.literals) merge(literal(into, segment), child)
  if (from.variable !== null) merge(into.variable ??= emptyNode(), from.variable)
}

function written(node: Node, segments: readonly string[], parameters: Template['parameters']): Template[] {
  const here = node.recorded.length === 0 ? [] : [{ path: `/${segments.join('/')}`, parameters, recorded: node.recorded }]
  const literals = [...node.literals].flatMap(([segment, child]) => written(child, [...segments, segment], parameters))
  if (node.variable === null) return [...here, ...literals]
  const name = nameAfter(segments.at(-1), parameters.map((parameter) => parameter.name))
  return [...here, ...literals, ...written(node.variable, [...segments, `{${name}}`], [...parameters, { name, values: [...node.variable.values] }])]
}

/** 'user-groups' as userGroupId. */
function nameAfter(segment: string | undefined, taken: readonly string[]): string {
  const words = segment === undefined || segment.startsWith('{') ? [] : segment.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const last = words.pop()?.replace(/ies$/, 'y').replace(/(?<=ss|sh|ch|x)es$/, '').replace(/(?<!s)s$/, '')
  const name = last === undefined || !/^[A-Za-z]/.test(words[0] ?? last) ? 'id' : [...words, last, 'id'].map((word, at) => (at === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1)).join('')
  let free = name
  for (let more = 2; taken.includes(free); more += 1) free = `${name}${more}`
  return free
}
