// The page of a scan: one file that opens anywhere, without a script, a font or a picture from elsewhere; its policy forbids them even if something slipped in.
// Whatever comes from a target is text here, never markup. Defended by page.test.ts.
import { bandName, dayOf, explain, levelName, weaknessName } from '@haechi/risk'
import type { Level, Severity, Text } from '@haechi/risk'
import type { Asset, AssetKind, Problem, ScanTotals } from './model.ts'

export type PageContent = {
  readonly problems: readonly Problem[]
  readonly assets: readonly Asset[]
  readonly held: readonly { readonly asset: string; readonly place: string; readonly id: string; readonly reason: Text }[]
  /** `fault` in words. */
  readonly faults: readonly { readonly asset: string; readonly place: string; readonly fault: string; readonly message: Text }[]
  readonly screenshots: readonly { readonly site: string; readonly png: Uint8Array }[]
  readonly totals: ScanTotals
  readonly targets: readonly string[]
  readonly scope: { readonly owner: string; readonly until: number } | null
  readonly startedAt: number
  readonly endedAt: number
  readonly version: string
}

type Language = 'en' | 'ko'

const texts = {
  en: {
    title: 'Scan of {targets}', summary: 'Summary', problems: 'What to do, in this order', assets: 'What was found', page: 'Haechi {version}, {from} to {to} (UTC)', scope: 'Allowed by {owner}, until {until}', own: 'Addresses of the machine that scanned',
    none: 'Nothing of this kind.', evidence: 'Evidence', remedy: 'What to do', decision: 'Why', place: 'Place', asset: 'Asset', weakness: 'Weakness', severity: 'Severity', due: 'Due', order: 'Order', confidence: 'Confidence', what: 'What it is', kind: 'Kind', reason: 'Reason',
    held: 'Held back: not believed, or mended by the distribution', faults: 'Not looked at to the end', silent: 'Hosts that did not answer', interrupted: 'The scan was interrupted: what is here was found until then.', screenshots: 'Pages', ports: '{open} of {tried} ports open', level: 'Level', nothing: 'No weakness was found by what was looked at.',
    more: '{count} more are in the lines of --json.',
  },
  ko: {
    title: '{targets} 검사 결과', summary: '요약', problems: '조치할 일과 순서', assets: '발견한 자산', page: 'Haechi {version}, {from} ~ {to} (UTC)', scope: '{owner}의 허가, {until}까지', own: '검사를 실행한 컴퓨터의 주소',
    none: '해당 항목이 없습니다.', evidence: '증거', remedy: '조치 방법', decision: '판단 근거', place: '위치', asset: '자산', weakness: '취약점', severity: '심각도', due: '기한', order: '순서', confidence: '신뢰도', what: '내용', kind: '종류', reason: '이유',
    held: '보류: 믿을 수 없거나 배포판에서 이미 수정됨', faults: '끝까지 확인하지 못한 곳', silent: '응답하지 않은 호스트', interrupted: '검사가 중단되었습니다. 그때까지 발견한 내용입니다.', screenshots: '화면', ports: '포트 {tried}개 중 {open}개 열림', level: '등급', nothing: '확인한 범위에서 취약점을 찾지 못했습니다.',
    more: '나머지 {count}건은 --json 출력에 있습니다.',
  },
} as const
const severities: Readonly<Record<Language, Readonly<Record<Severity, string>>>> = {
  en: { critical: 'critical', high: 'high', medium: 'medium', low: 'low', info: 'info' },
  ko: { critical: '심각', high: '높음', medium: '보통', low: '낮음', info: '참고' },
}
const kinds: Readonly<Record<Language, Readonly<Record<AssetKind, string>>>> = {
  en: { zone: 'DNS zones', name: 'names', host: 'hosts', service: 'services', site: 'web sites', api: 'APIs', bucket: 'buckets', certificate: 'certificates' },
  ko: { zone: 'DNS 영역', name: '이름', host: '호스트', service: '서비스', site: '웹 사이트', api: 'API', bucket: '버킷', certificate: '인증서' },
}
const levels: readonly Level[] = ['urgent', 'remedy', 'watch']
/** A page that no browser can show helps nobody. */
const mostRows = 2_000

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
// oxlint-disable-next-line no-control-regex -- they are looked for
const unseen = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g
/** Text as text; control characters and those that turn the direction of writing are shown as what they are. */
const safe = (text: string): string => text.toWellFormed().replaceAll(/[&<>"']/g, (mark) => escapes[mark]!).replaceAll(unseen, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
const filled = (text: string, values: Readonly<Record<string, string | number>>): string => text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
const minute = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')
const percent = (value: number): string => `${Math.round(value * 100)} %`

const style = `
:root{color-scheme:light dark;--text:#1b1f24;--quiet:#57606a;--back:#fff;--panel:#f6f8fa;--line:#d0d7de;--urgent:#b42318;--remedy:#8a4b00;--watch:#175cd3}
@media(prefers-color-scheme:dark){:root{--text:#e6edf3;--quiet:#9aa4af;--back:#0d1117;--panel:#161b22;--line:#30363d;--urgent:#ff8a80;--remedy:#ffb74d;--watch:#82b1ff}}
*{box-sizing:border-box}body{margin:0 auto;max-width:76rem;padding:1.5rem;font:15px/1.5 system-ui,-apple-system,"Pretendard","Apple SD Gothic Neo","Malgun Gothic","Noto Sans KR",sans-serif;color:var(--text);background:var(--back)}
h1{font-size:1.5rem;margin:0 0 .25rem;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}h3{font-size:1rem;margin:1.25rem 0 .25rem}
.quiet{color:var(--quiet)}.tiles{display:flex;flex-wrap:wrap;gap:.75rem;margin:1rem 0;padding:0;list-style:none}.tiles li{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:.6rem 1rem;min-width:8rem}.tiles b{display:block;font-size:1.6rem;line-height:1.2}
.urgent{color:var(--urgent)}.remedy{color:var(--remedy)}.watch{color:var(--watch)}
details{border:1px solid var(--line);border-radius:8px;margin:.4rem 0;background:var(--panel)}summary{cursor:pointer;padding:.5rem .75rem;display:grid;grid-template-columns:6rem 6.5rem 1fr auto;gap:.75rem;align-items:baseline}
summary:focus-visible{outline:2px solid var(--watch);outline-offset:2px}summary span{overflow-wrap:anywhere}details dl{margin:0;padding:0 .75rem .75rem;display:grid;grid-template-columns:8rem 1fr;gap:.25rem .75rem}dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}th{color:var(--quiet);font-weight:600}
figure{margin:0 0 1rem;display:inline-block;width:min(100%,24rem);vertical-align:top;padding-right:1rem}figure img{width:100%;border:1px solid var(--line);border-radius:6px}figcaption{font-size:.85rem;color:var(--quiet);overflow-wrap:anywhere}
@media(max-width:40rem){summary{grid-template-columns:1fr 1fr}summary span:nth-child(3){grid-column:1/-1}details dl{grid-template-columns:1fr}}
@media print{details{break-inside:avoid}body{max-width:none}}`

/** A self-contained page in one language. Problems are shown in the order in which they are to be dealt with. */
export function toPage(content: PageContent, language: Language): string {
  const text = texts[language]
  const { problems, assets, held, faults, screenshots, totals, targets, scope, startedAt, endedAt, version } = content
  const title = filled(text.title, { targets: targets.slice(0, 3).join(', ') + (targets.length > 3 ? ', …' : '') })
  const count = (level: Level): number => problems.filter(({ decision }) => decision.level === level).length
  const head = (names: readonly string[]): string => `<thead><tr>${names.map((name) => `<th scope="col">${safe(name)}</th>`).join('')}</tr></thead>`
  const rows = (lines: readonly (readonly string[])[]): string => `<tbody>${lines.slice(0, mostRows).map((cells) => `<tr>${cells.map((cell) => `<td>${safe(cell)}</td>`).join('')}</tr>`).join('\n')}</tbody>`
  const table = (names: readonly string[], lines: readonly (readonly string[])[]): string => `<table>${head(names)}${rows(lines)}</table>${more(lines.length, text.more)}`
  const section = (name: string, body: string): string => `<section><h2>${safe(name)}</h2>${body}</section>\n`
  const shown = problems.slice(0, mostRows)
  const kindsFound = (Object.keys(kinds[language]) as AssetKind[]).flatMap((kind) => {
    const of = assets.filter((asset) => asset.kind === kind)
    return of.length === 0 ? [] : [`<h3>${safe(kinds[language][kind])} <span class="quiet">${of.length}</span></h3>${table([text.asset, text.what, text.confidence], of.map(({ id, summary, confidence }) => [id, summary[language], percent(confidence)]))}`]
  })
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"><meta name="referrer" content="no-referrer"><title>${safe(title)}</title><style>${style}</style></head>
<body><header><h1>${safe(title)}</h1>
<p class="quiet">${safe(filled(text.page, { version, from: minute(startedAt), to: minute(endedAt) }))}<br>${safe(scope === null ? text.own : filled(text.scope, { owner: scope.owner, until: minute(scope.until) }))}</p>
${totals.interrupted ? `<p class="urgent"><strong>${safe(text.interrupted)}</strong></p>` : ''}</header>
<main>${section(text.summary, `<ul class="tiles">${levels.map((level) => `<li class="${level}"><b>${count(level)}</b>${safe(levelName(level, language))}</li>`).join('')}${(Object.keys(kinds[language]) as AssetKind[]).filter((kind) => (totals.assets[kind] ?? 0) > 0).map((kind) => `<li><b>${totals.assets[kind]}</b>${safe(kinds[language][kind])}</li>`).join('')}</ul><p>${safe(filled(text.ports, { open: totals.ports.open, tried: totals.ports.tried }))}</p>`)}${
    section(text.problems, shown.length === 0 ? `<p>${safe(text.nothing)}</p>` : shown.map((problem) => problemOf(problem, language)).join('\n') + more(problems.length, text.more))}${
    section(text.assets, kindsFound.length === 0 ? `<p>${safe(text.none)}</p>` : kindsFound.join('\n'))}${
    screenshots.length === 0 ? '' : section(text.screenshots, screenshots.map(({ site, png }) => `<figure><img src="data:image/png;base64,${Buffer.from(png).toString('base64')}" alt="${safe(site)}" loading="lazy"><figcaption>${safe(site)}</figcaption></figure>`).join('\n'))}${
    held.length === 0 ? '' : section(text.held, table([text.asset, text.place, text.weakness, text.reason], held.map((one) => [one.asset, one.place, one.id, one.reason[language]])))}${
    faults.length === 0 ? '' : section(text.faults, table([text.asset, text.place, text.reason], faults.map((one) => [one.asset, one.place, `${one.fault}: ${one.message[language]}`])))}${
    totals.silent.length === 0 ? '' : section(text.silent, `<p>${safe(totals.silent.slice(0, mostRows).join(', '))}</p>`)}</main></body></html>
`
}

const more = (length: number, text: string): string => (length <= mostRows ? '' : `<p class="quiet">${safe(filled(text, { count: length - mostRows }))}</p>`)

function problemOf({ asset, place, title, remedy, severity, confidence, evidence, decision, weakness, cve, id }: Problem, language: Language): string {
  const text = texts[language]
  const { level, due, band } = decision
  const lines: readonly (readonly [string, string])[] = [
    [text.asset, asset], [text.place, place], [text.weakness, [id, weaknessName(weakness, language), ...cve.filter((each) => each !== id)].join(', ')], [text.evidence, evidence[language]], ...(remedy === null ? [] : [[text.remedy, remedy[language]] as const]),
    [text.decision, [bandName(band, language), ...explain(decision, language).slice(1)].join(' ')], [text.confidence, percent(confidence)],
  ]
  return `<details><summary><span class="${level}"><strong>${safe(levelName(level, language))}</strong></span><span>${safe(severities[language][severity])}</span><span>${safe(title[language])} <span class="quiet">${safe(asset)}, ${safe(place)}</span></span><span class="quiet">${safe(due === null ? '' : dayOf(due))}</span></summary><dl>${
    lines.map(([name, value]) => `<dt>${safe(name)}</dt><dd>${safe(value)}</dd>`).join('')}</dl></details>`
}
