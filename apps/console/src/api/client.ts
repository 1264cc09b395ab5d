// The one way to the server. Every request says which tenant it is about and which language its texts shall be in; the session is the cookie's.
import { currentLanguage } from '../preferences.tsx'
import { ApiError, unreachable } from './error.ts'

/** '' or '/mdr': where the platform is served, as the page's <base> says. */
export const basePath = new URL(document.baseURI).pathname.replace(/\/$/, '')

const tenantKey = 'haechi.tenant'
/** The chosen tenant's id; null lets the server choose the only one. Per tab first, so that two tabs may look at two tenants. */
export const chosenTenant = (): string | null => sessionStorage.getItem(tenantKey) ?? localStorage.getItem(tenantKey)
export function chooseTenant(id: string | null): void {
  for (const storage of [sessionStorage, localStorage]) {
    if (id === null) storage.removeItem(tenantKey)
    else storage.setItem(tenantKey, id)
  }
}

/** What the shell does when a session ends in the middle of work. */
let onUnauthenticated: () => void = () => undefined
export function whenUnauthenticated(handle: () => void): void { onUnauthenticated = handle }

type Query = Readonly<Record<string, string | number | boolean | null | undefined>>
export type RequestOptions = { readonly query?: Query; readonly signal?: AbortSignal; readonly headers?: Readonly<Record<string, string>> }

export function headersOf(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const tenant = chosenTenant()
  return { 'accept-language': currentLanguage(), ...(tenant === null ? {} : { 'x-haechi-tenant': tenant }), ...more }
}

export function urlOf(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '').map(([name, value]): [string, string] => [name, String(value)])
  const search = new URLSearchParams(given).toString()
  return `${basePath}${path}${search === '' ? '' : `?${search}`}`
}

/** The answer as it came. A `body` that is a file goes as it is, everything else as JSON. Errors: ApiError. */
export async function send(method: string, path: string, body: unknown, { query, signal, headers }: RequestOptions = {}): Promise<Response> {
  let response: Response
  const file = body instanceof Blob ? body : null
  try {
    response = await fetch(urlOf(path, query), {
      method, credentials: 'same-origin', signal: signal ?? null,
      headers: headersOf({ accept: 'application/json', ...(body === undefined ? {} : { 'content-type': file === null ? 'application/json' : 'application/octet-stream' }), ...headers }),
      ...(body === undefined ? {} : { body: file ?? JSON.stringify(body) }),
    })
  } catch (cause) {
    if (signal?.aborted === true) throw cause
    throw unreachable(cause)
  }
  if (response.ok) return response
  const text = await response.text()
  let problem: Record<string, unknown>
  try {
    problem = JSON.parse(text) as Record<string, unknown>
  } catch {
    // A proxy between speaks no Problem Details.
    problem = { code: `http_${response.status}`, detail: response.statusText, retry: response.status >= 500 }
  }
  const error = new ApiError(response.status, problem)
  // A wrong password is no end of the session.
  if (response.status === 401 && path !== '/api/v1/session' && error.code !== 'sign_in_failed') onUnauthenticated()
  throw error
}

async function sendJson<Answer>(method: string, path: string, body: unknown, options?: RequestOptions): Promise<Answer> {
  const response = await send(method, path, body, options)
  try {
    return await response.json() as Answer
  } catch (cause) {
    if (options?.signal?.aborted === true) throw cause
    throw unreachable(cause)
  }
}

/** Paths begin with /api/v1/. Errors: ApiError. */
export const api = {
  get: <Answer>(path: string, options?: RequestOptions) => sendJson<Answer>('GET', path, undefined, options),
  post: <Answer>(path: string, body: unknown, options?: RequestOptions) => sendJson<Answer>('POST', path, body, options),
  put: <Answer>(path: string, body: unknown, options?: RequestOptions) => sendJson<Answer>('PUT', path, body, options),
  patch: <Answer>(path: string, body: unknown, options?: RequestOptions) => sendJson<Answer>('PATCH', path, body, options),
  delete: <Answer>(path: string, options?: RequestOptions) => sendJson<Answer>('DELETE', path, undefined, options),
}
