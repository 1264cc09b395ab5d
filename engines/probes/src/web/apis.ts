// Interfaces for programs: what describes itself (OpenAPI, WSDL, OData, well-known files) and what answers when it is spoken to (GraphQL, MCP, gRPC-web). Only questions
// that read are asked. Told is what answers in its own protocol to a question that was drawn for it. Defended by apis.test.ts and, against real servers,
// tests/conformance/probes/web.test.ts. Sources: OpenAPI 2.0 to 3.2, RFC 8615, RFC 8631, RFC 9727, GraphQL over HTTP, MCP 2024-11-05 to 2026-07-28, gRPC-web.
import type { Text } from '../evidence.ts'
import type { HttpResponse } from '../network.ts'
import type { Finding } from '../model.ts'
import { found } from './checks.ts'
import { isRecord, parsed } from './json.ts'
import { webUrl } from './links.ts'
import { findMcp } from './mcp.ts'
import type { Api, WellKnown } from './model.ts'
import { mediaTypeOf, placeOf, textOf } from './visitor.ts'
import type { Visitor } from './visitor.ts'

export type FoundApis = { readonly apis: readonly Api[]; readonly findings: readonly Finding[] }
/** A text that nobody has used; equal for equal keys. */
type Words = (length: number, key: string) => string
type Site = { readonly origin: URL; readonly asset: string; readonly visitor: Visitor; readonly word: Words; /** Places of this origin that pages and scripts name. */ readonly named: readonly URL[]; readonly services: readonly URL[] }

export async function findApis(site: Site): Promise<FoundApis & { readonly wellKnown: readonly WellKnown[] }> {
  const [wellKnown, ...all] = await Promise.all([findWellKnown(site), findDocuments(site), findGraphql(site), findMcp(site), findGrpc(site), findSoap(site)])
  return { wellKnown, apis: all.flatMap(({ apis }) => apis), findings: all.flatMap(({ findings }) => findings) }
}

const largestDocument = 8_388_608
const documents = ['/openapi.json', '/openapi.yaml', '/swagger.json', '/swagger/v1/swagger.json', '/api/openapi.json', '/api/swagger.json', '/api/v1/openapi.json', '/v1/openapi.json', '/v2/api-docs', '/v3/api-docs', '/api-docs', '/api-docs.json', '/api/docs.json', '/api/schema/', '/docs/openapi.json', '/.well-known/openapi.json']
const readers = ['/docs', '/redoc', '/swagger-ui/index.html', '/swagger-ui.html', '/swagger/index.html', '/swagger-ui/swagger-initializer.js', '/api-docs/', '/api/docs', '/api/']
const documentPath = /(?:openapi|swagger|api-docs)[\w.-]*(?:\.(?:json|ya?ml))?$/i
const mostDocuments = 20

async function findDocuments({ origin, asset, visitor, word, named, services }: Site): Promise<FoundApis> {
  const asked = new Map<string, URL>()
  const apis = new Map<string, Api>()
  const ask = async (urls: readonly URL[]): Promise<void> => {
    const fresh = urls.filter((url) => url.origin === origin.origin && !asked.has(placeOf(url)))
    for (const url of fresh) asked.set(placeOf(url), url)
    await Promise.all(fresh.map(async (url) => {
      const response = await visitor.ask(url, { maxBytes: largestDocument })
      const api = response === null ? null : await readDescription(url, response)
      if (api !== null) apis.set(api.url, api)
    }))
  }
  const shown = (await Promise.all([...readers.map((path) => new URL(path, origin)), ...services.filter((url) => url.origin === origin.origin)].slice(0, 40).map(async (url) => {
    const response = await visitor.ask(url)
    return response?.status === 200 && /swagger|redoc|rapi-?doc|scalar|openapi/i.test(response.body) ? documentsIn(response, url) : []
  }))).flat()
  await ask([...documents.map((path) => new URL(path, origin)), ...services, ...shown, ...named.filter(({ pathname }) => documentPath.test(pathname))].slice(0, documents.length + 2 * mostDocuments))
  if (apis.size === 0) return { apis: [], findings: [] }
  const control = await Promise.all([`${word(8, 'document')}.json`, word(8, 'document')].map(async (path) => {
    const url = new URL(`/${path}`, origin)
    const response = await visitor.ask(url, { maxBytes: largestDocument })
    return response === null ? null : readDescription(url, response)
  }))
  // Who gives the same description for anything has it nowhere.
  if (control.some((api) => api !== null)) return { apis: [], findings: [] }
  const once = [...new Map([...apis.values()].toSorted((a, b) => (a.url < b.url ? -1 : 1)).map((api) => [`${api.title} ${api.version} ${api.operations}`, api])).values()].slice(0, mostDocuments)
  return { apis: once, findings: once.map((api) => found(asset, 'web.openapi_exposed', api.url, described(api), { confidence: 1 })) }
}

