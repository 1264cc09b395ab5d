// Where a page or a script leads. Pure, for any text. Defended by links.test.ts. Source: WHATWG HTML, the attributes that hold URLs.
import { tagsOf } from '@haechi/fingerprints'
import type { HttpResponse } from '../network.ts'
import type { Form } from './model.ts'
import { headersOf, mediaTypeOf, placeOf, textOf } from './visitor.ts'

export type Links = {
  /** Pages and files, of any host, without what stands behind #. */
  readonly pages: readonly URL[]
  readonly scripts: readonly URL[]
  readonly icons: readonly URL[]
  readonly forms: readonly Form[]
  /** Descriptions of an API that the answer names (RFC 8631, RFC 9727). */
  readonly services: readonly URL[]
  /** Source maps of scripts in the page. */
  readonly inline: readonly string[]
}

const names: ReadonlySet<string> = new Set(['a', 'area', 'frame', 'iframe', 'link', 'script', 'form', 'input', 'button', 'select', 'textarea', 'base', 'meta', 'img', 'source', 'embed', 'object'])
const mostLinks = 2_000
const serviceRelations = /(?:^|\s)(?:service-desc|service-doc|api-catalog)(?:\s|$)/i

export function linksOf(url: URL, response: Pick<HttpResponse, 'headers' | 'body'>): Links {
  const pages = new Map<string, URL>()
  const scripts = new Map<string, URL>()
  const icons = new Map<string, URL>()
  const services = new Map<string, URL>()
  const inline: string[] = []
  const forms: { url: string; method: 'GET' | 'POST'; action: string; fields: string[]; password: boolean }[] = []
  let base = url
  const add = (to: Map<string, URL>, written: string | undefined): void => {
    const link = written === undefined ? null : webUrl(written, base)
    if (link !== null && to.size < mostLinks) to.set(link.href, link)
  }
  for (const value of headersOf(response, 'link').slice(0, 10)) for (const [, target, relations] of value.slice(0, 2_048).matchAll(/<([^>]{1,2000})>[^,<]*?;\s*rel="?([^",;]{1,200})/gi)) if (serviceRelations.test(relations ?? '')) add(services, target)
  if (!/html|xml/.test(mediaTypeOf(response)) && !/^\s*</.test(response.body)) return { pages: [], scripts: [], icons: [], forms: [], services: [...services.values()], inline: [] }
  let form: (typeof forms)[number] | null = null
  for (const { name, attributes, text } of tagsOf(textOf(response), names)) {
    switch (name) {
      case 'base': base = webUrl(attributes.get('href') ?? '', url) ?? base; break
      case 'a': case 'area': add(pages, attributes.get('href')); break
      case 'frame': case 'iframe': case 'embed': case 'source': case 'img': add(pages, attributes.get('src')); break
      case 'object': add(pages, attributes.get('data')); break
      case 'script':
        if (attributes.has('src')) add(scripts, attributes.get('src'))
        else if (text !== '' && inline.length < 200) inline.push(text)
        break
      case 'link': {
        const relation = attributes.get('rel') ?? ''
        if (/(?:^|\s)(?:icon|apple-touch-icon)(?:\s|$)/i.test(relation)) add(icons, attributes.get('href'))
        else if (serviceRelations.test(relation)) add(services, attributes.get('href'))
        else if (!/preconnect|dns-prefetch/i.test(relation)) add(pages, attributes.get('href'))
        break
      }
      case 'meta': break
      case 'form': {
        const action = webUrl(attributes.get('action') ?? '', base) ?? url
        form = { url: placeOf(url), method: /^post$/i.test(attributes.get('method') ?? '') ? 'POST' : 'GET', action: placeOf(action), fields: [], password: false }
        if (forms.length < 50) forms.push(form)
        break
      }
      default: {
        const field = attributes.get('name')
        if (form !== null && field !== undefined && form.fields.length < 50) form.fields.push(field.slice(0, 100))
        if (form !== null && attributes.get('type')?.toLowerCase() === 'password') form.password = true
      }
    }
  }
  return { pages: [...pages.values()], scripts: [...scripts.values()], icons: [...icons.values()], forms, services: [...services.values()], inline }
}

/** A URL of a web site, without what stands behind # and without a login; null: another scheme, or none. */
export function webUrl(written: string, base: URL): URL | null {
  const trimmed = written.trim()
  if (trimmed.length > 4_096 || trimmed.startsWith('#')) return null
  const url = URL.parse(trimmed, base.href)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') return null
  url.hash = ''
  url.username = ''
  url.password = ''
  return url
}

const mostPaths = 500
/** A text in quotes that begins like a path, or like a URL. Concatenations are read up to where they begin. */
const quoted = /["'`]((?:https?:\/\/[\w.-]{1,253}(?::\d{1,5})?)?\/(?!\/)[\w\-./~%@:+]{1,300}(?:\?[\w\-=&%.+]{0,200})?)(?=["'`$])/g
const relative = /["'`]((?:api|rest|graphql|v\d{1,2}|rpc|services?|auth|admin|internal)\/[\w\-./~%]{1,200})["'`]/g

/** What a script names as a path or URL of a web site: data, not every text between quotes (types of media and regular expressions are none). */
export function pathsIn(script: string, base: URL): URL[] {
  const found = new Map<string, URL>()
  for (const pattern of [quoted, relative]) {
    for (const [, written = ''] of script.matchAll(pattern)) {
      if (found.size >= mostPaths) break
      if (/^\/(?:[\w+.-]{1,3})?$|\/\/|^\/[^a-z]*$/i.test(written.replace(/^https?:\/\//, ''))) continue
      const url = webUrl(pattern === relative ? `/${written}` : written, base)
      if (url !== null) found.set(url.href, url)
    }
  }
  return [...found.values()]
}

const bucketHosts = /(?:https?:)?(?:\/\/|\\\/\\\/)((?:[a-z0-9][a-z0-9.-]{1,62}\.s3(?:[.-][a-z0-9-]+){0,3}\.amazonaws\.com(?:\.cn)?|s3(?:[.-][a-z0-9-]+){0,3}\.amazonaws\.com\/[a-z0-9][a-z0-9.-]{2,62}|storage\.googleapis\.com\/[a-z0-9][a-z0-9._-]{2,62}|[a-z0-9][a-z0-9._-]{1,62}\.storage\.googleapis\.com|[a-z0-9]{3,24}\.blob\.core\.windows\.net\/[a-z0-9$][a-z0-9-]{2,62}|[a-z0-9][a-z0-9-]{1,62}\.[a-z0-9]{4}\.digitaloceanspaces\.com|[a-z0-9][a-z0-9-]{1,62}\.oss-[a-z0-9-]{4,30}\.aliyuncs\.com|kr\.object\.ncloudstorage\.com\/[a-z0-9][a-z0-9.-]{2,62}))/gi

/** Buckets of clouds that a text names, as URLs, each once. */
export function bucketsIn(text: string): string[] {
  const found = new Set<string>()
  for (const [, place = ''] of text.matchAll(bucketHosts)) {
    if (found.size >= 50) break
    found.add(`https://${place.toLowerCase()}${place.includes('/') ? '' : '/'}`)
  }
  return [...found]
}
