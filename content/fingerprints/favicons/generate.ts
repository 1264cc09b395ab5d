// node content/fingerprints/favicons/generate.ts: writes mmh3.json, what the public Nuclei templates say of icons, as facts: a hash and whose it is. A hash that
// several products are said to have is given to the one that most templates name, else to their vendor, else left out. favicons.integration.test.ts runs it again.
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { templateFiles } from '../../../tests/templates-corpus.ts'
import type { CorpusFile } from '../../../tests/templates-corpus.ts'

export type Icon = { readonly mmh3: number; readonly name: string; readonly vendor: string | null; readonly product: string | null; readonly templates: readonly string[] }
type Said = { readonly vendor: string | null; readonly product: string; readonly template: string; readonly stated: boolean }

const record = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {})
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value as unknown[] : value === undefined || value === null ? [] : [value])
const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')
/** A query that asks for an icon and nothing else. */
const query = /^(?:http\.favicon\.hash|icon_hash)\s*[:=]\s*"?(-?\d{4,10})"?$/
const expression = /"(-?\d{4,10})" == mmh3\(base64_py\(body\)\)/

export function facts(files: readonly CorpusFile[]): Icon[] {
  const said = new Map<number, Said[]>()
  const say = (hash: string, what: Said): void => { said.set(Number(hash), [...(said.get(Number(hash)) ?? []), what]) }
  for (const { path, content } of files) {
    if (!path.startsWith('http/')) continue
    const source = Buffer.from(content).toString('utf8')
    if (!/favicon|icon_hash/.test(source)) continue
    const template = record(load(source))
    const id = text(template['id'])
    const { vendor, product, ...metadata } = record(record(template['info'])['metadata'])
    const [first = ''] = text(product).split(',')
    if (first !== '') for (const each of [...list(metadata['shodan-query']), ...list(metadata['fofa-query'])]) {
      const hash = query.exec(text(each))?.[1]
      if (hash !== undefined) say(hash, { vendor: text(vendor).toLowerCase() || null, product: first.toLowerCase(), template: id, stated: true })
    }
    // Elsewhere a matcher's name says what it does, not whose the icon is.
    if (id !== 'favicon-detect') continue
    for (const matcher of list(template['http']).flatMap((request) => list(record(request)['matchers'])).map(record)) {
      for (const hash of list(matcher['dsl']).flatMap((each) => expression.exec(text(each))?.[1] ?? [])) if (text(matcher['name']) !== '') say(hash, { vendor: null, product: text(matcher['name']).toLowerCase(), template: id, stated: false })
    }
  }
  return [...said].flatMap(([mmh3, all]) => owner(mmh3, all) ?? []).toSorted((a, b) => a.mmh3 - b.mmh3)
}

const slug = (name: string): string => name.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
const title = (name: string): string => slug(name).split('-').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join(' ')

const joined = (name: string): string => slug(name).replaceAll('-', '')
const words = (name: string): string[] => slug(name).split('-').filter((word) => word.length > 2)

/** Whose icon it is. A template that asks for an icon may be about something else on such hosts, so that where an icon has a name, only those count that share a word with it. Null where they do not agree. */
function owner(mmh3: number, all: readonly Said[]): Icon | null {
  const known = all.filter((each) => !each.stated).flatMap(({ product }) => words(product))
  const stated = all.filter((each) => each.stated && (known.length === 0 || words(`${each.vendor ?? ''} ${each.product}`).some((word) => known.includes(word))))
  const voices = stated.length > 0 ? stated : known.length > 0 ? all.filter((each) => !each.stated) : all
  const templates = [...new Set(voices.map(({ template }) => template))].toSorted().slice(0, 5)
  // `spring-boot` of `Springboot Actuators` and `Spring Boot H2 Database`.
  const shortest = voices.toSorted((a, b) => slug(a.product).length - slug(b.product).length)[0]?.product ?? ''
  const common = shortest !== '' && voices.every(({ product }) => joined(product).startsWith(joined(shortest)))
  const [most, second] = common ? [[slug(shortest), voices.filter(({ product }) => slug(product) === slug(shortest))] as const] : [...Map.groupBy(voices, ({ product }) => slug(product))].toSorted(([a, one], [b, other]) => other.length - one.length || (a < b ? -1 : 1))
  const vendors = [...new Set(voices.map(({ vendor }) => vendor))]
  const vendor = vendors.length === 1 ? vendors[0] ?? null : null
  if (most === undefined || most[0] === '') return null
  if (second === undefined || most[1].length > second[1].length) {
    const [{ product } = { product: '' }] = most[1]
    const own = [...new Set(most[1].map((each) => each.vendor))]
    return { mmh3, name: title(product), vendor: own.length === 1 ? own[0] ?? null : null, product: stated.length > 0 ? product : null, templates }
  }
  return vendor === null ? null : { mmh3, name: title(vendor), vendor, product: null, templates }
}

if (import.meta.main) {
  const files = templateFiles()
  if (files === null) throw new Error('no templates: set HAECHI_CORPUS')
  const icons = facts(files)
  const digest = createHash('sha256')
  for (const { content } of files) digest.update(content)
  writeFileSync(join(import.meta.dirname, 'mmh3.json'), `{
"source": "Facts out of github.com/projectdiscovery/nuclei-templates as of 2026-02-03 (${files.length} templates, SHA-256 of all ${digest.digest('hex').slice(0, 16)}): hashes in queries for an icon and nothing else (shodan-query, fofa-query) with the vendor and product of the template, and the names of http/technologies/favicon-detect.yaml",
"license": "MIT, Copyright (c) 2025 ProjectDiscovery, Inc.",
"icons": [
${icons.map((icon) => JSON.stringify(icon)).join(',\n')}
]
}
`)
  process.stdout.write(`${icons.length} icons\n`)
}
