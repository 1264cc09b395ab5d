// What people read of an incident before anything else: one sentence in their language. Invariants: a title names what happened and where, is never empty and
// never longer than 200 characters, and of the order of the facts only ties between hosts and users depend. Held by titles.test.ts. Pure.
import { tacticPhrase, tacticRank, techniqueOf } from './techniques.ts'

type Severity = 'critical' | 'high' | 'medium' | 'low' | 'informational'
type Text = { en: string; ko: string }

/** `rules`: those of the incident's alerts, with the techniques of each where they are known: the gravest rule says what the title is about. */
export type TitleFacts = {
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  readonly hosts: readonly string[]
  readonly users: readonly string[]
  readonly rules: readonly { readonly title: string; readonly ko?: { readonly title: string }; readonly severity: Severity; readonly techniques?: readonly string[] }[]
}

const LEVELS: readonly Severity[] = ['informational', 'low', 'medium', 'high', 'critical']
const LONGEST_NAME = 48
const LONGEST_TITLE = 200

/** "Credential dumping from LSASS on WS-12 and 2 more, by svc-backup"; "WS-12 외 2대에서 LSASS 자격 증명 덤프 (svc-backup)". */
export function titleOf(facts: TitleFacts): Text {
  const what = phraseOf(facts)
  const hosts = distinct(facts.hosts)
  const users = people(facts.users)
  const [host, user] = [hosts[0], users[0]]
  const more = (count: number): string => (count > 1 ? ` and ${count - 1} more` : '')
  return {
    en: cut(`${what.en}${host === undefined ? '' : ` on ${name(host)}${more(hosts.length)}`}${user === undefined ? '' : `, by ${plain(user)}${more(users.length)}`}`),
    ko: cut(`${host === undefined ? '' : `${name(host)}${hosts.length > 1 ? ` 외 ${hosts.length - 1}대` : ''}에서 `}${what.ko}${user === undefined ? '' : ` (${plain(user)}${users.length > 1 ? ` 외 ${users.length - 1}명` : ''})`}`),
  }
}

/** The phrase of the technique that tells most, else the gravest rule's own title, else the phrase of the tactic. */
function phraseOf({ techniques, tactics, rules }: TitleFacts): Text {
  const gravest = Math.max(-1, ...rules.map(({ severity }) => LEVELS.indexOf(severity)))
  const grave = rules.filter(({ severity }) => LEVELS.indexOf(severity) === gravest)
  const technique = telling(grave.map((rule) => rule.techniques ?? [])) ?? telling(techniques.map((id) => [id]))
  if (technique !== null) return technique
  const title = grave.map(ruleTitle).filter(({ en }) => en !== '').toSorted((a, b) => (a.en < b.en ? -1 : 1))[0]
  if (title !== undefined) return title
  const tactic = [...tactics].sort((a, b) => tacticRank(b) - tacticRank(a) || (a < b ? -1 : 1))[0]
  return (tactic === undefined ? null : tacticPhrase(tactic)) ?? { en: 'Suspicious activity', ko: '의심스러운 활동' }
}

/** A rule that speaks no Korean is named as it names itself. */
export const ruleTitle = ({ title, ko }: { readonly title: string; readonly ko?: { readonly title: string } }): Text => ({ en: title.trim(), ko: (ko?.title ?? title).trim() })

/** So many rules for one technique say all that there is to say for it. */
const ENOUGH = 3

/**
 * Of the techniques that rules name the one of the gravest tactic, unless another is far better founded: a rule that names several speaks a part for each.
 * Among equals the more precise, then by id.
 */
function telling(named: readonly (readonly string[])[]): Text | null {
  const weights = new Map<string, number>()
  for (const ids of named) for (const id of ids) weights.set(id, (weights.get(id) ?? 0) + 1 / ids.length)
  const known = [...weights].flatMap(([id, weight]) => {
    const technique = techniqueOf(id)
    return technique === null ? [] : [{ technique, score: Math.round(100 * (tacticRank(technique.tactic) + 2 * Math.log2(Math.min(weight, ENOUGH)))) }]
  })
  const first = known.sort((a, b) => b.score - a.score || b.technique.id.length - a.technique.id.length || (a.technique.id < b.technique.id ? -1 : 1))[0]
  return first === undefined ? null : first.technique.phrase
}

