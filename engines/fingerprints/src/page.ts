// What a page says of itself: title, meta, scripts and style sheets, in one pass that ends wherever the page does. Not a browser's reading: tags inside of comments,
// scripts and text areas are passed over, and that is all. Defended by page.test.ts. Source: the tokenisation of WHATWG HTML, 13.2.5, as far as tags go.

export type Page = {
  /** Whitespace folded, references of XML and numbers decoded; '' where there is none. */
  readonly title: string
  /** By `name`, `property` or `http-equiv` in lower case. */
  readonly metas: ReadonlyMap<string, readonly string[]>
  /** `src` of scripts. */
  readonly scripts: readonly string[]
  /** `href` of link elements. */
  readonly links: readonly string[]
}

const MAX_TAG = 8_192
const MAX_SCRIPT = 1_048_576
const MAX_COLLECTED = 2_000
/** Elements whose content is text to a browser. */
const rawText = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes'])

/** A tag that was asked for. `text` is what stands in an element of raw text (script, title, textarea), '' elsewhere. */
export type Tag = { readonly name: string; /** By name in lower case, the first of each, decoded. */ readonly attributes: ReadonlyMap<string, string>; readonly text: string }

/** Start tags of these names, in their order: not those in comments and raw text. Ends wherever the page does, for any text in linear time. */
export function* tagsOf(html: string, names: ReadonlySet<string>): Generator<Tag> {
  const lower = html.toLowerCase()
  // Where an end is missing it is missing from there on.
  const absent = new Set<string>()
  const find = (text: string, from: number): number => {
    if (absent.has(text)) return -1
    const at = lower.indexOf(text, from)
    if (at === -1) absent.add(text)
    return at
  }
  for (let at = html.indexOf('<'); at !== -1; at = html.indexOf('<', at)) {
    if (html.startsWith('<!--', at)) {
      const end = find('-->', at + 4)
      at = end === -1 ? at + 4 : end + 3
      continue
    }
    const name = /^[a-z][a-z0-9]{0,15}/.exec(lower.slice(at + 1, at + 17))?.[0]
    if (name === undefined) {
      at++
      continue
    }
    const wanted = names.has(name)
    const tag = wanted || rawText.has(name) ? readTag(html, at + 1 + name.length) : null
    at = tag?.end ?? at + 1 + name.length
    const start = at
    let end = -1
    if (rawText.has(name)) {
      end = find(`</${name}`, at)
      if (end !== -1) at = end + 2
    }
    if (wanted && tag !== null) yield { name, attributes: tag.attributes, text: rawText.has(name) ? html.slice(start, Math.min(end === -1 ? html.length : end, start + (name === 'script' ? MAX_SCRIPT : MAX_TAG))) : '' }
  }
}

const pageTags = new Set(['title', 'meta', 'script', 'link'])

export function readPage(html: string): Page {
  let title: string | null = null
  const metas = new Map<string, string[]>()
  const scripts: string[] = []
  const links: string[] = []
  for (const { name, attributes, text } of tagsOf(html, pageTags)) {
    const content = attributes.get('content')
    const key = attributes.get('name') ?? attributes.get('property') ?? attributes.get('http-equiv')
    if (name === 'meta' && key !== undefined && content !== undefined && metas.size < MAX_COLLECTED) metas.set(key.toLowerCase(), [...(metas.get(key.toLowerCase()) ?? []).slice(0, 15), content])
    if (name === 'script' && scripts.length < MAX_COLLECTED) push(scripts, attributes.get('src'))
    if (name === 'link' && links.length < MAX_COLLECTED) push(links, attributes.get('href'))
    if (name === 'title') title ??= decoded(text).replace(/\s+/g, ' ').trim()
  }
  return { title: title ?? '', metas, scripts, links }
}

function push(list: string[], value: string | undefined): void {
  if (value !== undefined && value !== '') list.push(value)
}

/** Attributes by name in lower case, the first of each; `end` is behind the tag. */
function readTag(html: string, from: number): { readonly attributes: ReadonlyMap<string, string>; readonly end: number } {
  const attributes = new Map<string, string>()
  const limit = Math.min(html.length, from + MAX_TAG)
  const attribute = /[\s/]*([^\s/>=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?|[\s/]*>/y
  const text = html.slice(from, limit)
  let at = 0
  for (;;) {
    attribute.lastIndex = at
    const found = attribute.exec(text)
    if (found === null) return { attributes, end: from + Math.max(at, 1) }
    at = attribute.lastIndex
    const [, name, double, single, bare] = found
    if (name === undefined) return { attributes, end: from + at }
    const key = name.toLowerCase()
    if (!attributes.has(key)) attributes.set(key, decoded(double ?? single ?? bare ?? ''))
  }
}

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: ' ', copy: '©', reg: '®', trade: '™', raquo: '»', laquo: '«', middot: '·', ndash: '–', mdash: '—' }
const decoded = (text: string): string => (text.includes('&') ? text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));?/gi, (whole, decimal?: string, hex?: string, name?: string) => {
  if (name !== undefined) return Object.hasOwn(named, name) ? named[name]! : whole
  const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
  return point > 0 && point <= 0x10_FFFF ? String.fromCodePoint(point) : whole
}) : text)
