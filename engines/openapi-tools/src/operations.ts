// Reads the operations of a document of any version into one shape. A broken operation costs itself and nothing else, and says why; a schema is only
// looked at where its kind decides how a call is written. Defended by operations.test.ts.
import type { Json, JsonObject, ToolAnnotations } from '@haechi/mcp-wire'
import type { Answer, ApiDocument, Body, Method, Operation, Parameter, ParameterStyle, PartEncoding, Refusal, SecurityScheme, Sources } from './model.ts'
import { sanitised, shortHash } from './naming.ts'
import { isObject } from './object.ts'

/** What x-mcp says of an operation; that of the path and of the document where it says nothing. */
export type Wishes = {
  readonly enabled: boolean
  readonly name: string | null
  readonly title: string | null
  readonly description: string | null
  readonly annotations: ToolAnnotations
}

export type ReadOperation = { readonly operation: Operation; readonly sources: Sources; readonly wishes: Wishes }
export type Skipped = Refusal & { readonly key: string }

export const isRefusal = (value: { readonly value: Json } | Refusal): value is Refusal => 'code' in value
const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value as readonly Json[] : [])
const own = (value: JsonObject | undefined, name: string): Json | undefined => (value !== undefined && Object.hasOwn(value, name) ? value[name] : undefined)
const escaped = (segment: string): string => segment.replaceAll('~', '~0').replaceAll('/', '~1')

/** Thrown while an operation is read, and caught where the next begins. */
class Unreadable extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.reason)
    this.refusal = refusal
  }
}

const methods: readonly string[] = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

export function readOperations(document: ApiDocument): { readonly operations: readonly ReadOperation[]; readonly skipped: readonly Skipped[] } {
  const operations: ReadOperation[] = []
  const skipped: Skipped[] = []
  const reader = operationReader(document)
  const paths = own(document.root, 'paths')
  const keys = new Set<string>()
  for (const [written, given] of Object.entries(isObject(paths) ? paths : {})) {
    if (written.startsWith('x-')) continue
    const path = written.startsWith('/') ? written : `/${written}`
    const at = `#/paths/${escaped(written)}`
    const item = reader.pathItem(given, at)
    if ('code' in item) {
      skipped.push({ ...item, key: path })
      continue
    }
    const found: [Method, Json, string][] = []
    for (const [name, value] of Object.entries(item.value)) {
      if (methods.includes(name) || (name === 'query' && document.version === '3.2')) found.push([name.toUpperCase(), value, `${at}/${name}`])
      if (name === 'additionalOperations' && document.version === '3.2' && isObject(value)) for (const [method, one] of Object.entries(value)) found.push([method, one, `${at}/additionalOperations/${escaped(method)}`])
    }
    for (const [method, value, place] of found) {
      const key = `${method} ${path}`
      try {
        if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/.test(method)) throw new Unreadable({ code: 'operation_invalid', place, reason: `'${method}' is no HTTP method` })
        if (keys.has(key)) throw new Unreadable({ code: 'operation_invalid', place, reason: `there is another ${key}` })
        const read = reader.operation(value, item.value, method, path, key, place)
        keys.add(key)
        if (read.wishes.enabled) operations.push(read)
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error
        skipped.push({ ...error.refusal, key })
      }
    }
  }
  return { operations, skipped }
}