/** The names that occur most first, then as they came. The same name in another case is the same. */
function distinct(names: readonly string[]): string[] {
  const seen = new Map<string, { name: string; times: number }>()
  for (const text of names.map((each) => each.trim()).filter((each) => each !== '')) {
    const known = seen.get(text.toLowerCase())
    if (known === undefined) seen.set(text.toLowerCase(), { name: text, times: 1 })
    else known.times++
  }
  return [...seen.values()].sort((a, b) => b.times - a.times).map((each) => each.name)
}

/** Who a person would ask about: accounts of the system and of machines say nothing. */
const people = (users: readonly string[]): string[] => distinct(users).filter((user) => !/\$$|^(?:NT AUTHORITY\\)?(?:SYSTEM|LOCAL SERVICE|NETWORK SERVICE|ANONYMOUS LOGON|LocalSystem|-)$|^(?:DWM|UMFD)-\d+$/i.test(user))

/** Names come from events: no line breaks, no hidden characters, and no novel. */
const plain = (text: string): string => cut(text.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim(), LONGEST_NAME)
/** The domain of a host is left to the page. A dot in an account is part of its name. */
const name = (text: string): string => plain(/^[\d.]+$|[@:/\\]/.test(text.trim()) ? text : text.trim().split('.', 1)[0] as string)
/** Whole characters, at most so many code units. */
const cut = (text: string, most = LONGEST_TITLE): string => (text.length > most ? `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : text)

export type SeverityAsset = { readonly name: string; readonly criticality: 'low' | 'normal' | 'high' | 'critical'; readonly exposure: 'unknown' | 'internal' | 'internet' }

/**
 * The highest level of the alerts, one step higher where an asset among them is critical or exposed to the internet (one step, however many reasons). `assets` are those
 * of the incident. Only a person lowers a severity.
 */
export function severityOf(alerts: readonly { readonly severity: Severity; readonly rule: { readonly title: string; readonly ko?: { readonly title: string } } }[], assets: readonly SeverityAsset[]): { severity: Severity; reasons: Text[] } {
  const highest = Math.max(0, ...alerts.map(({ severity }) => LEVELS.indexOf(severity)))
  const titles = alerts.filter(({ severity }) => LEVELS.indexOf(severity) === highest).map(({ rule }) => ruleTitle(rule))
  const grounds = [...new Map(titles.map((title) => [title.en, title])).values()].toSorted((a, b) => (a.en < b.en ? -1 : 1))
  const level = LEVELS[highest] as Severity
  const reasons: Text[] = grounds.slice(0, 3).map((title) => ({ en: `${capital(level)} by the rule “${title.en}”`, ko: `“${title.ko}” 규칙의 수준은 ‘${LEVEL_NAMES[level]}’입니다` }))
  if (alerts.length === 0 || highest === LEVELS.length - 1) return { severity: level, reasons }
  const raising = assets.toSorted((a, b) => (a.name < b.name ? -1 : 1)).flatMap(({ name: asset, criticality, exposure }): Text[] => [
    ...(criticality === 'critical' ? [{ en: `Raised one step: ${asset} is a critical asset`, ko: `핵심 자산(${asset})이 포함되어 한 단계 높였습니다` }] : []),
    ...(exposure === 'internet' ? [{ en: `Raised one step: ${asset} is reachable from the internet`, ko: `인터넷에 노출된 자산(${asset})이 포함되어 한 단계 높였습니다` }] : []),
  ])
  return raising.length === 0 ? { severity: level, reasons } : { severity: LEVELS[highest + 1] as Severity, reasons: [...reasons, ...raising.slice(0, 3)] }
}

const LEVEL_NAMES: Readonly<Record<Severity, string>> = { critical: '심각', high: '높음', medium: '보통', low: '낮음', informational: '참고' }
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
