// What `fit` returns is valid against the schema, with formats: where that cannot be made sure, the part is left out. validation.test.ts holds it against Ajv.
import type { Json, JsonObject } from '@haechi/mcp-wire'
import { isObject, Validation } from './validation.ts'

/** Nothing of the value is valid. */
export const NOTHING = Symbol('nothing')
type Fitted = Json | typeof NOTHING

/** Alternatives inside of alternatives multiply. */
const MAX_STEPS = 100_000
const MAX_DEPTH = 256

/** The parts of `value` that `schema` accepts: members and items that it does not are left out. NOTHING where that does not help. */
export function fit(schema: JsonObject, value: Json): Json | typeof NOTHING {
  return new Fitting(schema).fit(schema, value, 0)
}

class Fitting {
  private readonly validation: Validation
  private steps = 0
  /** Members and items left out so far, of what is kept. */
  private dropped = 0

  constructor(root: JsonObject) {
    this.validation = new Validation(root, 'strict')
  }

  fit(schema: Json | undefined, value: Json, depth: number): Fitted {
    this.steps += 1
    if (this.steps > MAX_STEPS || depth > MAX_DEPTH || (typeof value === 'number' && !Number.isFinite(value))) return NOTHING
    if (schema !== true && !isObject(schema)) return NOTHING
    const before = this.dropped
    // What one keyword takes away may be what another had asked for: until nothing is taken any more.
    let kept: Json = value
    for (let round = 0; round < 4; round += 1) {
      const sofar = this.dropped
      const fitted = this.once(schema === true ? ANYTHING : schema, kept, depth)
      if (fitted === NOTHING) break
      kept = fitted
      if (this.dropped === sofar) return kept
    }
    this.dropped = before
    return NOTHING
  }

  private once(schema: JsonObject, value: Json, depth: number): Fitted {
    let kept: Fitted = isObject(value) ? this.members(schema, value, depth) : Array.isArray(value) ? this.items(schema, value, depth) : value
    for (const keyword in schema) {
      if (STRUCTURE.has(keyword)) continue
      const wanted = schema[keyword]!
      if (keyword === '$ref') kept = this.fit(this.validation.named(wanted), kept, depth + 1)
      else if (keyword === 'allOf' && Array.isArray(wanted)) {
        for (const one of wanted) {
          kept = this.fit(one as Json, kept, depth + 1)
          if (kept === NOTHING) return NOTHING
        }
      } else if (keyword === 'anyOf' && Array.isArray(wanted)) kept = this.nearest(wanted, kept, depth)
      else {
        this.validation.unsure = false
        if (this.validation.keyword(keyword, wanted, kept, schema, '', depth).length > 0 || this.validation.unsure) return NOTHING
      }
      if (kept === NOTHING) return NOTHING
    }
    return kept
  }

  /** By the alternative that costs the least. */
  private nearest(forms: readonly Json[], value: Json, depth: number): Fitted {
    const before = this.dropped
    let best: Fitted = NOTHING
    let least = Infinity
    for (const form of forms) {
      const fitted = this.fit(form, value, depth + 1)
      if (fitted !== NOTHING && this.dropped - before < least) {
        best = fitted
        least = this.dropped - before
      }
      this.dropped = before
      if (least === 0) break
    }
    if (best !== NOTHING) this.dropped = before + least
    return best
  }

  private members(schema: JsonObject, value: JsonObject, depth: number): Json {
    const { properties, patternProperties, additionalProperties } = schema
    const before = this.dropped
    const kept: [string, Json][] = []
    for (const name of Object.keys(value)) {
      const declared = isObject(properties) && Object.hasOwn(properties, name)
      // Names that a pattern may match are not kept at all; '__proto__' would become something else at whoever copies it.
      const fitted = patternProperties !== undefined || name === '__proto__' ? NOTHING
        : declared ? this.fit(properties[name], value[name]!, depth + 1)
        : this.fit(additionalProperties ?? true, value[name]!, depth + 1)
      if (fitted === NOTHING) this.dropped += 1
      else kept.push([name, fitted])
    }
    return this.dropped === before ? value : Object.fromEntries(kept)
  }

  private items(schema: JsonObject, value: readonly Json[], depth: number): Json {
    const { items, prefixItems } = schema
    const before = this.dropped
    const kept: Json[] = []
    for (let at = 0; at < value.length; at += 1) {
      const fitted = this.fit(Array.isArray(prefixItems) && at < prefixItems.length ? (prefixItems[at] as Json) : (items ?? true), value[at]!, depth + 1)
      if (fitted !== NOTHING) kept.push(fitted)
      else {
        this.dropped += 1
        // What follows would stand in another place than its schema does.
        if (prefixItems !== undefined) break
      }
    }
    return this.dropped === before ? value : kept
  }
}

const ANYTHING: JsonObject = {}

/** Read by members and items, or said of nothing. */
const STRUCTURE = new Set([
  'properties', 'patternProperties', 'additionalProperties', 'items', 'prefixItems', 'then', 'else', 'minContains', 'maxContains',
  '$schema', '$id', '$comment', '$defs', 'definitions', 'title', 'description', 'default', 'example', 'examples', 'deprecated', 'readOnly', 'writeOnly', 'discriminator', 'xml', 'externalDocs',
])