function operationReader(document: ApiDocument) {
  const { root, version } = document
  const components = isObject(root['components']) ? root['components'] : {}
  const rootWishes = wishesOf(root)
  const rootServers = version === '2.0' ? serversOf2(root, listOf(root['schemes'])) : serversOf(root['servers']) ?? ['/']
  const base = version === '3.2' ? textOf(root['$self']) : ''

  /** What is meant: the value itself, or what its $ref names. */
  function referred(value: Json, place: string): { readonly value: Json; readonly at: string } {
    if (!isObject(value) || typeof value['$ref'] !== 'string') return { value, at: place }
    const found = document.resolve(value['$ref'])
    if (isRefusal(found)) throw new Unreadable({ ...found, place })
    return found
  }

  function pathItem(given: Json, place: string): { readonly value: JsonObject } | Refusal {
    try {
      const { value } = referred(given, place)
      if (!isObject(value)) return { code: 'path_invalid', place, reason: 'a path holds an object with its operations' }
      // What stands beside a reference wins over what it names.
      return { value: isObject(given) && value !== given ? { ...value, ...given } : value }
    } catch (error) {
      if (error instanceof Unreadable) return error.refusal
      throw error
    }
  }

  function operation(given: Json, item: JsonObject, method: Method, path: string, key: string, at: string): ReadOperation {
    if (!isObject(given)) throw new Unreadable({ code: 'operation_invalid', place: at, reason: 'an operation is an object' })
    const wishes = [wishesOf(given), wishesOf(item), rootWishes]
    const declared = declaredParameters(item, given, at)
    const security = securityOf(given['security'] ?? root['security'])
    const shown = parametersOf(declared, path, security, wishes, at)
    const taken = new Set(shown.flatMap(({ parameter }) => (parameter.constant === undefined ? [parameter.argument] : [])))
    const body = bodyOf(given, declared, method, at, wishes, taken)
    const answers = answersOf(given)
    return {
      operation: {
        key, method, path, at, operationId: textOf(given['operationId']) || null, summary: textOf(given['summary']) || textOf(item['summary']), description: textOf(given['description']) || textOf(item['description']),
        tags: listOf(given['tags']).filter((tag) => typeof tag === 'string'), deprecated: given['deprecated'] === true,
        servers: servers(given, item), parameters: shown.map(({ parameter }) => parameter), body: body === null ? null : body.body, security,
        answers: answers.map(({ status, mediaTypes }) => ({ status, mediaTypes })), wrapped: null,
      },
      sources: { parameters: shown.filter(({ parameter }) => parameter.constant === undefined), body: body === null ? null : body.source, answers: jsonAnswers(answers) },
      wishes: {
        enabled: wishes.find((wish) => wish.enabled !== undefined)?.enabled ?? true,
        name: wishes[0]?.name ?? null, title: wishes[0]?.title ?? null, description: wishes[0]?.description ?? null,
        annotations: Object.assign({}, ...wishes.map((wish) => wish.annotations).reverse()) as ToolAnnotations,
      },
    }
  }

  // ---- parameters

  function declaredParameters(item: JsonObject, given: JsonObject, at: string): JsonObject[] {
    const found = new Map<string, JsonObject>()
    for (const [index, one] of [...listOf(given['parameters']).entries(), ...listOf(item['parameters']).entries()]) {
      const { value } = referred(one, `${at}/parameters/${index}`)
      if (!isObject(value)) throw new Unreadable({ code: 'parameter_invalid', place: `${at}/parameters/${index}`, reason: 'a parameter is an object' })
      const identity = JSON.stringify([value['in'], value['in'] === 'body' ? '' : value['name']])
      if (!found.has(identity)) found.set(identity, value)
    }
    return [...found.values()]
  }

  type Shown = { parameter: Parameter; schema: Json; description: string }

  function parametersOf(declared: readonly JsonObject[], path: string, security: Operation['security'], wishes: readonly Wish[], at: string): Shown[] {
    const injected = new Set(security.flat().flatMap((scheme) => (scheme.type === 'apiKey' && scheme.in !== undefined && scheme.name !== undefined ? [placeOf(scheme.in, scheme.name)] : [])))
    const variables = new Set([...path.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!))
    const hidden = new Set(wishes.flatMap(({ hide }) => hide))
    const constants = new Map(wishes.toReversed().flatMap((wish) => Object.entries(wish.constants)))
    const drafts: (Omit<Shown, 'parameter'> & { parameter: Omit<Parameter, 'argument'> })[] = []
    for (const raw of declared) {
      const place = raw['in']
      if (place === 'body' || place === 'formData') continue
      let name = textOf(raw['name'])
      if (place === 'querystring') name ||= 'querystring'
      if (name === '' || (place !== 'path' && place !== 'query' && place !== 'header' && place !== 'cookie' && place !== 'querystring')) {
        if (raw['required'] !== true) continue
        throw new Unreadable({ code: 'parameter_invalid', place: at, reason: `a parameter needs a name, and path, query, header or cookie as its place: ${JSON.stringify({ name: raw['name'] ?? null, in: place ?? null })}` })
      }
      if (place === 'header' && /^(accept|content-type|authorization)$/i.test(name)) continue
      if (injected.has(placeOf(place, name))) continue
      // What else carries the credentials of a scheme: RFC 6750 2.3, AWS Signature Version 4.
      if (security.length > 0 && raw['required'] !== true && (place === 'query' || place === 'header') && /^(access_token|oauth_token|x-amz-(algorithm|content-sha256|credential|date|security-token|signature|signedheaders))$/i.test(name)) continue
      let greedy = false
      if (place === 'path' && !variables.has(name)) {
        // '{proxy+}' is the variable proxy over several segments.
        if (!variables.has(`${name}+`)) continue
        name = `${name}+`
        greedy = true
      }
      variables.delete(place === 'path' ? name : '')
      const [mediaType, media] = Object.entries(isObject(raw['content']) ? raw['content'] : {})[0] ?? []
      const schema = mediaType === undefined ? raw['schema'] ?? (version === '2.0' || 'type' in raw ? raw : {}) : mediaSchema(media)
      const required = raw['required'] === true || place === 'path'
      const constant = constants.get(name) ?? onlyValue(schema, required) ?? (required && hidden.has(name) ? defaultOf(schema) : undefined)
      if (constant === undefined && hidden.has(name) && !required) continue
      drafts.push({
        parameter: {
          name, in: place, required, ...styleOf(raw, place), ...(greedy ? { allowReserved: true } : {}), content: mediaType ?? null,
          ...(constant === undefined ? {} : { constant }),
        },
        schema, description: `${raw['deprecated'] === true ? 'Deprecated. ' : ''}${textOf(raw['description'])}`,
      })
    }
    // A variable that nobody declared still has to be filled.
    for (const name of variables) {
      if (name === '') throw new Unreadable({ code: 'path_invalid', place: at, reason: 'a variable of the path has no name' })
      drafts.push({ parameter: { name, in: 'path', required: true, style: 'simple', explode: false, allowReserved: false, content: null, ...(constants.has(name) ? { constant: constants.get(name)! } : {}) }, schema: { type: 'string' }, description: '' })
    }
    const names = argumentsOf(drafts.map(({ parameter }) => parameter))
    return drafts.map((draft, index) => ({ ...draft, parameter: { argument: names[index]!, ...draft.parameter } }))
  }

  /** A required parameter with one possible value is no question to a model. */
  function onlyValue(schema: Json, required: boolean): Json | undefined {
    const meant = required ? followed(schema) : null
    if (!isObject(meant)) return undefined
    if ('const' in meant && meant['const'] !== null) return meant['const']
    const values = listOf(meant['enum'])
    return values.length === 1 && values[0] !== null && typeof values[0] !== 'object' ? values[0] : undefined
  }

  function defaultOf(schema: Json): Json | undefined {
    const meant = followed(schema)
    return isObject(meant) ? meant['default'] : undefined
  }

  /** A schema behind its reference; null where that leads nowhere. */
  function followed(schema: Json): Json {
    if (!isObject(schema) || typeof schema['$ref'] !== 'string') return schema
    const found = document.resolve(schema['$ref'])
    return isRefusal(found) ? null : found.value
  }

  // ---- body

  function bodyOf(given: JsonObject, declared: readonly JsonObject[], method: Method, at: string, wishes: readonly Wish[], taken: ReadonlySet<string>): { body: Body; source: NonNullable<Sources['body']> } | null {
    const media = given['requestBody'] === undefined ? bodyOf2(given, declared) : bodyOf3(given['requestBody'], at)
    // HTTP gives the body of these no meaning, and most clients send none.
    if (media === null || media.types.length === 0 || method === 'TRACE' || ((method === 'GET' || method === 'HEAD') && !media.required)) return null
    const asked = wishes.find(({ body }) => body !== null)?.body
    const [mediaType, one] = media.types.find(([type]) => type === asked) ?? media.types.toSorted(([a], [b]) => rankOf(a) - rankOf(b))[0]!
    const object = isObject(one) ? one : {}
    const items = object['itemSchema']
    const schema = media.schema ?? (items === undefined ? mediaSchema(object) : { type: 'array', items })
    const kind = items === undefined ? kindOf(mediaType, followed(schema)) : mediaType.startsWith('multipart/') ? 'multipart' : 'sequence'
    const argument = ['body', 'body_content'].find((name) => !taken.has(name)) ?? `body_${shortHash(at, 32)}`
    const parts = kind === 'form' || kind === 'multipart' ? partsOf(schema, object['encoding'], kind) : { parts: [], schema: null }
    return {
      body: { argument, required: media.required, mediaType: mediaType.includes('*') ? (kind === 'json' ? 'application/json' : 'application/octet-stream') : mediaType, kind, parts: parts.parts },
      source: { schema: parts.schema ?? schema, description: media.description },
    }
  }

  type Media = { readonly types: readonly (readonly [string, Json])[]; readonly schema: Json | null; readonly required: boolean; readonly description: string }

  function bodyOf3(given: Json, at: string): Media {
    const { value } = referred(given, `${at}/requestBody`)
    if (!isObject(value)) throw new Unreadable({ code: 'operation_invalid', place: `${at}/requestBody`, reason: 'a request body is an object with its content' })
    const types = Object.entries(isObject(value['content']) ? value['content'] : {}).map(([type, one]) => [type, referred(one, `${at}/requestBody/content/${escaped(type)}`).value] as const)
    return { types, schema: null, required: value['required'] === true, description: textOf(value['description']) }
  }

  function bodyOf2(given: JsonObject, declared: readonly JsonObject[]): Media | null {
    const types = listOf(given['consumes'] ?? root['consumes']).filter((type) => typeof type === 'string')
    const body = declared.find((raw) => raw['in'] === 'body')
    if (body !== undefined) {
      const fit = types.filter((type) => !/^(multipart\/|application\/x-www-form-urlencoded)/i.test(type))
      return { types: (fit.length === 0 ? ['application/json'] : fit).map((type) => [type, {}] as const), schema: body['schema'] ?? {}, required: body['required'] === true, description: textOf(body['description']) }
    }
    const fields = declared.filter((raw) => raw['in'] === 'formData' && typeof raw['name'] === 'string')
    if (fields.length === 0) return null
    const files = fields.some((raw) => raw['type'] === 'file')
    const fit = types.filter((type) => (files ? /^multipart\//i : /^(multipart\/|application\/x-www-form-urlencoded)/i).test(type))
    const required = fields.flatMap((raw) => (raw['required'] === true ? [raw['name']!] : []))
    const schema = { type: 'object', properties: Object.fromEntries(fields.map((raw) => [raw['name'] as string, raw])), required }
    const encoding = Object.fromEntries(fields.flatMap((raw) => (raw['type'] === 'array' ? [[raw['name'] as string, styleOf(raw, 'query')]] : [])))
    return { types: (fit.length === 0 ? [files ? 'multipart/form-data' : 'application/x-www-form-urlencoded'] : fit).map((type) => [type, { encoding }] as const), schema, required: required.length > 0, description: '' }
  }

  function mediaSchema(media: Json | undefined): Json {
    return isObject(media) ? media['schema'] ?? {} : {}
  }

  /** The properties of a form, wherever they are declared: files among them get a schema that says how a file is handed over. */
  function partsOf(schema: Json, encodings: Json | undefined, kind: 'form' | 'multipart'): { parts: PartEncoding[]; schema: Json | null } {
    const properties = new Map<string, Json>()
    const required = new Set<string>()
    const seen = new Set<Json>()
    const collect = (one: Json, deep: number): void => {
      const meant = followed(one)
      if (!isObject(meant) || seen.has(meant) || deep > 16) return
      seen.add(meant)
      for (const [name, value] of Object.entries(isObject(meant['properties']) ? meant['properties'] : {})) properties.set(name, value)
      for (const name of listOf(meant['required'])) if (typeof name === 'string') required.add(name)
      for (const branch of listOf(meant['allOf'])) collect(branch, deep + 1)
    }
    collect(schema, 0)
    const parts: PartEncoding[] = []
    let files = false
    for (const [name, value] of properties) {
      const meant = followed(value)
      const given = isObject(encodings) ? own(encodings, name) : undefined
      const encoding = isObject(given) ? given : {}
      const contentType = textOf(encoding['contentType']) || null
      const list = isObject(meant) && typeHas(meant, 'array')
      const file = kind === 'multipart' && isFile(list ? followed(meant['items'] ?? {}) : meant, contentType)
      const styled = 'style' in encoding || 'explode' in encoding || 'allowReserved' in encoding
      const written = styled ? styleOf(encoding, 'query') : null
      parts.push({ name, contentType, file, list, style: written?.style ?? null, explode: written?.explode ?? true, allowReserved: written?.allowReserved ?? false })
      if (!file) continue
      files = true
      const description = isObject(meant) ? textOf(meant['description']) : ''
      const shown = { ...fileSchema, description: description === '' ? fileSchema.description : description }
      properties.set(name, list ? { type: 'array', items: fileSchema, description } : shown)
    }
    return { parts, schema: files ? { type: 'object', properties: Object.fromEntries(properties), required: [...required] } : null }
  }

  function isFile(schema: Json, contentType: string | null): boolean {
    if (!isObject(schema)) return false
    if (schema['type'] === 'file' || schema['format'] === 'binary') return true
    if (typeof schema['contentMediaType'] === 'string' && schema['contentEncoding'] === undefined && !/json|^text\//i.test(schema['contentMediaType'])) return true
    return contentType !== null && rankOf(contentType) >= 5 && (schema['type'] === undefined || schema['type'] === 'string') && !isObject(schema['properties'])
  }

  // ---- answers

  type ReadAnswer = Answer & { readonly schemas: readonly Json[] }

  function answersOf(given: JsonObject): ReadAnswer[] {
    const responses = given['responses']
    const produces = listOf(given['produces'] ?? root['produces']).filter((type) => typeof type === 'string')
    return Object.entries(isObject(responses) ? responses : {}).flatMap(([status, one]) => {
      if (!/^([1-5](\d\d|XX)|default)$/i.test(status)) return []
      const value = followed(one)
      if (!isObject(value)) return []
      const content = isObject(value['content']) ? value['content'] : {}
      const mediaTypes = version === '2.0' || 'schema' in value ? (value['schema'] === undefined ? [] : produces.length === 0 ? ['application/json'] : produces) : Object.keys(content)
      const schemas = mediaTypes.flatMap((type) => {
        if (kindOf(type, null) !== 'json') return []
        const schema = value['schema'] ?? mediaSchema(followed(content[type] ?? null))
        return [schema]
      })
      return [{ status, mediaTypes, schemas }]
    })
  }

  /** What a call can succeed with; what is declared for every status only where nothing is declared for success. */
  function jsonAnswers(answers: readonly ReadAnswer[]): Json[] {
    const good = answers.filter(({ status }) => status.startsWith('2'))
    return (good.length > 0 ? good : answers.filter(({ status }) => status === 'default')).flatMap(({ schemas }) => schemas.slice(0, 1))
  }

  // ---- servers and security

  function servers(given: JsonObject, item: JsonObject): readonly string[] {
    if (version === '2.0') return Array.isArray(given['schemes']) ? serversOf2(root, listOf(given['schemes'])) : rootServers
    const found = serversOf(given['servers']) ?? serversOf(item['servers']) ?? rootServers
    return base === '' ? found : found.map((url) => (URL.canParse(url, base) ? new URL(url, base).href : url))
  }

  const securityRead = new Map<Json, Operation['security']>()

  function securityOf(given: Json | undefined): Operation['security'] {
    if (!Array.isArray(given)) return []
    const known = securityRead.get(given as Json)
    if (known !== undefined) return known
    const read = (given as readonly Json[]).flatMap((alternative) => (isObject(alternative) ? [Object.entries(alternative).map(([id, scopes]) => schemeOf(id, scopes))] : []))
    securityRead.set(given as Json, read)
    return read
  }

  const definitions = version === '2.0' ? root['securityDefinitions'] : components['securitySchemes']

  function schemeOf(id: string, asked: Json): SecurityScheme {
    const scopes = listOf(asked).filter((scope) => typeof scope === 'string').toSorted()
    const raw = followed((isObject(definitions) ? own(definitions, id) : undefined) ?? null)
    if (!isObject(raw)) return { id, type: 'other', scopes }
    const type = raw['type']
    if (type === 'basic') return { id, type: 'http', scheme: 'basic', scopes }
    if (type === 'http') return { id, type, scheme: textOf(raw['scheme']).toLowerCase(), scopes }
    if (type === 'apiKey') {
      const place = raw['in']
      if (typeof raw['name'] !== 'string' || (place !== 'query' && place !== 'header' && place !== 'cookie')) return { id, type: 'other', scopes }
      return { id, type, in: place, name: raw['name'], scopes }
    }
    if (type === 'oauth2' || type === 'openIdConnect' || type === 'mutualTLS') return { id, type, scopes }
    return { id, type: 'other', scopes }
  }

  return { pathItem, operation }
}

// ---- what stands by itself

const placeOf = (place: string, name: string): string => `${place} ${place === 'header' ? name.toLowerCase() : name}`

/** How FileArgument (model.ts) is told to a model. */
export const fileSchema = {
  type: 'object', description: 'A file: its text as it is, or its bytes in base64.',
  properties: { text: { type: 'string' }, base64: { type: 'string' }, filename: { type: 'string' }, contentType: { type: 'string' } },
} as const

const styles: Readonly<Record<string, readonly ParameterStyle[]>> = {
  path: ['simple', 'label', 'matrix'], query: ['form', 'spaceDelimited', 'pipeDelimited', 'tabDelimited', 'deepObject'], header: ['simple'], cookie: ['form', 'cookie'], querystring: ['form'],
}
const collections: Readonly<Record<string, ParameterStyle>> = { ssv: 'spaceDelimited', tsv: 'tabDelimited', pipes: 'pipeDelimited' }

function styleOf(raw: JsonObject, place: Parameter['in']): { style: ParameterStyle; explode: boolean; allowReserved: boolean } {
  const fit = styles[place]!
  const collection = raw['collectionFormat']
  const allowReserved = raw['allowReserved'] === true
  if (typeof collection === 'string' || (raw['type'] === 'array' && raw['schema'] === undefined && raw['content'] === undefined && raw['style'] === undefined)) {
    if (collection === 'multi' && (place === 'query' || place === 'cookie')) return { style: 'form', explode: true, allowReserved }
    return { style: collections[collection as string] ?? fit[0]!, explode: false, allowReserved }
  }
  const style = fit.find((one) => one === raw['style']) ?? fit[0]!
  return { style, explode: typeof raw['explode'] === 'boolean' ? raw['explode'] : style === 'form' || style === 'cookie', allowReserved }
}

export function typeHas(schema: JsonObject, type: string): boolean {
  const given = schema['type']
  return given === type || (Array.isArray(given) && given.includes(type))
}

/** Lower is taken first. */
function rankOf(mediaType: string): number {
  const type = mediaType.toLowerCase().split(';')[0]!.trim()
  if (type === 'application/json') return 0
  if (type === '*/*' || type === 'application/*' || type === 'text/json') return 2
  if (type.endsWith('+json') || type.endsWith('/json')) return 1
  if (type === 'application/x-www-form-urlencoded') return 3
  if (type.startsWith('multipart/')) return 4
  if (type.startsWith('text/') || /[/+](xml|yaml|csv|graphql|sql|javascript)$|^application\/(x-)?(yaml|ndjson|jsonl|json-seq)/.test(type)) return 5
  if (type === 'application/octet-stream') return 6
  return 7
}

function kindOf(mediaType: string, schema: Json): Body['kind'] {
  const type = mediaType.toLowerCase().split(';')[0]!.trim()
  if (/^application\/(x-)?(ndjson|jsonl|json-seq|jsonlines)$|\+json-seq$/.test(type)) return 'sequence'
  const rank = rankOf(mediaType)
  if (rank === 2 && type !== 'text/json' && isObject(schema) && (schema['format'] === 'binary' || schema['type'] === 'file')) return 'binary'
  return rank <= 2 ? 'json' : rank === 3 ? 'form' : rank === 4 ? 'multipart' : rank === 5 ? 'text' : 'binary'
}

function serversOf(given: Json | undefined): string[] | null {
  const list = listOf(given)
  if (list.length === 0) return null
  const urls = list.flatMap((server) => {
    if (!isObject(server) || typeof server['url'] !== 'string') return []
    const variables = isObject(server['variables']) ? server['variables'] : {}
    const url = server['url'].trim().replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
      const variable = own(variables, name)
      if (!isObject(variable)) return whole
      const value = variable['default'] ?? listOf(variable['enum'])[0]
      return typeof value === 'string' || typeof value === 'number' ? String(value) : whole
    })
    // What is left of a variable without a value is no address; only http and https are spoken.
    return /[{}\s]/.test(url) || /^(?!https?:)[a-z][a-z0-9+.-]*:\/\//i.test(url) ? [] : [url === '' ? '/' : url]
  })
  // Of two that differ in nothing else, the encrypted one comes first: credentials go to the first.
  const encrypted = (url: string): string => url.replace(/^http:/i, 'https:')
  return [...urls.filter((url) => encrypted(url) === url || !urls.includes(encrypted(url))), ...urls.filter((url) => encrypted(url) !== url && urls.includes(encrypted(url)))]
}

function serversOf2(root: JsonObject, schemes: readonly Json[]): string[] {
  const host = textOf(root['host']).trim().replace(/^https?:\/\//i, '')
  const basePath = textOf(root['basePath']).trim()
  const path = basePath === '' || basePath.startsWith('/') ? basePath : `/${basePath}`
  if (host === '') return [path === '' ? '/' : path]
  if (/[{}\s/@]/.test(host)) return []
  const spoken = ['https', 'http'].filter((scheme) => schemes.includes(scheme))
  return (spoken.length === 0 ? ['https'] : spoken).map((scheme) => `${scheme}://${host}${path}`)
}

const ranks: Readonly<Record<Parameter['in'], number>> = { path: 0, query: 1, querystring: 2, header: 3, cookie: 4 }

/** A property name for each parameter that clients accept, the same whatever their order: its name, then with its place, then with a hash. */
function argumentsOf(parameters: readonly Omit<Parameter, 'argument'>[]): string[] {
  const names = parameters.map(() => '')
  const taken = new Set<string>()
  const order = parameters.map((parameter, index) => {
    const legal = /^[A-Za-z0-9_.-]{1,64}$/.test(parameter.name)
    return { parameter, index, legal, wish: legal ? parameter.name : sanitised(parameter.name).slice(0, 64) || `p_${shortHash(parameter.name)}` }
  }).sort((a, b) => ranks[a.parameter.in] - ranks[b.parameter.in] || Number(b.legal) - Number(a.legal) || (a.parameter.name < b.parameter.name ? -1 : 1))
  for (const { parameter, index, wish } of order) {
    if (parameter.constant !== undefined) continue
    // Made one by one: hashes cost, and hardly any is needed.
    const identity = `${parameter.in} ${parameter.name}`
    const made = [() => wish, () => `${wish.slice(0, 52)}_${parameter.in}`, () => `${wish.slice(0, 55)}_${shortHash(identity)}`, () => `p_${shortHash(identity, 32)}`].find((make) => !taken.has(make()))
    const name = made?.() ?? `p_${shortHash(identity, 48)}`
    taken.add(name)
    names[index] = name
  }
  return names.map((name, index) => name || parameters[index]!.name)
}

type Wish = { readonly enabled: boolean | undefined; readonly name: string | null; readonly title: string | null; readonly description: string | null; readonly annotations: ToolAnnotations; readonly hide: readonly string[]; readonly constants: JsonObject; readonly body: string | null }

/** x-mcp, or x-speakeasy-mcp which says some of the same: a boolean, or an object with enabled, name, title, description, annotations, hide, constants and body. */
function wishesOf(holder: JsonObject): Wish {
  const given = holder['x-mcp'] ?? holder['x-speakeasy-mcp']
  const wish = isObject(given) ? given : {}
  const hints = isObject(wish['annotations']) ? wish['annotations'] : {}
  const enabled = typeof given === 'boolean' ? given : typeof wish['enabled'] === 'boolean' ? wish['enabled'] : typeof wish['disabled'] === 'boolean' ? !wish['disabled'] : isObject(given) ? true : undefined
  return {
    enabled, name: textOf(wish['name']) || null, title: textOf(wish['title'] ?? hints['title']) || null, description: textOf(wish['description']) || null,
    annotations: Object.fromEntries(['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'].flatMap((name) => (typeof hints[name] === 'boolean' ? [[name, hints[name]]] : []))),
    hide: listOf(wish['hide']).filter((name) => typeof name === 'string'), constants: isObject(wish['constants']) ? wish['constants'] : {}, body: textOf(wish['body']) || null,
  }
}
