// Rules in YAML become SecretRule: a rule that cannot be used is refused with its place and the reason, and the rest is in force. rules.test.ts defends it,
// content/secrets/secrets.integration.test.ts with the rules themselves.
import { PatternError, compileRegex } from '@haechi/patterns'
import type { Severity } from '@haechi/risk'
import { load } from 'js-yaml'
import { checksums } from './checksum.ts'
import type { LiveCheck, SecretRule } from './model.ts'

/** A file as it was read by whoever owns files: `path` with forward slashes. */
export type RuleFile = { readonly path: string; readonly content: Uint8Array | string }

export type RuleRefusal = {
  readonly file: string
  /** From 1; null where the whole file is meant. */
  readonly line: number | null
  readonly code: 'file_too_large' | 'encoding_invalid' | 'yaml_invalid' | 'rule_invalid' | 'rule_duplicate' | 'pattern_invalid' | 'too_many'
  readonly reason: string
}

const MAX_FILE = 4 * 1_048_576
const MAX_RULES = 5_000
const MAX_KEYWORDS = 64
const SHORTEST_KEYWORD = 3
const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical']

class RuleProblem extends Error {
  readonly code: RuleRefusal['code']
  constructor(message: string, code: RuleRefusal['code'] = 'rule_invalid') {
    super(message)
    this.code = code
  }
}

/**
 * Rules of the files that end in `.yaml` or `.yml`: each file is a list of them. Nothing is thrown for what a file holds.
 * `compiled`: of files whose expressions a test compiles, which takes longer than the reading.
 */
export function readSecretRules(files: Iterable<RuleFile>, { compiled = false }: { readonly compiled?: boolean } = {}): { readonly rules: readonly SecretRule[]; readonly refused: readonly RuleRefusal[] } {
  const rules = new Map<string, { readonly rule: SecretRule; readonly file: string; readonly line: number | null }>()
  const refused: RuleRefusal[] = []
  const refuse = (file: string, line: number | null, error: unknown): void => {
    if (!(error instanceof RuleProblem) && !(error instanceof PatternError)) throw error
    refused.push({ file, line, code: error instanceof RuleProblem ? error.code : 'pattern_invalid', reason: error.message.slice(0, 300) })
  }
  for (const { path, content } of files) {
    if (!/\.ya?ml$/i.test(path)) continue
    try {
      const text = textOf(content)
      const document = yamlOf(text)
      const lines = text.split('\n').flatMap((line, at) => (line.startsWith('- ') ? [at + 1] : []))
      for (const [at, written] of document.entries()) {
        const line = lines.length === document.length ? lines[at] ?? null : null
        try {
          const rule = readRule(written)
          if (!compiled) for (const source of [rule.pattern, ...rule.allow]) compileRegex(source)
          if (rules.has(rule.id)) throw new RuleProblem(`${rule.id} is also in ${rules.get(rule.id)!.file}`, 'rule_duplicate')
          if (rules.size === MAX_RULES) throw new RuleProblem(`more than ${MAX_RULES} rules`, 'too_many')
          rules.set(rule.id, { rule, file: path, line })
        } catch (error) {
          refuse(path, line, error)
        }
      }
    } catch (error) {
      refuse(path, null, error)
    }
  }
  return { rules: [...rules.values()].map(({ rule }) => rule), refused }
}

function textOf(content: Uint8Array | string): string {
  if (content.length > MAX_FILE) throw new RuleProblem(`more than ${MAX_FILE} bytes`, 'file_too_large')
  if (typeof content === 'string') return content.replace(/^\ufeff/, '')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    throw new RuleProblem('not UTF-8', 'encoding_invalid')
  }
}

function yamlOf(text: string): readonly unknown[] {
  let document: unknown
  try {
    document = load(text)
  } catch (error) {
    throw new RuleProblem(error instanceof Error ? error.message : '', 'yaml_invalid')
  }
  if (!Array.isArray(document)) throw new RuleProblem('a file is a list of rules')
  return document
}

const ruleKeys = new Set(['id', 'name', 'provider', 'severity', 'keywords', 'pattern', 'entropy', 'efficiency', 'checksum', 'allow', 'over', 'live', 'positives', 'negatives'])
const liveKeys = new Set(['method', 'url', 'headers', 'body', 'alive', 'dead'])

