// Secrets that no provider's form gives away: by what stands around them. A name that says that a secret follows, an address that holds a password, a key between its lines.
// They cost trust where they are wrong, so that each has a judge beside its expression. Defended by generic.test.ts.
import { efficiencyOf } from './tokens.ts'
import { entropyOf } from './entropy.ts'
import type { SecretRule } from './model.ts'

export type GenericRule = SecretRule & {
  /** 0 to 1: how sure it is, of the whole match, the secret within it, up to 48 characters in front, and where it stands. 0: it is none. */
  readonly judge: (found: { readonly before: string; readonly match: string; readonly secret: string; readonly path: string }) => number
}

const base: Omit<SecretRule, 'id' | 'name' | 'severity' | 'keywords' | 'pattern'> = { provider: null, entropy: null, efficiency: null, checksum: null, allow: [], over: [], live: null, positives: [], negatives: [] }

/** What names a thing that is a secret, to the end of the name. */
const secretNames = String.raw`(?:pass(?:word|wd|phrase)|pwd|secret|token|api[_.-]?key|access[_.-]?key|auth[_.-]?key|private[_.-]?key|client[_.-]?key|account[_.-]?key|signing[_.-]?key|encryption[_.-]?key|master[_.-]?key|service[_.-]?key|credential|(?-i:비밀번호))[\w-]{0,24}`
const nameKeywords = ['passw', 'passphrase', 'pwd', 'secret', 'token', ...['api', 'access', 'auth', 'private', 'client', 'account', 'signing', 'encryption', 'master', 'service'].flatMap((word) => ['', '_', '.', '-'].map((between) => `${word}${between}key`)), 'credential', '비밀번호']
/** Names that hold one of these words and no secret. */
const harmless = /hash|digest|sha\d|md5|checksum|public|pubkey|etag|integrity|fingerprint|csrf|xsrf|nonce|page|next|continuation|cursor|count|limit|length|size|type|url|uri|endpoint|name|path|file|field|param|header|label|title|text|message|hint|regex|pattern|policy|format|prefix|suffix|expire|ttl|_?id["']?[\s:=]|tokeni[sz]|author|keyboard|placeholder/i

/** Files that are made of digests and names. */
const lockFile = /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|go\.sum|cargo\.lock|composer\.lock|poetry\.lock|uv\.lock|gemfile\.lock|podfile\.lock|pubspec\.lock|packages\.lock\.json|flake\.lock|mix\.lock)$/i
/** Files whose lines are names and values, so that a value need not be quoted. */
const plainFile = /(?:^|[/.])(?:env|properties|ini|cfg|conf|config|toml|netrc|pgpass|npmrc|pypirc|dockerfile|tfvars|ya?ml|sh|bash|zsh|service|credentials|txt|log|md)(?:[.~][\w-]*)?$|(?:^|\/)\.env[\w.-]*$|^$/i
/** Where passwords are made up. */
const rehearsal = /(?:^|[/._-])(?:tests?|specs?|__tests__|examples?|fixtures?|mocks?|stubs?|testdata|samples?|demos?|docs?|e2e|bench(?:marks?)?|lab|readme|contributing|changelog)(?:[/._-]|$)|\.d\.ts$/i

const classesOf = (text: string): number => Number(/[a-z]/.test(text)) + Number(/[A-Z]/.test(text)) + Number(/\d/.test(text)) + Number(/[^A-Za-z0-9]/.test(text))

