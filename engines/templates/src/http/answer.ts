// What matchers, extractors and expressions see of an answer, by Nuclei's names, worked out when it is first asked for. What a server sent is data here: nothing of
// it is ever evaluated. Defended by answer.test.ts.
import type { Bytes, HttpResponse, Lookup, Value } from '../model.ts'

const canonical = new Map<Bytes, Bytes>()
/** 'x-powered-by' as Go writes it: 'X-Powered-By'. */
function canonicalName(name: Bytes): Bytes {
  const known = canonical.get(name)
  if (known !== undefined) return known
  const made = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) ? name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()) : name
  if (canonical.size < 2_000 && name.length < 100) canonical.set(name, made)
  return made
}

export const headerValues = (response: HttpResponse, name: string): Bytes[] => response.headers.filter(([key]) => key.length === name.length && key.toLowerCase() === name).map(([, value]) => value)

/** Of one HttpResponse, which many templates may share. */
class View {
  readonly #response: HttpResponse
  #head: Bytes | null = null
  #whole: Bytes | null = null
  #all: Bytes | null = null
  #named: Map<string, Bytes> | null = null

  constructor(response: HttpResponse) {
    this.#response = response
  }

  /** Status line and headers in the order of their names, as Go prints an answer. */
  get head(): Bytes {
    if (this.#head === null) {
      const { status, reason, headers } = this.#response
      const lines = headers.map(([name, value]) => [canonicalName(name), value] as const)
      lines.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
      let text = `HTTP/1.1 ${String(status).padStart(3, '0')} ${reason}\r\n`
      for (const [name, value] of lines) text += `${name}: ${value}\r\n`
      this.#head = `${text}\r\n`
    }
    return this.#head
  }

  get whole(): Bytes {
    return (this.#whole ??= this.head + this.#response.body)
  }

  get all(): Bytes {
    return (this.#all ??= this.#response.body + this.head)
  }

  /** Headers in small letters with '_' for '-', and below them cookies by name. */
  get named(): ReadonlyMap<string, Bytes> {
    if (this.#named === null) {
      const cookies = new Map<string, Bytes>()
      const headers = new Map<string, Bytes>()
      for (const [name, value] of this.#response.headers) {
        const key = name.trim().replaceAll('-', '_').toLowerCase()
        const before = headers.get(key)
        headers.set(key, before === undefined ? value : `${before} ${value}`)
        if (key !== 'set_cookie') continue
        const pair = /^\s*([^=;\s]+)=([^;]*)/.exec(value)
        if (pair !== null) cookies.set(pair[1]!.toLowerCase(), pair[2]!.trim().replace(/^"(.*)"$/, '$1'))
      }
      this.#named = new Map([...cookies, ...headers])
    }
    return this.#named
  }

  get contentLength(): number {
    const { headers, body } = this.#response
    if (headers.some(([name]) => /^(?:content-encoding|transfer-encoding)$/i.test(name))) return body.length
    const written = headerValues(this.#response, 'content-length')[0]
    return written !== undefined && /^\d{1,15}$/.test(written.trim()) ? Number(written) : body.length
  }
}

const views = new WeakMap<HttpResponse, View>()
function viewOf(response: HttpResponse): View {
  const known = views.get(response)
  if (known !== undefined) return known
  const view = new View(response)
  views.set(response, view)
  return view
}

export const responseText = (response: HttpResponse): Bytes => viewOf(response).whole

const numbered = /^(.+)_(\d{1,6})$/

export type About = {
  readonly response: HttpResponse
  /** Of the request that was answered so. */
  readonly url: Bytes
  readonly input: Bytes
  readonly requestText: () => Bytes
  /** Payloads of this request. */
  readonly payload: Lookup
  /** Answers of the block so far by the number of their request, where it has a request condition. */
  readonly history: ReadonlyMap<number, Answer> | null
  readonly values: Lookup
}

export class Answer {
  readonly about: About
  readonly #view: View

  constructor(about: About) {
    this.about = about
    this.#view = viewOf(about.response)
  }

  /** What this answer says by itself: what later blocks see of it. */
  readonly own: Lookup = (name) => {
    const { response } = this.about
    switch (name) {
      case 'body':
        return response.body
      case 'header':
      case 'all_headers':
        return this.#view.head
      case 'response':
      case 'raw':
        return this.#view.whole
      case 'all':
        return this.#view.all
      case 'status_code':
        return response.status
      case 'content_length':
        return this.#view.contentLength
      case 'duration':
        return response.durationMs / 1000
      case 'request':
        return this.about.requestText()
      case 'host':
        return this.about.input
      case 'type':
        return 'http'
      case 'matched':
        return this.about.url
      case 'ip':
        return response.address
      default:
        return this.#view.named.get(name)
    }
  }

  readonly lookup: Lookup = (name) => this.own(name) ?? this.about.payload(name) ?? this.#earlier(name) ?? this.about.values(name) ?? (name === 'path' ? pathOf(this.about.url) : undefined)

  part(name: string): Bytes | undefined {
    const value = this.lookup(name)
    return value === undefined || typeof value === 'string' ? value : textOf(value)
  }

  #earlier(name: string): Value | undefined {
    const { history } = this.about
    const digit = name.charCodeAt(name.length - 1)
    if (history === null || digit < 48 || digit > 57) return undefined
    const parts = numbered.exec(name)
    return parts === null ? undefined : history.get(Number(parts[2]))?.own(parts[1]!)
  }
}

const pathOf = (url: Bytes): Bytes => /^https?:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? ''

/** As Go prints values: '[a b]' for a list. */
function textOf(value: Value): Bytes {
  if (value === null) return ''
  if (Array.isArray(value)) return `[${value.map(textOf).join(' ')}]`
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
