// In what ways oas-to-har's request is another than ours, who is wrong, and why. A difference belongs to the first class that explains all of it; one that none
// explains is ours until it is looked at. requests-differences.tsv lists every single one.
import type { HttpRequest, Operation } from '@haechi/openapi-tools'
import type { Json, JsonObject } from '@haechi/mcp-wire'
import type { Difference } from './har.ts'

export type Compared = { readonly operation: Operation; readonly args: JsonObject; readonly request: HttpRequest; /** The operation as the document has it. */ readonly document: JsonObject }
export type DifferenceClass = {
  readonly id: string
  /** Who sends what the specification does not say; nobody, where it leaves both. */
  readonly wrong: 'oas-to-har' | 'nobody'
  readonly why: string
  explains(difference: Difference, compared: Compared): boolean
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
/** Scheme and port taken away. */
const afterHost = (url: string): string => url.replace(/^https?:/, '').replace(/^(\/\/[^/:]+):\d+/, '$1')
const subDelimiters = (text: string): string => text.replaceAll(/[!'()*]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`)

/** A JSON text as oas-to-har makes it: strings that hold JSON become what they hold, objects without members disappear from lists. */
function mangled(value: Json, strings: boolean, empty: boolean): Json {
  if (typeof value === 'string' && strings) {
    try {
      return mangled(JSON.parse(value) as Json, strings, empty)
    } catch {
      return value
    }
  }
  if (Array.isArray(value)) return value.map((item: Json) => mangled(item, strings, empty)).filter((item) => !empty || !(isObject(item) && Object.keys(item).length === 0))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mangled(member, strings, empty)]))
}

function jsonAs(difference: Difference, strings: boolean, empty: boolean): boolean {
  try {
    const both = [difference.ours, difference.theirs].map((text) => JSON.stringify(mangled(JSON.parse(text) as Json, strings, empty)))
    return both[0] === both[1]
  } catch {
    return false
  }
}

