// What `mcp check` found, for those who read it: people at a terminal, a pull request, and the programs of a CI. What comes from a document is quoted as data
// in each of them: it breaks no markup, commands no terminal and mentions nobody. Defended by check-report.test.ts.
import { createHash } from 'node:crypto'
import type { ChangeKind, Grade } from '@haechi/openapi-tools'
import { grades, kinds } from '@haechi/openapi-tools'
import type { Language } from '@haechi/server/errors'
import { wrap } from '../help.ts'
import { grouped, safe } from '../layout.ts'
import type { Text } from '../texts.ts'
import { aboutKind, gradeWords } from './kind-words.ts'

/** A change of a tool, or `finding-CLASS`: what the scan found in the head and not in the base. */
export type Reported = {
  readonly grade: Grade
  readonly kind: ChangeKind | `finding-${string}`
  readonly operation: string
  readonly tool: string
  readonly place: string
  readonly detail: string
  readonly file: string
  /** From 1, in `file`; null where it is not known. */
  readonly line: number | null
}

export type Checked = {
  readonly base: string
  readonly head: string
  readonly changes: readonly Reported[]
  /** Names of all tools of the head, in order. */
  readonly tools: readonly string[]
  readonly failOn: Grade
}

export type Reader = { readonly text: Text; readonly language: Language; readonly width: number; readonly colour: boolean }

const rank = (grade: Grade): number => grades.indexOf(grade)
export const fails = ({ changes, failOn }: Checked): boolean => changes.some(({ grade }) => rank(grade) >= rank(failOn))

/** The same thing said of many tools is said once. */
type Group = { readonly grade: Grade; readonly kind: Reported['kind']; readonly place: string; readonly detail: string; readonly first: Reported; readonly tools: readonly string[] }

function groupsOf(changes: readonly Reported[]): Group[] {
  const groups = Map.groupBy(changes, ({ grade, kind, place, detail }) => JSON.stringify([grade, kind, place, detail]))
  return [...groups.values()].map((same) => ({ ...same[0]!, first: same[0]!, tools: [...new Set(same.map(({ tool }) => tool))] }))
    .sort((a, b) => rank(b.grade) - rank(a.grade) || (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : b.tools.length - a.tools.length || (a.first.tool < b.first.tool ? -1 : 1)))
}

/** For people: what has no effect on a tool is counted and not listed. */
const shownGroups = ({ changes }: Checked): Group[] => groupsOf(changes.filter(({ grade }) => grade !== 'none'))

function countsOf(changes: readonly Reported[]): readonly (readonly [Grade, number])[] {
  return grades.toReversed().map((grade) => [grade, changes.filter((change) => change.grade === grade).length] as const).filter(([, count]) => count > 0)
}

function summary(checked: Checked, { text, language }: Pick<Reader, 'text' | 'language'>): string {
  if (checked.changes.length === 0) return text('check_nothing')
  const counts = countsOf(checked.changes).map(([grade, count]) => `${gradeWords[language][grade]} ${grouped(count)}`).join(', ')
  return text('check_summary', { changes: grouped(checked.changes.length), tools: grouped(new Set(checked.changes.map(({ tool }) => tool)).size), counts })
}

const verdict = (checked: Checked, { text, language }: Pick<Reader, 'text' | 'language'>): string => text(fails(checked) ? 'check_failed' : 'check_passed', { grade: gradeWords[language][checked.failOn] })

const toolsOf = (tools: readonly string[], text: Text): string => (tools.length <= 3 ? tools.join(', ') : text('check_and_more', { tools: tools.slice(0, 2).join(', '), count: grouped(tools.length - 2) }))

// ---- a terminal

const colours: Readonly<Record<Grade, string>> = { dangerous: '35;1', breaking: '31;1', review: '33', safe: '32', none: '2' }

export function asText(checked: Checked, reader: Reader): string[] {
  const { text, language, width, colour } = reader
  const lines: string[] = []
  for (const [grade, groups] of Map.groupBy(shownGroups(checked), (group) => group.grade)) {
    const title = language === 'en' ? grade : `${gradeWords[language][grade]} (${grade})`
    lines.push(colour ? `\x1b[${colours[grade]}m${title}\x1b[0m` : title)
    for (const [kind, same] of Map.groupBy(groups, (group) => group.kind)) {
      lines.push(...indented(`${kind}: ${aboutKind(kind, language)}`, 2, width))
      for (const { detail, tools } of same) lines.push(...indented(`${detail} [${toolsOf(tools, text)}]`, 4, width))
    }
    lines.push('')
  }
  return [...lines, ...wrap(summary(checked, reader), width), ...wrap(verdict(checked, reader), width)]
}

const indented = (text: string, by: number, width: number): string[] => wrap(safe(text), Math.max(20, Math.min(width, 120) - by - 2)).map((line, at) => ' '.repeat(by + (at === 0 ? 0 : 2)) + line)

// ---- a pull request

/** What a comment may have, with room for what the platforms put around it. */
const mostMarkdown = 60_000
const icons: Readonly<Record<Grade, string>> = { dangerous: '🛑', breaking: '❌', review: '👀', safe: '✅', none: '➖' }