/** Code and prose that stands where a secret would: paths, names, calls, types, dates. */
const ordinary = /^(?:[A-Za-z][a-z]+(?:[A-Z][a-z]+)+\d{0,4}|[a-z]+(?:[-_. /:][a-z]+)*|[A-Z]+(?:[-_. ][A-Z]+)*|\d+|[\d.,:/-]+|(?:https?|file|data|urn|arn|s3|ssh):.*|\.{0,2}\/.*|~\/.*|[\w$.]+\(.*|\[.*|\w+\.\w+(?:\.\w+)*|#[0-9a-fA-F]{3,8}|[\w.+-]+@[\w-]+\.[\w.]+)$/
/** What tells one thing from another, or when it was. */
const digest = /^eyJ|^(?:sha\d+[-:]|md5[-:])|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|^\d{4}-\d\d-\d\d[T ]/i
/** MD5, SHA-1 and SHA-256 in digits: beside the word password, what is kept instead of it. */
const kept = /^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/
/** Expressions, markup and pieces of code. */
const code = /\[\^?\w-\w|\\[dwsbnt.]|\(\?|=>|[=:(]["'`]|\)[;,)]|\(\)|[<>]|\$\w|%[sd]|[,;]$|&&|\|\||\w=\w+&/
const keyLetters = /^[\w+/=.~:!@-]+$/

/** Words with digits and signs between them say what a thing is. Values as `tokens.ts` has them. */
function isWordy(secret: string): boolean {
  const letters = secret.match(/[A-Za-z]{2,}/g) ?? []
  const count = letters.reduce((sum, { length }) => sum + length, 0)
  return count * 2 >= secret.length && letters.reduce((sum, run) => sum + run.length * efficiencyOf(run), 0) / count >= 2.2
}

/** What a value says once its base64 is read: words are no more random for being written so. null: it is no text. */
function encodedText(secret: string): string | null {
  if (secret.length % 4 !== 0 || !/^[A-Za-z0-9+/]{8,}={0,2}$/.test(secret)) return null
  const text = Buffer.from(secret, 'base64').toString('latin1').trim()
  return /^[\x20-\x7e]{5,}$/.test(text) ? text : null
}

/** A value beside a name: random enough to be a key, or as mixed as a password that was thought up. */
function judgeValue(name: string, secret: string, path: string): number {
  if (/\s/.test(secret) || harmless.test(name) || lockFile.test(path) || digest.test(secret) || ordinary.test(secret) || code.test(secret) || isWordy(secret)) return 0
  const efficiency = efficiencyOf(secret)
  const entropy = entropyOf(secret)
  const rehearsed = rehearsal.test(path)
  const isPassword = /pass|pwd|\xeb\xb9\x84/i.test(name)
  if (isPassword && (kept.test(secret) || secret.length > 64)) return 0
  const written = encodedText(secret)
  if (written !== null) return judgeValue(name, written, path)
  if (secret.length >= 16 && efficiency <= 1.7 && entropy >= 3.2 && /\d/.test(secret) && /[A-Za-z]/.test(secret) && keyLetters.test(secret)) return rehearsed ? 0.5 : 0.7
  if (isPassword && !rehearsed && secret.length <= 40 && classesOf(secret) >= 3 && entropy >= 2.5) return 0.55
  return 0
}

/** Where names and values are a line each, what may stand in front of the name. */
const lineBegins = /(?:^(?:\xef\xbb\xbf)?|\n)[ \t]*(?:-[ \t])?(?:export[ \t]|set[ \t]|env[ \t])?[ \t]*[\w.-]*$/i

const nameOf = (before: string, match: string, secret: string): string => /[\w.-]*$/.exec(before)![0] + match.slice(0, match.lastIndexOf(secret))

/** Rules of this engine, beside those that are read. */
export const genericRules: readonly GenericRule[] = [
  {
    ...base, id: 'generic-private-key', name: { en: 'Private key', ko: '개인 키' }, severity: 'high', keywords: ['private key'], checksum: 'pem',
    pattern: String.raw`(?s)-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----.{40,}?-----END (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----`,
    judge: () => 0.95,
  },
  {
    ...base, id: 'generic-jwt', name: { en: 'JSON web token', ko: 'JSON 웹 토큰' }, severity: 'medium', keywords: ['eyj'], checksum: 'jwt',
    pattern: String.raw`\b(eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,})`,
    // Who issues tokens says when, or numbers them; what has neither was written by hand to show something.
    judge: ({ secret }) => (/"(?:iat|jti)"/.test(Buffer.from(secret.split('.')[1]!, 'base64url').toString('latin1')) ? 0.8 : 0),
  },
  {
    ...base, id: 'generic-url-password', name: { en: 'Password in an address', ko: '주소에 포함된 비밀번호' }, severity: 'high', keywords: ['://'],
    pattern: String.raw`\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:@/"'<>|\\(){}\[\],;]{0,64}:(?P<secret>[^\s:@/"'<>|\\(){}\[\],;]{4,128})@[A-Za-z0-9\[][A-Za-z0-9.-]+`,
    judge: ({ secret, path }) => (ordinary.test(secret) || isWordy(secret) ? 0 : rehearsal.test(path) ? 0.5 : 0.75),
  },
  {
    ...base, id: 'generic-basic-authorization', name: { en: 'Basic authorization header', ko: '기본 인증 헤더' }, severity: 'medium', keywords: ['basic '],
    pattern: String.raw`(?i)authorization["']?\s{0,4}[:=,]\s{0,4}["']?basic \s{0,3}(?P<secret>[A-Za-z0-9+/]{8,200}={0,2})`,
    judge({ secret }) {
      const read = Buffer.from(secret, 'base64').toString('latin1')
      const at = read.indexOf(':')
      return at >= 0 && at < read.length - 3 && /^[\x20-\x7e]+$/.test(read) && !ordinary.test(read.slice(at + 1)) ? 0.8 : 0
    },
  },
  {
    ...base, id: 'generic-bearer-authorization', name: { en: 'Bearer token in a header', ko: '헤더의 베어러 토큰' }, severity: 'medium', keywords: ['bearer ', 'token '],
    pattern: String.raw`(?i)authorization["']?\s{0,4}[:=,]\s{0,4}["']?(?:bearer |token )\s{0,3}(?P<secret>[A-Za-z0-9._~+/=-]{16,512})`,
    judge: ({ secret, path }) => (secret.length >= 20 ? judgeValue('token', secret, path) : 0),
  },
  {
    ...base, id: 'generic-assigned-secret', name: { en: 'Secret in an assignment', ko: '코드나 설정에 대입된 비밀값' }, severity: 'medium', keywords: nameKeywords,
    pattern: String.raw`(?i)${secretNames}["'\x60]?\]?\s{0,4}(?:=>|:=|={1,3}|:|,)\s{0,4}["'\x60](?P<secret>[^\s"'\x60]{8,200})["'\x60]`,
    judge: ({ before, match, secret, path }) => judgeValue(nameOf(before, match, secret), secret, path),
  },
  {
    ...base, id: 'generic-configured-secret', name: { en: 'Secret in a configuration line', ko: '설정 줄의 비밀값' }, severity: 'medium', keywords: nameKeywords,
    pattern: String.raw`(?im)${secretNames}[ \t]{0,4}[:=][ \t]{0,4}(?P<secret>[^\s"'\x60]{8,200})[ \t\r]{0,8}$`,
    judge: ({ before, match, secret, path }) => (plainFile.test(path) && lineBegins.test(before) ? judgeValue(nameOf(before, match, secret), secret, path) : 0),
  },
]