type Written = Readonly<Record<string, unknown>>
const isRecord = (value: unknown): value is Written => typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
function only(value: Written, keys: ReadonlySet<string>, what: string): void {
  const unknown = Object.keys(value).find((key) => !keys.has(key))
  if (unknown !== undefined) throw new RuleProblem(`${what} has no ${unknown}`)
}
function texts(value: unknown, what: string): readonly string[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || !value.every(isText)) throw new RuleProblem(`${what} is a list of texts`)
  return value
}
function numberOrNull(value: unknown, what: string): number | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'number' || !(value > 0 && value <= 8)) throw new RuleProblem(`${what} is a number above 0, 8 at most`)
  return value
}

function readRule(written: unknown): SecretRule {
  if (!isRecord(written)) throw new RuleProblem('a rule is a map')
  only(written, ruleKeys, 'a rule')
  const { id, name, provider = null, severity, pattern, checksum = null } = written
  if (typeof id !== 'string' || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(id)) throw new RuleProblem('id is missing, or not of lower case letters, digits and -')
  if (!isRecord(name) || !isText(name['en']) || !isText(name['ko'])) throw new RuleProblem(`name of ${id} is a map with en and ko`)
  only(name, new Set(['en', 'ko']), `name of ${id}`)
  if (provider !== null && !isText(provider)) throw new RuleProblem(`provider of ${id} is a text`)
  const known = severities.find((each) => each === severity)
  if (known === undefined) throw new RuleProblem(`severity of ${id} is one of ${severities.join(', ')}`)
  const keywords = texts(written['keywords'], `keywords of ${id}`)
  if (keywords.length === 0 || keywords.length > MAX_KEYWORDS || keywords.some(({ length }) => length < SHORTEST_KEYWORD)) throw new RuleProblem(`${id} needs 1 to ${MAX_KEYWORDS} keywords of ${SHORTEST_KEYWORD} characters or more`)
  if (!isText(pattern)) throw new RuleProblem(`${id} has no pattern`)
  if (checksum !== null && (typeof checksum !== 'string' || !Object.hasOwn(checksums, checksum))) throw new RuleProblem(`checksum of ${id} is one of ${Object.keys(checksums).join(', ')}`)
  const allow = texts(written['allow'], `allow of ${id}`)
  return {
    id, name: { en: name['en'], ko: name['ko'] }, provider, severity: known, keywords, pattern,
    entropy: numberOrNull(written['entropy'], `entropy of ${id}`), efficiency: numberOrNull(written['efficiency'], `efficiency of ${id}`), checksum, allow,
    over: texts(written['over'], `over of ${id}`), live: readLive(id, written['live']),
    positives: texts(written['positives'], `positives of ${id}`), negatives: texts(written['negatives'], `negatives of ${id}`),
  }
}

function readLive(id: string, written: unknown): LiveCheck | null {
  if (written === undefined || written === null) return null
  if (!isRecord(written)) throw new RuleProblem(`live of ${id} is a map`)
  only(written, liveKeys, `live of ${id}`)
  const { method = 'GET', url, headers = {}, body = null, alive, dead } = written
  if (method !== 'GET' && method !== 'POST') throw new RuleProblem(`method of ${id} is GET or POST`)
  // The host is the rule's own: nothing of a text may choose where its secrets are sent.
  if (typeof url !== 'string' || !/^https:\/\/[a-z0-9.-]+(?::\d+)?(?:\/|$)/.test(url)) throw new RuleProblem(`url of ${id} begins with https:// and a host in lower case`)
  if (!isRecord(headers) || !Object.values(headers).every((value) => typeof value === 'string')) throw new RuleProblem(`headers of ${id} are a map of texts`)
  if (body !== null && typeof body !== 'string') throw new RuleProblem(`body of ${id} is a text`)
  if (![url, body ?? '', ...Object.values(headers)].some((text) => (text as string).includes('{secret}'))) throw new RuleProblem(`live of ${id} says nowhere where {secret} goes`)
  const statuses = (value: unknown): readonly number[] => {
    if (!Array.isArray(value) || value.length === 0 || !value.every((each) => Number.isInteger(each) && each >= 100 && each < 600)) throw new RuleProblem(`alive and dead of ${id} are lists of statuses`)
    return value as number[]
  }
  return { method, url, headers: headers as Readonly<Record<string, string>>, body, alive: statuses(alive), dead: statuses(dead) }
}
