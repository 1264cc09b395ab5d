// OpenAPI Overlays 1.0 and 1.1 (spec.openapis.org/overlay/v1.1.0): what they change is copied first, so that neither the document that came in nor a node
// that stands in several places changes elsewhere. Bounded in steps, size and depth. overlay.test.ts holds all three.
import { JsonPathProblem, compileJsonPath, pathOf, spend } from './jsonpath.ts'
import type { Place, Work } from './jsonpath.ts'
import type { Json, JsonObject, Refusal } from './model.ts'
import { isList, isObject, put } from './object.ts'
import { pointerOf } from './reference.ts'
import { Refused } from './refused.ts'
import { MAX_DEPTH, parseSource } from './source.ts'

/** Values that one query may look at, and all of them. */
const MAX_STEPS = 10_000_000
const MAX_ALL_STEPS = 200_000_000
/** Characters that all actions may add. */
const MAX_ADDED = 64 * 1024 * 1024

type Mutable = Json[] | { [name: string]: Json }
type Action = { readonly target: string; readonly update?: Json; readonly copy?: string; readonly remove: boolean }
type Size = { readonly characters: number; readonly height: number }

/** The document with the overlays applied in their order. Throws Refused (overlay_invalid, with the overlay and its action); a target that matches nothing is a warning. */
export function applyOverlays(root: JsonObject, overlays: readonly string[], maxBytes: number, warnings: Refusal[]): JsonObject {
  const target = new Target(root)
  for (const [index, overlay] of overlays.entries()) {
    for (const [number, action] of actionsOf(overlay, index, maxBytes, warnings).entries()) {
      const place = `overlay ${index + 1} #/actions/${number}`
      try {
        if (!target.apply(action)) warnings.push({ code: 'overlay_unmatched', place, reason: `The target ${action.target.slice(0, 200)} selects nothing in the document.` })
      } catch (error) {
        if (error instanceof JsonPathProblem || error instanceof Incompatible) throw new Refused('overlay_invalid', place, `The action does not apply: ${error.message}.`)
        throw error
      }
    }
  }
  return target.root as JsonObject
}

function actionsOf(source: string, index: number, maxBytes: number, warnings: Refusal[]): Action[] {
  const invalid = (place: string, reason: string): Refused => new Refused('overlay_invalid', `overlay ${index + 1} ${place}`, reason)
  const said: Refusal[] = []
  let overlay: Json
  try {
    overlay = parseSource(source, maxBytes, said).value
  } catch (error) {
    throw error instanceof Refused ? invalid(error.refusal.place, error.refusal.reason) : error
  }
  warnings.push(...said.map((warning) => ({ ...warning, place: `overlay ${index + 1} ${warning.place}` })))
  if (!isObject(overlay)) throw invalid('#', 'An overlay is an object with overlay, info and actions.')
  // YAML reads `overlay: 1.0` as a number.
  const version = overlay['overlay']
  if (!/^1(?:\.[01](?:\.\d+)?)?$/.test(typeof version === 'number' ? String(version) : typeof version === 'string' ? version : '')) throw invalid('#/overlay', 'The version of the Overlay Specification is needed here: 1.0.0 or 1.1.0.')
  const { actions } = overlay
  if (!Array.isArray(actions) || actions.length === 0) throw invalid('#/actions', 'A list of at least one action is needed.')
  return (actions as Json[]).map((action, number) => {
    const wrong = (field: string, reason: string): Refused => invalid(`#/actions/${number}${field}`, reason)
    if (!isObject(action)) throw wrong('', 'An action is an object with target and one of update, copy, remove.')
    const { target, update, copy, remove = false } = action
    if (typeof target !== 'string') throw wrong('/target', 'The target is a JSONPath (RFC 9535) in a string, such as $.paths[\'/users\'].get.')
    if (typeof remove !== 'boolean') throw wrong('/remove', 'remove is true or false.')
    if (copy !== undefined && typeof copy !== 'string') throw wrong('/copy', 'copy is a JSONPath (RFC 9535) in a string.')
    if (!remove && (update === undefined) === (copy === undefined)) throw wrong('', update === undefined ? 'The action says neither update, copy nor remove.' : 'update and copy exclude each other (Overlay 1.1).')
    return { target, remove, ...(update === undefined ? {} : { update }), ...(copy === undefined ? {} : { copy }) }
  })
}

/** Caught where actions are applied, and told as overlay_invalid. */
class Incompatible extends Error {
  override readonly name = 'Incompatible'
}

/** The document while it is changed. Only what `#own` holds may be written to: it was made here and stands in one place. */
class Target {
  root: Json
  #own = new WeakSet<object>()
  #work: Work = { left: 0 }
  #left = MAX_ALL_STEPS
  #added = 0

  constructor(root: Json) {
    this.root = root
  }