const pairsOf = (query: string): string[] => query.split('&').filter((pair) => pair !== '')
/** What is left of each side when what both have is taken away. */
function apart({ ours, theirs }: Difference): { readonly ours: string[]; readonly theirs: string[] } {
  const left = pairsOf(theirs)
  const mine = pairsOf(ours).filter((pair) => {
    const at = left.indexOf(pair)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  return { ours: mine, theirs: left }
}

const bodyTypes = ({ operation, document }: Compared): string[] => {
  const paths = document['paths']
  const item = isObject(paths) ? paths[operation.path] : undefined
  const one = isObject(item) ? item[operation.method.toLowerCase()] : undefined
  let body = isObject(one) ? one['requestBody'] : undefined
  if (isObject(body) && typeof body['$ref'] === 'string') {
    const name = body['$ref'].split('/').pop() ?? ''
    const components = document['components']
    const bodies = isObject(components) ? components['requestBodies'] : undefined
    body = isObject(bodies) ? bodies[name] : undefined
  }
  return isObject(body) && isObject(body['content']) ? Object.keys(body['content']) : []
}

export const CLASSES: readonly DifferenceClass[] = [
  {
    id: 'https', wrong: 'nobody', why: 'The document names its server with http and with https. We take https, oas-to-har the first.',
    explains: ({ place, ours, theirs }) => place === 'url' && ours.startsWith('https:') && theirs.startsWith('http:') && subDelimiters(afterHost(ours)) === subDelimiters(afterHost(theirs)),
  },
  {
    id: 'path sub-delims', wrong: 'oas-to-har', why: "RFC 6570 §3.2.2, which style simple is, escapes all but unreserved characters; oas-to-har leaves ! ' ( ) and * in a path (RFC 3986 allows them there).",
    explains: ({ place, ours, theirs }) => place === 'url' && subDelimiters(ours) === subDelimiters(theirs),
  },
  {
    id: 'accept of an error', wrong: 'oas-to-har', why: 'No successful answer has a media type, or another one: oas-to-har asks for that of the first answer that has any, which is an error or the default.',
    explains: ({ place, theirs }, { operation }) => place === 'accept' && !operation.answers.some(({ status, mediaTypes }) => status.startsWith('2') && mediaTypes.includes(theirs)),
  },
  {
    id: 'accept without answers', wrong: 'oas-to-har', why: 'An answer without a media type is said to be application/json.',
    explains: ({ place, theirs }) => place === 'accept' && theirs === 'application/json',
  },
  {
    id: 'content-type without body', wrong: 'oas-to-har', why: 'No body was given and none is sent; oas-to-har says a Content-Type all the same (RFC 9110 §8.3 says it of content only).',
    explains: ({ place, ours }, { request }) => place === 'content-type' && ours === '' && request.body === undefined,
  },
  {
    id: 'any media type', wrong: 'oas-to-har', why: 'The document takes any media type for the body: a Content-Type of */* says nothing, and we say what we send.',
    explains: ({ place, theirs }) => place === 'content-type' && theirs.includes('*'),
  },
  {
    id: 'content in a path', wrong: 'oas-to-har', why: 'The parameter has content: application/json, so its value is written as JSON, quotes included. oas-to-har writes the bare value.',
    explains: ({ place, ours, theirs }, { operation }) => place === 'url' && operation.parameters.some((parameter) => parameter.in === 'path' && parameter.content !== null) && ours.replaceAll('%22', '') === theirs,
  },
  {
    id: 'no server', wrong: 'nobody', why: "The document's server is ',', which leads nowhere.",
    explains: ({ place, theirs }) => place === 'url' && theirs.startsWith('https://,'),
  },
  {
    id: 'two credentials in one header', wrong: 'nobody', why: 'The document wants two credentials in one header at once. We send the first, oas-to-har the last.',
    explains: ({ place }, { operation }) => place === 'header authorization' && operation.security.some((all) => all.length > 1),
  },
  {
    id: 'empty form', wrong: 'nobody', why: 'A form without fields: we send an empty body, oas-to-har none.',
    explains: ({ place, ours, theirs }, { operation }) => place === 'body' && ours === '' && theirs === '(none)' && operation.body?.kind === 'form',
  },
  {
    id: 'another media type', wrong: 'nobody', why: 'The document offers several media types for the body. We take application/json where it is one of them (x-mcp can say another), oas-to-har the first that is JSON-like.',
    explains: ({ place, ours, theirs }, compared) => place === 'content-type' && ours !== '' && theirs !== '' && bodyTypes(compared).some((type) => type.startsWith(theirs)) && bodyTypes(compared).length > 1,
  },
  { id: 'strings read as JSON', wrong: 'oas-to-har', why: 'A string that looks like JSON ("[0]", "214813236243") is sent as the number or list it looks like.', explains: (difference) => difference.place === 'body' && jsonAs(difference, true, false) },
  { id: 'empty items lost', wrong: 'oas-to-har', why: 'Objects without members are taken out of lists.', explains: (difference) => difference.place === 'body' && (jsonAs(difference, false, true) || jsonAs(difference, true, true)) },
  {
    id: 'objects as [object Object]', wrong: 'oas-to-har', why: 'An object inside a list has no form in style form. We write it as JSON, oas-to-har writes [object Object].',
    explains: (difference) => difference.place.startsWith('query') && apart(difference).theirs.length > 0 && apart(difference).theirs.every((pair) => /\[object(?: |%20)Object\]/.test(pair)),
  },
  {
    id: 'empty value', wrong: 'oas-to-har', why: 'An object or list without members is not there (RFC 6570 §2.3); oas-to-har sends its name with nothing.',
    explains: (difference) => difference.place.startsWith('query') && apart(difference).ours.length === 0 && apart(difference).theirs.length > 0 && apart(difference).theirs.every((pair) => /^[^=]*=$/.test(pair)),
  },
  {
    id: 'object by its schema', wrong: 'oas-to-har', why: 'An object in style form, exploded, is its members. oas-to-har writes the members as the value of its name, because it styles by the schema and not by the value.',
    explains: (difference) => difference.place.startsWith('query') && apart(difference).theirs.length > 0 && apart(difference).theirs.every((pair) => apart(difference).ours.some((mine) => pair.endsWith(`=${mine}`))),
  },
  {
    id: 'default besides a credential', wrong: 'oas-to-har', why: 'The parameter is where a credential goes. oas-to-har sends its default as well.',
    explains: (difference, { request }) => difference.place.startsWith('query') && apart(difference).ours.length === 0 && apart(difference).theirs.every((pair) => request.secret.query.includes(decodeURIComponent(pair.split('=')[0] ?? ''))),
  },
  {
    id: 'brackets with or without index', wrong: 'nobody', why: 'OpenAPI says nothing of lists in style deepObject. We write a[]=1, oas-to-har a[0]=1; PHP, Rails and qs read both.',
    explains: (difference) => difference.place.startsWith('query') && apart(difference).ours.map((pair) => pair.replaceAll('%5B%5D', '[]')).sort().join('&') === apart(difference).theirs.map((pair) => pair.replaceAll(/(?:\[|%5B)\d+(?:\]|%5D)/g, '[]')).sort().join('&'),
  },
  {
    id: 'brackets as they are', wrong: 'oas-to-har', why: "allowReserved: '[' and ']' stay as they are; RFC 3986 §3.4 has them in no query, and we escape them.",
    explains: (difference) => difference.place === 'query raw' && difference.ours.replaceAll('%5B', '[').replaceAll('%5D', ']') === difference.theirs.replaceAll('%5B', '[').replaceAll('%5D', ']'),
  },
  {
    id: 'Authorization as parameter', wrong: 'oas-to-har', why: 'OpenAPI §4.12.2: header parameters called Accept, Content-Type or Authorization are ignored. oas-to-har sends their default.',
    explains: ({ place, ours }) => place === 'header authorization' && ours === '(none)',
  },
  {
    id: 'escapes in a header', wrong: 'oas-to-har', why: 'Values of headers are not URLs: OpenAPI 3.2 (appendix D) writes them as they are. oas-to-har escapes them where the document writes style: simple.',
    explains: ({ place, ours, theirs }) => place.startsWith('header ') && ours === safelyDecoded(theirs),
  },
  {
    id: 'styles of form fields', wrong: 'oas-to-har', why: 'The encoding of a form field (deepObject, form) is not looked at: objects are sent as JSON, lists with commas.',
    explains: ({ place, ours, theirs }, { operation }) => place === 'body read' && (operation.body?.parts ?? []).some(({ style }) => style !== null) && withoutStyled(ours, operation) === withoutStyled(theirs, operation),
  },
  {
    id: 'lists in forms', wrong: 'oas-to-har', why: 'A list in a form is one field an item (style form, exploded, is the default). oas-to-har joins the items by commas.',
    explains: ({ place, ours, theirs }, { operation, args }) => {
      const given = operation.body === null ? undefined : args[operation.body.argument]
      if (place !== 'body read' || !isObject(given)) return false
      const lists = Object.entries(given).filter(([, value]) => Array.isArray(value)).map(([name]) => name)
      const others = (text: string): string => pairsOf(text).filter((pair) => lists.some((name) => pair.startsWith(`${name}=`))).length === 0 ? text : pairsOf(text).filter((pair) => !lists.some((name) => pair.startsWith(`${name}=`))).join('&')
      return lists.length > 0 && others(ours) === others(theirs)
    },
  },
]

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What is left of a form's pairs without the fields that have a style of their own. */
function withoutStyled(text: string, { body }: Operation): string {
  const styled = (body?.parts ?? []).filter(({ style }) => style !== null).map(({ name }) => name)
  // Values hold '&' once they are decoded: what does not begin a pair belongs to the one before.
  return pairsOf(text).filter((pair) => !styled.some((name) => pair.startsWith(`${name}=`) || pair.startsWith(`${name}[`))).join('&')
}
