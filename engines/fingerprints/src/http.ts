// Which of Recog's databases an HTTP answer has something for. Defended by http.test.ts.
import { faviconHashes } from './favicon.ts'
import type { Identifier } from './identify.ts'
import type { Identification } from './model.ts'
import { readPage } from './page.ts'
import { bannerText } from './recog.ts'
import type { HttpAnswer } from './technology.ts'

const headers: Readonly<Record<string, string>> = { server: 'http_header.server', 'x-powered-by': 'http_header.x-powered-by', 'www-authenticate': 'http_header.wwwauth', 'set-cookie': 'http_header.cookie' }
const MAX_HEADERS = 200
const MAX_PAGE = 1_048_576

/** The texts of an answer by the names of the databases that know such texts: headers, title, the MD5 of the icon, the names of the certificate. */
export function bannersOf(answer: HttpAnswer): { readonly database: string; readonly banner: string }[] {
  const stated = Object.entries(answer.headers ?? {}).slice(0, MAX_HEADERS).flatMap(([name, value]) => {
    const database = Object.hasOwn(headers, name.toLowerCase()) ? headers[name.toLowerCase()] : undefined
    return database === undefined ? [] : (typeof value === 'string' ? [value] : value.slice(0, MAX_HEADERS)).map((banner) => ({ database, banner }))
  })
  const { title } = readPage(bannerText(typeof answer.body === 'string' ? answer.body.slice(0, MAX_PAGE) : answer.body?.subarray(0, MAX_PAGE) ?? ''))
  const icon = answer.favicon === undefined ? '' : (answer.favicon instanceof Uint8Array ? faviconHashes(answer.favicon) : answer.favicon).md5
  const { subject = '', issuer = '' } = answer.certificate ?? {}
  return [...stated, { database: 'html_title', banner: title }, { database: 'favicon.md5', banner: icon }, { database: 'x509.subject', banner: subject }, { database: 'x509.issuer', banner: issuer }].filter(({ banner }) => banner !== '')
}

/** What Recog's databases say of an answer, in the order of `bannersOf`. */
export const identifyHttp = (identifier: Identifier, answer: HttpAnswer): Identification[] => bannersOf(answer).flatMap(({ database, banner }) => identifier.identify(database, banner) ?? [])