  /** False where the target selects nothing. */
  apply({ target, update, copy, remove }: Action): boolean {
    const allowed = Math.min(MAX_STEPS, this.#left)
    this.#work = { left: allowed }
    const places = compileJsonPath(target)(this.root, this.#work)
    if (remove) this.#remove(places)
    else if (places.length > 0) this.#change(places, copy === undefined ? update! : this.#copied(copy))
    this.#left -= allowed - this.#work.left
    return places.length > 0
  }

  #copied(query: string): Json {
    const found = compileJsonPath(query)(this.root, this.#work)
    if (found.length !== 1) throw new Incompatible(`copy selects ${found.length} values, and one is needed`)
    // From now on it stands in two places.
    this.#own = new WeakSet()
    return found[0]!.value
  }

  #change(places: readonly Place[], change: Json): void {
    const kinds = new Set(places.map(({ value }) => kindOf(value)))
    if (kinds.size > 1) throw new Incompatible(`the target selects ${[...kinds].join(' and ')} at once`)
    const { characters, height } = sizeOf(change, this.#work, new Map())
    this.#added += characters * places.length
    if (this.#added > MAX_ADDED) throw new Incompatible(`the actions add more than ${MAX_ADDED} characters`)
    for (const place of places) {
      const path = pathOf(place)
      if (path.length + 1 + height > MAX_DEPTH) throw new Incompatible(`values would be nested deeper than ${MAX_DEPTH}`)
      this.#set(path, (current) => (isList(current) ? this.#joined(current, isList(change) ? change : [change]) : this.#merged(current, change, path)))
    }
  }

  /** Overlay 1.1.0, Action Object: objects merge, lists join, what is neither is replaced; nothing else fits. */
  #merged(current: Json, change: Json, path: readonly (string | number)[]): Json {
    if (kindOf(current) !== kindOf(change)) throw new Incompatible(`${kindOf(change)} do not merge into ${kindOf(current)} at ${pointerOf(path).slice(0, 300)}`)
    if (isList(current)) return this.#joined(current, change as readonly Json[])
    if (!isObject(current) || !isObject(change)) return change
    const object = this.#owned(current)
    for (const [name, value] of Object.entries(change)) {
      spend(this.#work, 1)
      put(object, name, Object.hasOwn(object, name) ? this.#merged(object[name]!, value, [...path, name]) : value)
    }
    return object
  }

  #joined(list: readonly Json[], items: readonly Json[]): Json {
    spend(this.#work, items.length)
    const joined = this.#owned(list)
    // A list may be joined to itself.
    for (const item of items === joined ? [...items] : items) joined.push(item)
    return joined
  }

  #owned(value: readonly Json[]): Json[]
  #owned(value: JsonObject): { [name: string]: Json }
  #owned(value: readonly Json[] | JsonObject): Mutable {
    if (this.#own.has(value)) return value as Mutable
    const copy: Mutable = isList(value) ? [...value] : { ...value }
    spend(this.#work, isList(value) ? value.length : Object.keys(value).length)
    this.#own.add(copy)
    return copy
  }

  /** Changes what stands at a path; what is on the way there is made our own. */
  #set(path: readonly (string | number)[], change: (current: Json) => Json): void {
    const step = (value: Json, at: number): Json => {
      if (at === path.length) return change(value)
      const name = path[at]!
      const container = this.#owned(value as JsonObject)
      put(container, String(name), step(container[name]!, at + 1))
      return container
    }
    this.root = step(this.root, 0)
  }

  /** From the inside out, so that no path changes before it is used. */
  #remove(places: readonly Place[]): void {
    const containers = new Map<string, { readonly path: readonly (string | number)[]; readonly names: Set<string | number> }>()
    for (const place of places) {
      if (place.parent === null) throw new Incompatible('the whole document cannot be removed')
      const path = pathOf(place.parent)
      const pointer = pointerOf(path)
      if (!containers.has(pointer)) containers.set(pointer, { path, names: new Set() })
      containers.get(pointer)!.names.add(place.key)
    }
    for (const { path, names } of [...containers.values()].sort((one, two) => two.path.length - one.path.length)) {
      this.#set(path, (container) => (isList(container) ? container.filter((_, index) => !names.has(index)) : Object.fromEntries(Object.entries(container as JsonObject).filter(([name]) => !names.has(name)))))
    }
  }
}

const kindOf = (value: Json): 'lists' | 'objects' | 'plain values' => (isList(value) ? 'lists' : isObject(value) ? 'objects' : 'plain values')

/** As if it were written out. */
function sizeOf(value: Json, work: Work, known: Map<Json, Size>): Size {
  spend(work, 1)
  if (typeof value === 'string') return { characters: value.length + 1, height: 0 }
  if (typeof value !== 'object' || value === null) return { characters: 1, height: 0 }
  let size = known.get(value)
  if (size === undefined) {
    let characters = 1
    let height = 0
    for (const [name, item] of Object.entries(value as JsonObject)) {
      const inner = sizeOf(item, work, known)
      characters += inner.characters + (isList(value) ? 0 : name.length)
      height = Math.max(height, inner.height)
    }
    known.set(value, size = { characters, height: height + 1 })
  }
  return size
}
