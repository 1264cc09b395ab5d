// Texts as terms that a search compares: names are taken apart (camelCase, snake_case, kebab-case, dots), English endings taken off, Hangul and other
// scripts without spaces cut into pairs of syllables, so that particles (사용자를, 사용자의) do not hide a word.
// Held by search-words.test.ts: one text gives the same terms however it is written, and never more than its length.

/** What a verb asks an operation to do. */
export type Intent = 'read' | 'list' | 'create' | 'update' | 'delete'

const verbs: readonly (readonly [Intent, readonly string[]])[] = [
  ['list', ['list', 'browse', 'enumerate', 'all', '목록', '리스트']],
  ['read', ['get', 'fetch', 'read', 'retrieve', 'show', 'view', 'describe', 'download', 'return', 'find', 'look', 'lookup', 'check', 'count', '조회', '확인', '보기', '상세']],
  ['create', ['create', 'add', 'post', 'new', 'insert', 'register', 'make', 'submit', 'upload', '생성', '등록', '추가', '만들기', '작성', '발급']],
  ['update', ['update', 'patch', 'edit', 'set', 'change', 'modify', 'replace', 'rename', 'put', '수정', '변경', '갱신', '편집', '설정']],
  ['delete', ['delete', 'remove', 'destroy', 'erase', 'drop', 'unset', '삭제', '제거', '지우기']],
]

/** Words of Korean queries as English documents have them. */
const translated: Readonly<Record<string, readonly string[]>> = {
  사용자: ['user'], 회원: ['member', 'user'], 그룹: ['group'], 조직: ['organization', 'org'], 팀: ['team'], 역할: ['role'], 권한: ['permission', 'role'], 계정: ['account'], 비밀번호: ['password'], 토큰: ['token'], 인증: ['auth', 'authentication'],
  파일: ['file'], 폴더: ['folder'], 문서: ['document'], 첨부: ['attachment'], 메일: ['mail', 'message'], 메시지: ['message'], 알림: ['notification', 'alert'], 경보: ['alert'], 댓글: ['comment'], 일정: ['event', 'calendar'], 달력: ['calendar'], 연락처: ['contact'],
  저장소: ['repository', 'repo'], 이슈: ['issue'], 브랜치: ['branch'], 프로젝트: ['project'], 배포: ['deployment'], 로그: ['log'], 감사: ['audit'], 상태: ['status'], 버전: ['version'], 설정: ['setting', 'config'], 장치: ['device'], 기기: ['device'], 서버: ['server'],
  고객: ['customer'], 주문: ['order'], 상품: ['product'], 결제: ['payment'], 환불: ['refund'], 청구서: ['invoice'], 구독: ['subscription'], 카드: ['card'], 잔액: ['balance'], 쿠폰: ['coupon'], 검색: ['search'], 규칙: ['rule'], 정책: ['policy'], 보고서: ['report'], 키: ['key'], 비밀: ['secret'],
}

/** Short and long forms of the same, as paths and texts use them. */
const abbreviations: readonly (readonly string[])[] = [
  ['repo', 'repository'], ['org', 'organization', 'organisation'], ['config', 'configuration'], ['auth', 'authentication', 'authorization'], ['info', 'information'], ['app', 'application'], ['env', 'environment'], ['admin', 'administrator', 'administration'],
  ['doc', 'document'], ['db', 'database'], ['param', 'parameter'], ['cert', 'certificate'], ['stat', 'statistic'], ['ref', 'reference'], ['dir', 'directory'], ['img', 'image'], ['msg', 'message'], ['num', 'number', 'count'], ['vm', 'machine'], ['mail', 'email'], ['spec', 'specification'],
]

const stopWords = new Set(['a', 'an', 'the', 'of', 'to', 'for', 'in', 'on', 'by', 'with', 'from', 'and', 'or', 'is', 'are', 'be', 'that', 'this', 'it', 'its', 'as', 'at', 'i', 'can', 'you', 'your', 'will', 'how', 'do', 'want', 'please'])

const syllables = /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+/gu
const parts = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{Lt}\p{M}]+|\p{N}+/gu
/** A word with what joins its parts. */
const words = /[\p{L}\p{N}\p{M}]+(?:[_-][\p{L}\p{N}\p{M}]+)*/gu
const longest = 64

/** A word in small letters without English endings of plural and verb. What is left need not be a word: 'policies', 'policy' -> 'polici'. */
export function stem(word: string): string {
  let end = word
  if (end.length > 3 && end.endsWith('ies')) end = `${end.slice(0, -3)}y`
  else if (end.length > 4 && /(?:ss|x|ch|sh|z)es$/.test(end)) end = end.slice(0, -2)
  else if (end.length > 2 && end.endsWith('s') && !/(?:ss|us|is)$/.test(end)) end = end.slice(0, -1)
  if (/[aeiouy].*ing$/.test(end) && end.length > 5) end = undoubled(end.slice(0, -3))
  else if (/[aeiouy].*[^e]ed$/.test(end) && end.length > 4) end = undoubled(end.slice(0, -2))
  if (end.length > 3 && end.endsWith('e')) end = end.slice(0, -1)
  if (end.length > 2 && end.endsWith('y')) end = `${end.slice(0, -1)}i`
  return end
}
const undoubled = (end: string): string => (/([bdgmnprt])\1$/.test(end) ? end.slice(0, -1) : end)

