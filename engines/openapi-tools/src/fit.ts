// What `fit` returns is valid against the schema, with formats: where that cannot be made sure, the part is left out. fit.test.ts holds it against Ajv.
import type { Json, JsonObject } from '@haechi/mcp-wire'
import { isObject, Validation } from './validation.ts'

/** Nothing of the value is valid. */
export const NOTHING = Symbol('nothing')
type Fitted = { readonly value: Json; readonly dropped: number } | typeof NOTHING

/** Alternatives inside of alternatives multiply. */
const MAX_STEPS = 200_000
const MAX_DEPTH = 256

/** The parts of `value` that `schema` accepts: members and items that it does not are left out. NOTHING where that does not help. */
export function fit(schema: JsonObject, value: Json): Json | typeof NOTHING {
  const fitted = new Fitting(schema).fit(schema, value, 0)
  return fitted === NOTHING ? NOTHING : fitted.value
}

class Fitting {
  private readonly validation: Validation
  private steps = 0

  constructor(root: JsonObject) {
    this.validation = new Validation(root, 'strict')
  }

  fit(schema: Json | undefined, value: Json, depth: number): Fitted {
    this.steps += 1
    if (this.steps > MAX_STEPS || depth > MAX_DEPTH || (typeof value === 'number' && !Number.isFinite(value))) return NOTHING
    if (schema === true) return this.fit({}, value, depth)
    if (!isObject(schema)) return NOTHING
    // What one keyword takes away may be what another had asked for: until nothing is taken any more.
    let kept: Json = value
    let dropped = 0
    for (let round = 0; round < 4; round += 1) {
      const fitted = this.once(schema, kept, depth)
      if (fitted === NOTHING) return NOTHING
      dropped += fitted.dropped
      kept = fitted.value
      if (fitted.dropped === 0) return { value: kept, dropped }
    }
    return NOTHING
  }

  private once(schema: JsonObject, value: Json, depth: number): Fitted {
    let { value: kept, dropped } = isObject(value) ? this.members(schema, value, depth) : Array.isArray(value) ? this.items(schema, value, depth) : { value, dropped: 0 }
    const take = (fitted: Fitted): boolean => {
      if (fitted === NOTHING) return false
      kept = fitted.value
      dropped += fitted.dropped
      return true
    }
    for (const [keyword, wanted] of Object.entries(schema)) {
      if (keyword === '$ref') {
        if (!take(this.fit(this.validation.named(wanted), kept, depth + 1))) return NOTHING
      } else if (keyword === 'allOf' && Array.isArray(wanted)) {
        for (const one of wanted) if (!take(this.fit(one as Json, kept, depth + 1))) return NOTHING
      } else if (keyword === 'anyOf' && Array.isArray(wanted)) {
        let best: Fitted = NOTHING
        for (const one of wanted) {
          const fitted = this.fit(one as Json, kept, depth + 1)
          if (fitted !== NOTHING && (best === NOTHING || fitted.dropped < best.dropped)) best = fitted
          if (best !== NOTHING && best.dropped === 0) break
        }
        if (!take(best)) return NOTHING
      } else if (!STRUCTURE.has(keyword)) {
        this.validation.unsure = false
        const violated = this.validation.violations(keyword === 'if' || keyword === 'contains' ? pick(schema, keyword) : { [keyword]: wanted }, kept, '', depth)
        if (violated.length > 0 || this.validation.unsure) return NOTHING
      }
    }
    return { value: kept, dropped }
  }

  private members(schema: JsonObject, value: JsonObject, depth: number): { readonly value: Json; readonly dropped: number } {
    const { properties, patternProperties, additionalProperties } = schema
    let dropped = 0
    const kept: [string, Json][] = []
    for (const [name, member] of Object.entries(value)) {
      const declared = isObject(properties) && Object.hasOwn(properties, name)
      // Names that a pattern may match are not kept at all; '__proto__' would become something else at whoever copies it.
      const fitted = patternProperties !== undefined || name === '__proto__' ? NOTHING
        : declared ? this.fit(properties[name], member, depth + 1)
        : this.fit(additionalProperties ?? true, member, depth + 1)
      if (fitted === NOTHING) dropped += 1
      else {
        kept.push([name, fitted.value])
        dropped += fitted.dropped
      }
    }
    return dropped === 0 ? { value, dropped } : { value: Object.fromEntries(kept), dropped }
  }

  private items(schema: JsonObject, value: readonly Json[], depth: number): { readonly value: Json; readonly dropped: number } {
    const { items, prefixItems } = schema
    let dropped = 0
    const kept: Json[] = []
    for (const [at, item] of value.entries()) {
      const fitted = this.fit(Array.isArray(prefixItems) && at < prefixItems.length ? (prefixItems[at] as Json) : (items ?? true), item, depth + 1)
      if (fitted !== NOTHING) {
        kept.push(fitted.value)
        dropped += fitted.dropped
      } else {
        dropped += 1
        // What follows would stand in another place than its schema does.
        if (prefixItems !== undefined) break
      }
    }
    return dropped === 0 ? { value, dropped } : { value: kept, dropped }
  }
}

/** Read by members and items, or said of nothing. */
const STRUCTURE = new Set([
  'properties', 'patternProperties', 'additionalProperties', 'items', 'prefixItems', 'then', 'else', 'minContains', 'maxContains',
  '$schema', '$id', '$comment', '$defs', 'definitions', 'title', 'description', 'default', 'example', 'examples', 'deprecated', 'readOnly', 'writeOnly', 'discriminator', 'xml', 'externalDocs',
])

function pick(schema: JsonObject, keyword: 'if' | 'contains'): JsonObject {
  const names = keyword === 'if' ? ['if', 'then', 'else'] : ['contains', 'minContains', 'maxContains']
  return Object.fromEntries(Object.entries(schema).filter(([name]) => names.includes(name)))
}