export function asMarkdown(checked: Checked, reader: Reader): string {
  const { text, language } = reader
  const head = [`### ${text('check_title')}`, '', `${fails(checked) ? icons.breaking : icons.safe} ${quoted(summary(checked, reader))} ${quoted(verdict(checked, reader))}`, '']
  const groups = shownGroups(checked)
  if (groups.length === 0) return `${head.join('\n').trimEnd()}\n`
  const lines = [...head, `| ${text('check_grade')} | ${text('check_kind')} | ${text('check_change')} | ${text('check_tools')} |`, '| --- | --- | --- | --- |']
  let length = lines.join('\n').length
  let left = groups.length
  for (const { grade, kind, detail, tools } of groups) {
    const row = `| ${icons[grade]} ${gradeWords[language][grade]} | ${quoted(kind)} | ${quoted(detail)} | ${quoted(toolsOf(tools, text))} |`
    if (length + row.length > mostMarkdown) break
    lines.push(row)
    length += row.length + 1
    left--
  }
  if (left > 0) lines.push('', text('check_rows_more', { count: grouped(left) }))
  return `${lines.join('\n')}\n`
}

/** Text, whatever it says: no markup, no HTML, no mention, no link, no end of a table's cell. */
const quoted = (text: string): string => safe(text).replaceAll(/[&<>@#]/g, (char) => `&#${char.charCodeAt(0)};`).replaceAll(/[\\`*_{}[\]()+!|~$]/g, String.raw`\$&`).replaceAll(/(https?|ftp|www)(?=[:.])/gi, '$1&#8203;')

// ---- programs

export function asJson({ changes }: Checked): string {
  return `${JSON.stringify({ changes })}\n`
}

const levels: Readonly<Record<Grade, 'error' | 'warning' | 'note' | 'none'>> = { dangerous: 'error', breaking: 'error', review: 'warning', safe: 'note', none: 'none' }

/** What code scanning takes in. */
const mostResults = 5_000

/** SARIF 2.1.0 (OASIS). One result a change, the worst first; what is gone is shown at the head, where it is missing. */
export function asSarif({ head, changes: all }: Checked, version: string): string {
  const changes = all.toSorted((a, b) => rank(b.grade) - rank(a.grade)).slice(0, mostResults)
  const ids = [...new Set(changes.map(({ kind }) => kind))].sort()
  const uriOf = (file: string): string => file.replaceAll('\\', '/').split('/').map((part) => encodeURIComponent(part).replaceAll('%3A', ':')).join('/')
  const gradeOf = (id: Reported['kind']): Grade => (Object.hasOwn(kinds, id) ? kinds[id as ChangeKind].grade : changes.find(({ kind }) => kind === id)!.grade)
  return `${JSON.stringify({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0',
    runs: [{
      tool: { driver: {
        name: 'haechi mcp check', semanticVersion: version,
        rules: ids.map((id) => ({ id, shortDescription: { text: id }, fullDescription: { text: aboutKind(id, 'en') }, defaultConfiguration: { level: levels[gradeOf(id)] }, properties: { grade: gradeOf(id) } })),
      } },
      columnKind: 'utf16CodeUnits',
      ...(all.length > changes.length ? { properties: { omitted: all.length - changes.length } } : {}),
      results: changes.map(({ grade, kind, operation, tool, place, detail, file, line }) => ({
        ruleId: kind, ruleIndex: ids.indexOf(kind), level: levels[grade], message: { text: `${tool}: ${detail}` },
        locations: [{
          physicalLocation: { artifactLocation: { uri: uriOf(head) }, region: { startLine: file === head ? line ?? 1 : 1 } },
          logicalLocations: [{ name: tool, fullyQualifiedName: place === '' ? operation : `${operation} ${place}`, kind: 'function' }],
        }],
        ...(file === head ? {} : { relatedLocations: [{ id: 1, message: { text: 'before' }, physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: line ?? 1 } } }] }),
        partialFingerprints: { 'haechiChange/v1': createHash('sha256').update(JSON.stringify([kind, operation, place, detail])).digest('hex') },
        properties: { grade },
      })),
    }],
  })}\n`
}

/** A testcase a tool, of which those fail that have changes of --fail-on or above; the others say theirs. */
export function asJunit({ head, changes, tools, failOn }: Checked): string {
  const byTool = Map.groupBy(changes, ({ tool }) => tool)
  const names = [...new Set([...tools, ...byTool.keys()])].sort()
  const lineOf = ({ grade, kind, detail, file, line }: Reported): string => `${grade} ${kind}: ${detail} (${file}${line === null ? '' : `:${line}`})`
  let failures = 0
  const cases = names.map((name) => {
    const found = byTool.get(name) ?? []
    const bad = found.filter(({ grade }) => rank(grade) >= rank(failOn)).sort((a, b) => rank(b.grade) - rank(a.grade))
    const good = found.filter((change) => !bad.includes(change))
    if (bad.length > 0) failures++
    return `    <testcase classname="${xml(head)}" name="${xml(name)}" file="${xml(head)}">${bad.length === 0 ? '' : `\n      <failure type="${xml(bad[0]!.kind)}" message="${xml(bad[0]!.detail)}">${xml(bad.map(lineOf).join('\n'))}</failure>`}${good.length === 0 ? '' : `\n      <system-out>${xml(good.map(lineOf).join('\n'))}</system-out>`}${found.length === 0 ? '' : '\n    '}</testcase>`
  })
  return `${['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="haechi mcp check" tests="${names.length}" failures="${failures}" errors="0">`, `  <testsuite name="${xml(head)}" tests="${names.length}" failures="${failures}" errors="0" skipped="0">`, ...cases, '  </testsuite>', '</testsuites>'].join('\n')}\n`
}

const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }
// What XML 1.0 cannot say at all becomes what is not known.
const xml = (text: string): string => text.toWellFormed().replaceAll(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD').replaceAll(/[&<>"']/g, (char) => named[char]!)