function termsOfWord(word: string): readonly string[] {
  const found: string[] = []
  const rest = word.replaceAll(syllables, (run) => {
    const letters = Array.from(run)
    if (letters.length === 1) found.push(run)
    for (let i = 1; i < letters.length; i += 1) found.push(`${letters[i - 1]}${letters[i]}`)
    return ' '
  })
  const pieces = rest.match(parts) ?? []
  for (const piece of pieces) found.push(stem(piece.toLowerCase()))
  // The whole too: 'bankAccounts', 'bank_accounts' and 'bankaccounts' meet there.
  if (pieces.length > 1) found.push(stem(pieces.join('').toLowerCase()))
  return found
}

/** A reading that remembers: the words of one API repeat themselves, and so do its short texts (tags, parameters). */
export function createTermReader(): (text: string) => readonly string[] {
  const knownWords = new Map<string, readonly string[]>()
  const knownTexts = new Map<string, readonly string[]>()
  return (text) => {
    const known = knownTexts.get(text)
    if (known !== undefined) return known
    const terms: string[] = []
    for (const word of text.normalize('NFC').match(words) ?? []) {
      let found = knownWords.get(word)
      if (found === undefined) {
        found = word.length > longest || stopWords.has(word.toLowerCase()) ? [] : termsOfWord(word)
        knownWords.set(word, found)
      }
      for (const term of found) terms.push(term)
    }
    if (text.length <= longest) knownTexts.set(text, terms)
    return terms
  }
}

const intents = new Map(verbs.flatMap(([intent, names]) => names.map((name) => [stem(name), intent] as const)))

/** What the terms ask for, by the first verb among them. Terms of Korean are pairs of syllables, so verbs are found as they are written there. */
export function intentOf(terms: readonly string[]): Intent | null {
  for (const term of terms) {
    const intent = intents.get(term)
    if (intent !== undefined) return intent
  }
  return null
}

const synonyms = new Map<string, readonly string[]>()
for (const [, names] of verbs) for (const name of names) synonyms.set(stem(name), names.map(stem).filter((other) => other !== stem(name)))

/** Other verbs of the same intent. */
export function relatedTerms(terms: readonly string[]): Set<string> {
  const related = new Set(terms.flatMap((term) => synonyms.get(term) ?? []))
  for (const term of terms) related.delete(term)
  return related
}

const otherForms = new Map(abbreviations.flatMap((forms) => forms.map((form) => [stem(form), forms.map(stem)] as const)))
const meanings = Object.entries(translated).map(([word, found]) => [word, found.map(stem)] as const)

/**
 * Other names of the same: short and long forms, and what the Korean words of a query are called in English documents. Those are looked for within words:
 * particles stand behind them, and compounds are written together.
 */
export function otherNames(query: string, terms: readonly string[]): Set<string> {
  const others = new Set(terms.flatMap((term) => otherForms.get(term) ?? []))
  for (const [run] of query.normalize('NFC').matchAll(syllables)) {
    for (const [word, found] of meanings) if (run === word || (word.length > 1 && run.includes(word))) for (const one of found) others.add(one)
  }
  for (const term of terms) others.delete(term)
  return others
}

/** Known terms that an unknown one may have meant: those that it begins, else those at one slip from it (two from eight letters on) whose first letters agree somehow. At most 5. */
export function nearTerms(term: string, known: Iterable<string>): string[] {
  const begun: string[] = []
  const slipped: string[] = []
  const slips = term.length >= 8 ? 2 : 1
  for (const other of known) {
    if (term.length >= 3 && other.startsWith(term)) begun.push(other)
    else if (term.length >= 4 && Math.abs(other.length - term.length) <= slips && (other[0] === term[0] || other[0] === term[1] || other[1] === term[0]) && withinSlips(term, other, slips)) slipped.push(other)
  }
  return (begun.length > 0 ? begun : slipped).sort((a, b) => a.length - b.length || (a < b ? -1 : 1)).slice(0, 5)
}

/** Optimal string alignment distance, given up as soon as it is more than `most`. */
export function withinSlips(one: string, other: string, most: number): boolean {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, j) => j)
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i]
    let least = i
    for (let j = 1; j <= other.length; j += 1) {
      let cost = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) cost = Math.min(cost, before[j - 2]! + 1)
      next.push(cost)
      least = Math.min(least, cost)
    }
    if (least > most) return false
    before = row
    row = next
  }
  return row[other.length]! <= most
}
