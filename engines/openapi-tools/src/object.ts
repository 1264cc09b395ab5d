import type { Json, JsonObject } from './model.ts'

export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)
export const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Sets a name that a document chose: '__proto__' too is data. */
export function put<Value>(entries: { [name: string]: Value }, name: string, value: Value): void {
  if (name === '__proto__') Object.defineProperty(entries, name, { value, enumerable: true, configurable: true, writable: true })
  else entries[name] = value
}
