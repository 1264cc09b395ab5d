// Directories that show their files, as the servers do that are in use. Believed where a directory that nobody has does not show the same. Defended by
// listings.test.ts and, against real servers, tests/conformance/probes/web.test.ts.
import { readPage } from '@haechi/fingerprints'
import type { HttpResponse } from '../network.ts'
import type { Finding } from '../model.ts'
import { found } from './checks.ts'
import { isHarmful } from './crawl.ts'
import { linksOf } from './links.ts'
import { mediaTypeOf, placeOf, textOf } from './visitor.ts'
import type { Visitor } from './visitor.ts'

const usual = ['/', '/public/', '/download/', '/downloads/', '/media/', '/private/', '/old/', '/uploads/', '/upload/', '/files/', '/backup/', '/backups/', '/images/', '/img/', '/static/', '/assets/', '/data/', '/logs/', '/tmp/', '/wp-content/uploads/', '/icons/']
const mostDirectories = 30

const titles = /^(?:Index of (?:\/|ftp:)|Directory listing for \/|listing directory \/|Directory Listing For |Directory: \/|.{1,100} - \/(?:.*)?$)/i
const parent = /\[To Parent Directory\]|>\s*(?:Parent Directory|\.\.\/?)\s*</i

/** Names in the listing; null: it is none. */
export function listingOf(url: URL, response: HttpResponse): string[] | null {
  if (response.status !== 200 || !/html/.test(mediaTypeOf(response)) || !url.pathname.endsWith('/')) return null
  const { title } = readPage(textOf(response))
  const names = linksOf(url, response).pages.flatMap((link) => (link.origin === url.origin && link.pathname.startsWith(url.pathname) && link.pathname.length > url.pathname.length && /^[^/]+\/?$/.test(link.pathname.slice(url.pathname.length)) ? [decode(link.pathname.slice(url.pathname.length))] : []))
  const titled = titles.test(title) && (/^(?:Index of|Directory|listing)/i.test(title) || parent.test(response.body))
  return titled && (names.length > 0 || parent.test(response.body)) ? [...new Set(names)] : null
}

/** What nobody puts where everybody can list it on purpose. */
export const privateName = /\.(?:sql|bak|old|env|pem|key|pfx|p12|kdbx|sqlite3?|mdb|tfstate|ovpn|pcap|dump|log|swp|rdp|ppk)(?:\.(?:gz|zip|bz2|xz))?$|^\.(?:env|git|ssh|aws|htpasswd)|(?:^|[^a-z])(?:backup|passw(?:or)?ds?|credentials?|secrets?|id_rsa|private|payroll|salary|confidential)(?:[^a-z]|$)|(?:customer|client|employee|member|patient)s?[\w.-]{0,40}\.(?:csv|xlsx?|json|tsv)$|여권|주민|급여|비밀|고객/i

export async function findListings(origin: URL, asset: string, links: readonly URL[], visitor: Visitor, word: (length: number, key: string) => string): Promise<{ readonly findings: readonly Finding[]; /** Files in them. */ readonly files: readonly URL[] }> {
  const directories = [...new Set([...usual, ...links.filter((link) => link.origin === origin.origin).map(({ pathname }) => pathname.replace(/[^/]*$/, ''))])].filter((path) => !isHarmful(new URL(path, origin))).slice(0, mostDirectories)
  const seen = await Promise.all(directories.map(async (path) => {
    const url = new URL(path, origin)
    const response = await visitor.ask(url)
    return response === null ? [] : [{ url, names: listingOf(url, response) }]
  }))
  const listed = seen.flat().flatMap(({ url, names }) => (names === null ? [] : [{ url, names }]))
  if (listed.length === 0) return { findings: [], files: [] }
  const nobody = new URL(`/${word(9, 'directory')}/`, origin)
  const control = await visitor.ask(nobody)
  if (control === null || listingOf(nobody, control) !== null) return { findings: [], files: [] }
  const findings = listed.map(({ url, names }) => {
    const telling = names.filter((name) => privateName.test(name))
    const some = telling.slice(0, 5).map(shown).join(', ')
    return telling.length === 0 ? found(asset, 'web.directory_listing', placeOf(url), { en: `${names.length} names`, ko: `이름 ${names.length}개` })
      : found(asset, 'web.directory_listing', placeOf(url), { en: `${names.length} names, among them ${some}`, ko: `이름 ${names.length}개, 그중 ${some} 포함` }, { severity: 'medium' })
  })
  return { findings, files: listed.flatMap(({ url, names }) => names.flatMap((name) => (name.endsWith('/') ? [] : URL.parse(encodeURIComponent(name), url.href) ?? []))).slice(0, 500) }
}

/** Enough of a name to know which it is. */
export const shown = (name: string): string => (name.length <= 24 ? name : `${name.slice(0, 12)}…${name.slice(-10)}`)

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
