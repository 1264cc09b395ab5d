// Where an answer sends its client next (RFC 9110, 15.4), as Go's client goes: GET after 301, 302 and 303, the same request after 307 and 308, and secrets stay with
// the host that they were written for. Defended by redirects.test.ts.
import type { Bytes, HttpRequest, HttpResponse } from '../model.ts'
import { defaultPort, escapeUnfit, hostHeader, type Scheme, withBrackets } from './address.ts'
import { headerValues } from './answer.ts'

export type Redirects = 'none' | 'same-host' | 'all'

const secrets = new Set(['authorization', 'www-authenticate', 'cookie', 'cookie2', 'proxy-authorization'])

export const addressOf = (request: HttpRequest): Bytes => {
  const host = withBrackets(request.host)
  return `${request.scheme}://${request.port === defaultPort(request.scheme) ? host : `${host}:${request.port}`}`
}

/** null: the answer is the last one. `first` is the request that the template made. */
export function redirected(request: HttpRequest, response: HttpResponse, first: HttpRequest, policy: Redirects): { readonly request: HttpRequest; readonly url: Bytes } | null {
  if (policy === 'none' || ![301, 302, 303, 307, 308].includes(response.status)) return null
  const location = headerValues(response, 'location')[0]?.trim()
  if (location === undefined || location === '' || location.length > 16_384) return null
  let url: URL
  try {
    url = new URL(escapeUnfit(location), addressOf(request) + request.target)
  } catch {
    return null
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null
  const scheme: Scheme = url.protocol === 'https:' ? 'https' : 'http'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? defaultPort(scheme) : Number(url.port)
  if (host === '' || port === 0) return null
  if (policy === 'same-host' && hostHeader(scheme, url.host) !== hostHeader(first.scheme, `${withBrackets(first.host.toLowerCase())}:${first.port}`)) return null
  const keeps = response.status === 307 || response.status === 308
  const sameHost = host === request.host.toLowerCase()
  const relative = !/^(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(location)
  const headers = request.headers
    .filter(([name]) => {
      const key = name.toLowerCase()
      return (sameHost || !secrets.has(key)) && (keeps || !key.startsWith('content-'))
    })
    .map(([name, value]) => (name.toLowerCase() === 'host' && !relative ? ([name, url.host] as const) : ([name, value] as const)))
  return {
    request: {
      ...request,
      scheme,
      host,
      port,
      target: escapeUnfit(url.pathname + url.search),
      headers,
      method: keeps || request.method === 'HEAD' ? request.method : 'GET',
      body: keeps ? request.body : null,
      serverName: sameHost ? request.serverName : null,
    },
    url: `${url.protocol}//${url.host}${url.pathname}${url.search}`,
  }
}
