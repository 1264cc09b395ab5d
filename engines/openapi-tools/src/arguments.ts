import type { Json, JsonObject } from '@haechi/mcp-wire'
import { isObject, unknown, Validation } from './validation.ts'

/** Characters of a schema up to which arguments are held to it. Beyond, only names are checked and the API judges the rest. */
const MAX_SCHEMA = 1024 * 1024
const MAX_PROBLEMS = 10

/**
 * Holds arguments to a tool's inputSchema before a call. The check gives what is wrong in sentences that a model can act on ("'body/name' has to be a
 * string, not 5"), at most 10; [] where nothing is. It is lenient where documents are often wrong (formats, oneOf), and its work is bounded: what it
 * cannot find out it leaves to the API.
 */
export function createArgumentCheck(inputSchema: JsonObject): (args: Json) => readonly string[] {
  const properties = isObject(inputSchema['properties']) ? inputSchema['properties'] : {}
  const known = Object.keys(properties)
  const closed = inputSchema['additionalProperties'] === undefined || inputSchema['additionalProperties'] === false
  const { additionalProperties: _, ...open } = inputSchema
  const judged = JSON.stringify(inputSchema).length <= MAX_SCHEMA
  return (args) => {
    if (!isObject(args)) return ['The arguments have to be an object.']
    const strangers = closed ? Object.keys(args).filter((name) => !Object.hasOwn(properties, name)).map((name) => `The tool ${unknown(name, known)}.`.replace('?.', '?')) : []
    if (strangers.length >= MAX_PROBLEMS || !judged) return strangers.slice(0, MAX_PROBLEMS)
    const violations = new Validation(inputSchema, 'lenient').violations(closed ? open : inputSchema, args)
    return [...strangers, ...violations.map(({ at, message }) => `${at === '' ? 'The tool' : `'${at.slice(1)}'`} ${message}${message.endsWith('?') || message.endsWith('?)') ? '' : '.'}`)].slice(0, MAX_PROBLEMS)
  }
}
