import type { SecurityScheme } from './model.ts'
import { CallProblem, credentialsMissing } from './problem.ts'

/**
 * Secrets by the id of their security scheme, held by whoever makes the calls and never by the model: the key itself for apiKey; 'user:password' for http basic;
 * the token for http bearer, oauth2 and openIdConnect; all that follows the scheme's name for other http schemes. For mutualTLS any text says that the
 * port to the network holds the certificate.
 */
export type Credentials = { readonly [schemeId: string]: string }

/** What credentials add to a request: values as they are written, not encoded. Header names in lower case. */
export type Injected = { readonly headers: readonly (readonly [string, string])[]; readonly query: readonly (readonly [string, string])[]; readonly cookies: readonly (readonly [string, string])[] }

const nothing: Injected = { headers: [], query: [], cookies: [] }

/**
 * The first alternative for which every credential is there; where none is, the call goes out anonymously if the API allows that.
 * Errors: CallProblem credentials_missing, credential_invalid, with the names of schemes only.
 */
export function inject(alternatives: readonly (readonly SecurityScheme[])[], credentials: Credentials): Injected {
  if (alternatives.length === 0) return nothing
  const chosen = alternatives.find((all) => all.length > 0 && all.every((scheme) => scheme.type !== 'other' && Object.hasOwn(credentials, scheme.id)))
  if (chosen === undefined) {
    if (alternatives.some((all) => all.length === 0)) return nothing
    throw credentialsMissing(alternatives)
  }
  const headers = new Map<string, string>()
  const query = new Map<string, string>()
  const cookies = new Map<string, string>()
  for (const scheme of chosen) {
    const secret = credentials[scheme.id] ?? ''
    // oxlint-disable-next-line no-control-regex -- what ends a line is what is looked for
    if (secret === '' || /[\u0000-\u001F\u007F]/.test(secret) || !secret.isWellFormed()) {
      throw new CallProblem('credential_invalid', scheme.id, `The credential set up for '${scheme.id}' is empty or has control characters in it. Whoever runs this server has to set it again.`)
    }
    const add = (into: Map<string, string>, name: string, value: string): void => {
      // Documents that mean 'or' write 'and': of two in one place only one can be sent.
      if (!into.has(name)) into.set(name, value)
    }
    if (scheme.type === 'apiKey') {
      const name = scheme.name ?? ''
      if (scheme.in === 'query') add(query, name, secret)
      else if (scheme.in === 'cookie') add(cookies, name, secret)
      else add(headers, name.toLowerCase(), secret)
    } else if (scheme.type === 'http' && scheme.scheme === 'basic') {
      add(headers, 'authorization', `Basic ${Buffer.from(secret).toString('base64')}`)
    } else if (scheme.type === 'http' && scheme.scheme !== 'bearer') {
      // RFC 9110 §11.1 compares names of schemes without case; the customary spelling begins with a capital.
      const name = scheme.scheme ?? ''
      add(headers, 'authorization', `${name.charAt(0).toUpperCase()}${name.slice(1)} ${secret}`)
    } else if (scheme.type !== 'mutualTLS') {
      add(headers, 'authorization', `Bearer ${secret}`)
    }
  }
  return { headers: [...headers], query: [...query], cookies: [...cookies] }
}

/** All forms in which what was set up may come back in an answer, the longest first. A text of fewer than 4 characters is no secret and stands everywhere. */
export function secretTexts(credentials: Credentials): readonly string[] {
  const texts = new Set<string>()
  for (const secret of Object.values(credentials)) {
    const colon = secret.indexOf(':')
    for (const text of colon < 0 ? [secret] : [secret, secret.slice(colon + 1)]) {
      texts.add(text)
      texts.add(encodeURIComponent(text.toWellFormed()))
      texts.add(JSON.stringify(text).slice(1, -1))
    }
    texts.add(Buffer.from(secret).toString('base64'))
  }
  return [...texts].filter((text) => text.length >= 4).sort((a, b) => b.length - a.length)
}