function described({ title, version, operations }: Api): Text {
  const release = version === null ? '' : ` ${version}`
  return { en: `${title ?? 'an API'}${release}, ${operations ?? 'unknown'} operations`, ko: `${title ?? '이름 없는 API'}${release}, 오퍼레이션 ${operations === null ? '수 알 수 없음' : `${operations}개`}` }
}

/** Where a reader of descriptions (Swagger UI, Redoc, RapiDoc, Scalar) gets them from. */
function documentsIn(response: HttpResponse, base: URL): URL[] {
  return [...textOf(response).matchAll(/(?:\burl["']?\s*[:=]\s*|spec-url\s*=\s*|configUrl["']?\s*:\s*|data-url\s*=\s*)["']([^"'\s]{1,500})["']/g)].flatMap(([, written = '']) => webUrl(written, base) ?? []).slice(0, mostDocuments)
}

const methods: ReadonlySet<string> = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'])

/** An OpenAPI document, judged as a whole; null: it is none. */
async function readDescription(url: URL, response: HttpResponse): Promise<Api | null> {
  const start = response.body.slice(0, 65_536)
  if (response.status !== 200 || !(/^\s*\{/.test(start) ? /"(?:openapi|swagger)"\s*:\s*"[23]\./.test(response.body) : /^["']?(?:openapi|swagger)["']?\s*:\s*["']?[23]\./m.test(start))) return null
  const { readDocument } = await import('@haechi/openapi-tools')
  const read = readDocument(Buffer.from(response.body, 'latin1'), { url: placeOf(url), maxBytes: largestDocument })
  if ('refusal' in read) {
    // Cut off where it was too long: what its beginning says has to do.
    return response.truncated ? { kind: 'openapi', url: placeOf(url), title: /"title"\s*:\s*"([^"]{1,200})"/.exec(start)?.[1] ?? null, version: null, operations: null, names: [], authenticated: null } : null
  }
  const root = read.document.root as { readonly info?: { readonly title?: unknown; readonly version?: unknown }; readonly paths?: Readonly<Record<string, unknown>> }
  const operations = Object.entries(root.paths ?? {}).flatMap(([path, item]) => (typeof item === 'object' && item !== null ? Object.keys(item).filter((key) => methods.has(key)).map((key) => `${key.toUpperCase()} ${path}`) : []))
  return { kind: 'openapi', url: placeOf(url), title: textOrNull(root.info?.title), version: textOrNull(root.info?.version), operations: operations.length, names: operations.slice(0, 20).map((name) => name.slice(0, 200)), authenticated: null }
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value.slice(0, 200) : null)
const post = (type: string, body: string): { readonly method: 'POST'; readonly headers: readonly (readonly [string, string])[]; readonly body: string; readonly maxBytes: number } => ({ method: 'POST', headers: [['Content-Type', type]], body, maxBytes: 2_097_152 })

const graphqlPlaces = ['/graphql', '/api/graphql', '/v1/graphql', '/graphql/v1', '/query', '/gql', '/graphql/api', '/']

async function findGraphql({ origin, asset, visitor, word, named }: Site): Promise<FoundApis> {
  const places = [...graphqlPlaces.map((path) => new URL(path, origin)), ...named.filter(({ pathname }) => /graphql|\/gql/i.test(pathname) && !/\.\w{2,4}$/.test(pathname)).slice(0, 10)]
  const once = [...new Map(places.map((url) => [placeOf(url), url])).values()]
  const seen = await Promise.all(once.map(async (url) => {
    // Only who has understood the question calls the answer so.
    const alias = word(9, `graphql ${url.pathname}`)
    const response = await visitor.ask(url, post('application/json', JSON.stringify({ query: `query{${alias}:__typename}` })))
    const type = parsed(response)?.['data']
    const understood = isRecord(type) && typeof type[alias] === 'string' && Object.keys(type).length === 1
    return understood ? [url] : refusedBy(response) ? [{ url, authenticated: true }] : []
  }))
  const [first] = seen.flat()
  if (first === undefined) return { apis: [], findings: [] }
  if (!(first instanceof URL)) return { apis: [{ kind: 'graphql', url: placeOf(first.url), title: null, version: null, operations: null, names: [], authenticated: true }], findings: [] }
  // One that answers everywhere is still one.
  const schema = parsed(await visitor.ask(first, post('application/json', JSON.stringify({ query: '{__schema{queryType{name fields{name}} mutationType{name fields{name}} types{name}}}' }))))
  const data = isRecord(schema?.['data']) && isRecord(schema['data']['__schema']) ? schema['data']['__schema'] : null
  const fields = (key: string): string[] => (isRecord(data?.[key]) && Array.isArray(data[key]['fields']) ? (data[key]['fields'] as unknown[]).flatMap((field) => (isRecord(field) && typeof field['name'] === 'string' ? [field['name'].slice(0, 100)] : [])) : [])
  const queries = fields('queryType')
  const mutations = fields('mutationType')
  const api: Api = { kind: 'graphql', url: placeOf(first), title: null, version: null, operations: data === null ? null : queries.length + mutations.length, names: [...queries, ...mutations.map((name) => `mutation ${name}`)].slice(0, 20), authenticated: null }
  const some = mutations.length > 0 ? `: ${mutations.slice(0, 5).join(', ')}` : ''
  return { apis: [api], findings: data === null ? [] : [found(asset, 'web.graphql_introspection', api.url, { en: `${queries.length} queries, ${mutations.length} mutations${some}`, ko: `쿼리 ${queries.length}개, 뮤테이션 ${mutations.length}개${some}` }, { confidence: 1 })] }
}

/** An error of GraphQL that asks who it is, as its servers write them. */
function refusedBy(response: HttpResponse | null): boolean {
  const errors = parsed(response)?.['errors']
  return Array.isArray(errors) && errors.some((error) => isRecord(error) && isRecord(error['extensions']) && /^(?:UNAUTHENTICATED|FORBIDDEN|invalid-headers|access-denied|AUTH_NOT_AUTHENTICATED)$/.test(String(error['extensions']['code'])))
}

const reflection = ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo']

/** What a browser can call of gRPC (over HTTP/1.1); gRPC itself speaks HTTP/2 only. */
async function findGrpc({ origin, asset, visitor }: Site): Promise<FoundApis> {
  // ServerReflectionRequest { list_services: "*" }, in a frame of its own.
  const answers = await Promise.all(reflection.map(async (path) => ({ url: new URL(path, origin), response: await visitor.ask(new URL(path, origin), { ...post('application/grpc-web+proto', '\0\0\0\0\x03\x3a\x01*'), headers: [['Content-Type', 'application/grpc-web+proto'], ['X-Grpc-Web', '1']] }) })))
  const spoken = answers.filter(({ response }) => response !== null && mediaTypeOf(response).startsWith('application/grpc') && response.status === 200)
  const [first] = spoken
  if (first === undefined) return { apis: [], findings: [] }
  const services = spoken.map(({ response }) => servicesIn(response!.body)).find((names) => names.length > 0) ?? []
  return {
    apis: [{ kind: 'grpc_web', url: `${origin.origin}/`, title: null, version: null, operations: services.length === 0 ? null : services.length, names: services.slice(0, 20), authenticated: null }],
    findings: services.length === 0 ? [] : [found(asset, 'web.grpc_reflection', placeOf(first.url), { en: `services: ${services.slice(0, 8).join(', ')}`, ko: `서비스: ${services.slice(0, 8).join(', ')}` }, { confidence: 1 })],
  }
}

/** Names in a ServerReflectionResponse (field 6) of gRPC: ListServiceResponse.service (1) . name (1). */
export function servicesIn(body: string): string[] {
  const bytes = Buffer.from(body.slice(0, 262_144), 'latin1')
  if (bytes.length < 5 || bytes[0] !== 0) return []
  const message = bytes.subarray(5, 5 + bytes.readUInt32BE(1))
  return fieldsOf(message, 6).flatMap((list) => fieldsOf(list, 1)).flatMap((service) => fieldsOf(service, 1)).map((name) => name.toString('latin1')).filter((name) => /^[\w.]{1,200}$/.test(name)).slice(0, 200)
}

/** Values of a field with a length (wire type 2). What is no message has none. */
function fieldsOf(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 63 && at < message.length; shift += 7) {
      const byte = message[at++]!
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
    return Number.NaN
  }
  while (at < message.length) {
    const tag = varint()
    const type = tag % 8
    if (type === 0) varint()
    else if (type === 1) at += 8
    else if (type === 5) at += 4
    else if (type === 2) {
      const length = varint()
      if (!(length <= message.length - at)) return found
      if (Math.floor(tag / 8) === wanted) found.push(message.subarray(at, at + length))
      at += length
    } else return found
  }
  return found
}

const soapPlaces = ['/service?wsdl', '/ws?wsdl', '/services?wsdl', '/soap?wsdl', '/Service.asmx?WSDL', '/Service.svc?wsdl', '/odata/$metadata', '/api/odata/$metadata']

async function findSoap({ origin, visitor, named }: Site): Promise<FoundApis> {
  const linked = named.flatMap((url) => (/[?&]wsdl\b/i.test(url.search) || /\.wsdl$/i.test(url.pathname) ? [url] : /\.(?:asmx|svc)$/i.test(url.pathname) ? [new URL(`${url.pathname}?wsdl`, url)] : [])).slice(0, 20)
  const urls = [...new Map([...soapPlaces.map((path) => new URL(path, origin)), ...linked].map((url) => [placeOf(url), url])).values()]
  const seen = await Promise.all(urls.map(async (url): Promise<Api[]> => {
    const response = await visitor.ask(url)
    if (response?.status !== 200) return []
    const start = response.body.slice(0, 4_096)
    if (/<(?:\w+:)?definitions\s[^>]*["']http:\/\/schemas\.xmlsoap\.org\/wsdl\/["']/.test(start)) {
      const operations = [...new Set([...response.body.matchAll(/<(?:\w+:)?operation\s[^>]{0,200}?name\s*=\s*["']([\w.-]{1,200})["']/g)].map(([, name = '']) => name))]
      return [{ kind: 'wsdl', url: placeOf(url), title: /<(?:\w+:)?service\s[^>]{0,200}?name\s*=\s*["']([\w.-]{1,200})["']/.exec(response.body)?.[1] ?? null, version: null, operations: operations.length, names: operations.slice(0, 20), authenticated: null }]
    }
    if (!/<edmx:Edmx\s/.test(start)) return []
    const sets = [...new Set([...response.body.matchAll(/<EntitySet\s[^>]{0,200}?Name="([\w.-]{1,200})"/g)].map(([, name = '']) => name))]
    return [{ kind: 'odata', url: placeOf(url), title: null, version: /<edmx:Edmx\s[^>]{0,200}?Version="([\d.]{1,10})"/.exec(start)?.[1] ?? null, operations: sets.length, names: sets.slice(0, 20), authenticated: null }]
  }))
  return { apis: [...new Map(seen.flat().map((api) => [`${api.kind} ${api.title} ${api.names.join(' ')}`, api])).values()], findings: [] }
}

/** Names of the registry of RFC 8615 and what stands in each. */
const wellKnowns: Readonly<Record<string, (body: string, value: unknown) => boolean>> = {
  'security.txt': (body) => /^Contact:\s*\S/im.test(body) && !/^\s*</.test(body),
  'openid-configuration': (_, value) => isRecord(value) && typeof value['issuer'] === 'string' && typeof value['authorization_endpoint'] === 'string',
  'oauth-authorization-server': (_, value) => isRecord(value) && typeof value['issuer'] === 'string' && ('token_endpoint' in value || 'authorization_endpoint' in value),
  'oauth-protected-resource': (_, value) => isRecord(value) && typeof value['resource'] === 'string' && Array.isArray(value['authorization_servers']),
  'jwks.json': (_, value) => isRecord(value) && Array.isArray(value['keys']) && value['keys'].some((key) => isRecord(key) && typeof key['kty'] === 'string'),
  'api-catalog': (_, value) => isRecord(value) && Array.isArray(value['linkset']),
  'assetlinks.json': (_, value) => Array.isArray(value) && value.some((each) => isRecord(each) && Array.isArray(each['relation'])),
  'apple-app-site-association': (_, value) => isRecord(value) && ('applinks' in value || 'webcredentials' in value || 'appclips' in value),
  'nodeinfo': (_, value) => isRecord(value) && Array.isArray(value['links']) && JSON.stringify(value).includes('nodeinfo.diaspora.software'),
  'matrix/client': (_, value) => isRecord(value) && isRecord(value['m.homeserver']),
  'agent-card.json': (_, value) => isRecord(value) && Array.isArray(value['skills']) && typeof value['url'] === 'string',
}

async function findWellKnown({ origin, visitor, word }: Site): Promise<readonly WellKnown[]> {
  const holds = (response: HttpResponse | null, judge: (body: string, value: unknown) => boolean): boolean => {
    if (response?.status !== 200) return false
    let value: unknown = null
    try {
      value = /^\s*[[{]/.test(response.body) ? JSON.parse(response.body) as unknown : null
    } catch {
      // Then it is none of those in JSON.
    }
    return judge(response.body, value)
  }
  const control = await visitor.ask(new URL(`/.well-known/${word(12, 'well-known')}`, origin), { maxBytes: 262_144 })
  const seen = await Promise.all(Object.entries(wellKnowns).map(async ([name, judge]) => {
    const url = new URL(`/.well-known/${name}`, origin)
    return holds(await visitor.ask(url, { maxBytes: 262_144 }), judge) && !holds(control, judge) ? [{ name, url: placeOf(url) }] : []
  }))
  return seen.flat()
}
