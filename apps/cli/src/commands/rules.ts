// Rule packs of a server, and rules alone: checked and tried on their samples without one.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { columnsOf } from '@haechi/records'
import { HaechiError } from '@haechi/server/errors'
import { createCorrelator, createMatcher, lint } from '@haechi/sigma'
import type { Correlation, Linked, Lint, Rule } from '@haechi/sigma'
import { command, connectionOptions, tenantOption, wholeNumber } from '../command.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped, safe } from '../layout.ts'
import { linkFiles, pipelineOption, pipelinesOf, rejection, ruleFiles } from '../rule-files.ts'
import type { RuleFile } from '../rule-files.ts'
import { localTime } from '../times.ts'
import { wordOf } from '../words.ts'
import { printFields, printList } from './lists.ts'

type Pack = {
  name: string; tenant_id: string | null; version: string; license: string | null; accepted: number; rejected_count: number; rejected: readonly { file: string; line: number | null; code: string; reason: string }[]
  source: { path: string }; switched_at: string
}
type ListedRule = { id: string; title: string; level: string | null; pack: string; enabled: boolean; alerts: number; true_positives: number; false_positives: number; techniques: readonly string[]; hits_7d: number; last_hit_at: string | null; cost_share: number | null; correlation: { type: string } | null }

const pathsArgument = { name: 'PATH', about: 'argument_rules', many: true } as const
const listedFaults = 20

const rulesList = command({
  path: ['rules', 'list'], about: 'rules_list', options: { limit: { value: 'N', about: 'option_limit' }, ...tenantOption, ...connectionOptions },
  examples: [{ line: 'haechi rules list --tenant acme', about: 'example_rules_list' }, { line: 'haechi rules list --limit 10000 --json', about: 'example_json' }],
  async run(context, { options }) {
    await printList<ListedRule>(context, context.server(options), '/api/v1/rules', 'rules', [
      { title: 'column_level', fixed: true, cell: (row) => wordOf(context, 'severity', row.level ?? '-') }, { title: 'column_title', cell: (row) => (row.correlation === null ? row.title : `${row.title} (${row.correlation.type})`) }, { title: 'column_techniques', cell: (row) => row.techniques.join(', ') }, { title: 'column_pack', cell: (row) => row.pack },
      { title: 'column_state', fixed: true, cell: (row) => context.text(row.enabled ? 'state_active' : 'state_off') }, { title: 'column_alerts', align: 'right', fixed: true, cell: (row) => grouped(row.alerts) },
      { title: 'column_hits', align: 'right', fixed: true, cell: (row) => grouped(row.hits_7d) }, { title: 'column_last_hit', cell: (row) => (row.last_hit_at === null ? '-' : localTime(Date.parse(row.last_hit_at))) },
      { title: 'column_cost', align: 'right', fixed: true, cell: (row) => (row.cost_share === null ? '-' : `${(100 * row.cost_share).toFixed(1)} %`) },
      { title: 'column_id', fixed: true, cell: (row) => row.id },
    ], { limit: wholeNumber('--limit', options.limit, 1, 1_000_000, 100) })
    return exitCodes.ok
  },
})

const rulesPacks = command({
  path: ['rules', 'packs'], about: 'rules_packs', options: { ...tenantOption, ...connectionOptions },
  examples: [{ line: 'haechi rules packs', about: 'example_rules_packs' }, { line: 'haechi rules packs --tenant acme --json', about: 'example_json' }],
  async run(context, { options }) {
    await printList<Pack>(context, context.server(options), '/api/v1/rule-packs', 'packs', [
      { title: 'column_name', cell: (row) => row.name }, { title: 'column_scope', fixed: true, cell: (row) => context.text(row.tenant_id === null ? 'scope_all' : 'scope_tenant') },
      { title: 'column_rules', align: 'right', fixed: true, cell: (row) => grouped(row.accepted) }, { title: 'column_rejected', align: 'right', fixed: true, cell: (row) => grouped(row.rejected_count) },
      { title: 'column_version', fixed: true, cell: (row) => row.version.slice(0, 12) }, { title: 'column_license', cell: (row) => row.license ?? '' }, { title: 'column_since', fixed: true, cell: (row) => localTime(Date.parse(row.switched_at)) }, { title: 'column_source', cell: (row) => row.source.path },
    ], { paged: false })
    return exitCodes.ok
  },
})

const rulesAdd = command({
  path: ['rules', 'add'], about: 'rules_add', details: 'rules_add_details', arguments: [{ name: 'DIR', about: 'argument_pack' }],
  options: { name: { value: 'NAME', about: 'option_pack_name', required: true }, license: { value: 'LICENSE', about: 'option_license' }, tenant: { value: 'NAME', about: 'option_pack_tenant' }, ...connectionOptions },
  examples: [{ line: 'haechi rules add ./sigma/rules --name sigmahq --license DRL-1.1', about: 'example_rules_add' }, { line: 'haechi rules add /srv/rules/acme --name acme-own --tenant acme', about: 'example_rules_add_tenant' }],
  async run(context, { options, arguments: [directory = ''] }) {
    const server = context.server(options)
    const pack = await server.call<Pack>('POST', '/api/v1/rule-packs', {
      body: {
        // A server elsewhere has folders of its own.
        name: options.name, path: server.remote ? directory : resolve(directory), all_tenants: options.tenant === undefined, ...(options.license === undefined ? {} : { license: options.license }),
      }, silence: 600_000, stop: context.stop,
    })
    printPack(context, pack)
    return exitCodes.ok
  },
})

function printPack(context: Context, pack: Pack): void {
  if (context.json) {
    context.out.write(`${JSON.stringify(pack)}\n`)
    return
  }
  for (const { file, line, code, reason } of pack.rejected.slice(0, listedFaults)) context.err.write(`${safe(`${file}:${line ?? 0}: ${code}: ${reason}`)}\n`)
  if (pack.rejected_count > listedFaults) context.err.write(`${context.text('faults_unlisted', { count: grouped(pack.rejected_count - Math.min(listedFaults, pack.rejected.length)) })}\n`)
  context.out.write(`${context.text('rules_added', { name: pack.name, read: grouped(pack.accepted), refused: grouped(pack.rejected_count) })}\n`)
}

const rulesRemove = command({
  path: ['rules', 'remove'], about: 'rules_remove', arguments: [{ name: 'NAME', about: 'option_pack_name' }], options: { tenant: { value: 'NAME', about: 'option_pack_tenant' }, ...connectionOptions },
  examples: [{ line: 'haechi rules remove sigmahq', about: 'example_rules_remove' }],
  async run(context, { options, arguments: [name = ''] }) {
    const removed = await context.server(options).call<object>('DELETE', `/api/v1/rule-packs/${encodeURIComponent(name)}`, { query: { all_tenants: String(options.tenant === undefined) }, stop: context.stop })
    context.out.write(context.json ? `${JSON.stringify({ ...removed, name })}\n` : `${context.text('rules_removed', { name })}\n`)
    return exitCodes.ok
  },
})

const rulesRollback = command({
  path: ['rules', 'rollback'], about: 'rules_rollback', arguments: [{ name: 'NAME', about: 'option_pack_name' }], options: { tenant: { value: 'NAME', about: 'option_pack_tenant' }, ...connectionOptions },
  examples: [{ line: 'haechi rules rollback sigmahq', about: 'example_rules_rollback' }],
  async run(context, { options, arguments: [name = ''] }) {
    const pack = await context.server(options).call<Pack>('POST', `/api/v1/rule-packs/${encodeURIComponent(name)}/rollback`, { query: { all_tenants: String(options.tenant === undefined) }, silence: 600_000, stop: context.stop })
    printPack(context, pack)
    return exitCodes.ok
  },
})

const ruleSwitches = ([['enable', true], ['disable', false]] as const).map(([verb, enabled]) => command({
  path: ['rules', verb], about: enabled ? 'rules_enable' : 'rules_disable', arguments: [{ name: 'RULE', about: 'argument_rule' }], options: { ...tenantOption, ...connectionOptions },
  examples: [{ line: `haechi rules ${verb} 5f2b9a6c-1d1e-4c3a-9f0e-3a2b1c4d5e6f --tenant acme`, about: enabled ? 'example_rules_enable' : 'example_rules_disable' }],
  async run(context, { options, arguments: [id = ''] }) {
    const rule = await context.server(options).call<ListedRule>('PATCH', `/api/v1/rules/${encodeURIComponent(id)}`, { body: { enabled }, stop: context.stop })
    printFields(context, rule, [['column_title', rule.title], ['column_pack', rule.pack], ['column_state', context.text(rule.enabled ? 'state_active' : 'state_off')], ['column_id', rule.id]])
    return exitCodes.ok
  },
}))

/** One line of `rules lint --json`. Of a file that is rejected, the first of what is wrong with it; `rejected` is all of it. */
type LintedFile = { readonly file: string; readonly status: 'ok' | 'rejected'; readonly code: string | null; readonly line: number; readonly id: string | null; readonly reason: string | null; readonly documents: number; readonly rejected: readonly Omit<Lint, 'file' | 'status'>[] }

function lintedFile(file: string, documents: readonly Lint[]): LintedFile {
  const rejected = documents.filter(({ status }) => status === 'rejected').map(({ code, line, id, reason }) => ({ code, line, id, reason }))
  const { code, line, id, reason } = rejected[0] ?? documents[0]!
  return { file, status: rejected.length === 0 ? 'ok' : 'rejected', code, line, id, reason, documents: documents.length, rejected }
}

const rulesLint = command({
  path: ['rules', 'lint'], about: 'rules_lint', details: 'rules_lint_details', arguments: [pathsArgument], options: pipelineOption,
  examples: [{ line: 'haechi rules lint ./rules', about: 'example_rules_lint' }, { line: 'haechi rules lint one.yml two.yml --json', about: 'example_json' }],
  async run(context, { options, arguments: paths }) {
    let unreadable = 0
    const refuse = (path: string, error: unknown): void => {
      unreadable++
      context.report(error, path)
    }
    const pipelines = await pipelinesOf(options.pipeline)
    const files: RuleFile[] = []
    for await (const file of ruleFiles(paths, refuse)) files.push(file)
    const documents = Map.groupBy(lint(files, { placeholders: pipelines }), ({ file }) => file)
    const totals = { read: 0, refused: 0 }
    for (const { file } of files) {
      const linted = lintedFile(file, documents.get(file) ?? [{ file, status: 'rejected', code: 'document_invalid', line: 1, id: null, reason: 'there is no document in it' }])
      totals.read += linted.documents - linted.rejected.length
      totals.refused += linted.rejected.length
      if (context.json) context.out.write(`${JSON.stringify(linted)}\n`)
      else for (const { line, code, reason } of linted.rejected) context.out.write(`${safe(`${file}:${line}: ${code}: ${reason}`)}\n`)
    }
    if (!context.json) context.err.write(`${context.text('rules_totals', { read: grouped(totals.read), refused: grouped(totals.refused) })}\n`)
    return totals.refused + unreadable > 0 ? exitCodes.failed : exitCodes.ok
  },
})

/** A record that a rule is to find or not; or several that follow each other, which a correlation is to. */
type Sample = object | readonly object[]
/** NAME.samples.json beside NAME.yml: what the documents of that file must find, and near misses that they must not. `also` names files that may find them too. */
type Samples = { readonly fires: readonly Sample[]; readonly silent: readonly Sample[]; readonly also: readonly string[] }
type Tested = { readonly file: string; readonly samples: Samples | null }
/** `why`: `silent` where a sample of `fires` was not found, `fires` where one of `silent` was, `not_alone` where another file's rule found one. */
type Failure = { readonly sample: 'fires' | 'silent'; readonly index: number; readonly why: 'silent' | 'fires' | 'not_alone'; readonly rule: string | null }

const rulesTest = command({
  path: ['rules', 'test'], about: 'rules_test', details: 'rules_test_details', arguments: [pathsArgument], options: { alone: { about: 'option_alone' }, ...pipelineOption },
  examples: [{ line: 'haechi rules test ./rules', about: 'example_rules_test' }, { line: 'haechi rules test ./rules --alone --json', about: 'example_rules_test_alone' }],
  async run(context, { options, arguments: paths }) {
    const totals = { passed: 0, failed: 0, untested: 0 }
    let unreadable = 0
    const refuse = (path: string, error: unknown): void => {
      unreadable++
      context.report(error, path)
    }
    const now = context.clock.now()
    const pipelines = await pipelinesOf(options.pipeline)
    const files: RuleFile[] = []
    const tested: Tested[] = []
    for await (const file of ruleFiles(paths, refuse)) {
      files.push(file)
      try {
        tested.push({ file: file.file, samples: await samplesOf(file.file, now) })
      } catch (error) {
        refuse(file.file, error)
      }
    }
    const linked = linkFiles(files, pipelines)
    for (const one of linked.rejected) refuse(`${one.file}:${one.line}`, rejection(one))
    const found = finder(linked, now)
    const titleOf = (rule: Found): string => (context.json ? undefined : rule.translations?.[context.language]?.title) ?? rule.title
    for (const { file, samples } of tested) {
      if (context.stop.aborted) throw new HaechiError('interrupted')
      const failures: Failure[] = []
      for (const [index, met] of (samples?.fires ?? []).map(found).entries()) {
        if (!met.some((rule) => rule.file === file)) failures.push({ sample: 'fires', index, why: 'silent', rule: null })
        if (!options.alone) continue
        // What makes no match of its own disturbs nobody.
        const others = met.filter((rule) => rule.file !== file && !linked.silent.has(rule.id) && samples?.also.includes(nameOf(rule.file)) !== true)
        for (const rule of new Map(others.map((other) => [other.file, other])).values()) failures.push({ sample: 'fires', index, why: 'not_alone', rule: titleOf(rule) })
      }
      for (const [index, met] of (samples?.silent ?? []).map(found).entries()) {
        const rule = met.find((one) => one.file === file)
        if (rule !== undefined) failures.push({ sample: 'silent', index, why: 'fires', rule: titleOf(rule) })
      }
      const status = samples === null ? 'untested' : failures.length > 0 ? 'failed' : 'passed'
      totals[status]++
      if (context.json) context.out.write(`${JSON.stringify({ file, status, fires: samples?.fires.length ?? 0, silent: samples?.silent.length ?? 0, failures })}\n`)
      else for (const { sample, index, why, rule } of failures) context.out.write(`${safe(`${file}: ${context.text(faults[why], { sample: `${sample}[${index}]`, rule: rule ?? '' })}`)}\n`)
    }
    if (!context.json) context.err.write(`${context.text('rules_test_totals', { passed: grouped(totals.passed), failed: grouped(totals.failed), untested: grouped(totals.untested) })}\n`)
    return totals.failed + unreadable > 0 ? exitCodes.failed : exitCodes.ok
  },
})

type Found = Rule | Correlation

/** What finds a sample: rules a record; what follows each other, correlations, of which the steps of another in the same file are no answer. */
function finder({ rules, correlations }: Linked, now: number): (sample: Sample) => Found[] {
  const matcher = createMatcher(rules)
  const fileOf = new Map(correlations.map(({ id, file }) => [id, file]))
  const steps = new Set(correlations.flatMap((correlation) => correlation.rules.filter((id) => fileOf.get(id) === correlation.file)))
  const match = (records: readonly object[]) => matcher.match(Buffer.from(records.map((record) => JSON.stringify(record)).join('\n')), 'detect')
  return (sample) => {
    if (!Array.isArray(sample)) return match([sample]).map(({ rule }) => rule)
    const records = sample as readonly object[]
    const correlator = createCorrelator(correlations)
    const times = records.map((record) => columnsOf(record, { now }).time ?? Number.NaN)
    return match(records).flatMap(({ rule, eventIndex: ref, fields }) => correlator.add({ ruleId: rule.id, time: times[ref]!, fields, ref })).flatMap(({ correlation }) => (steps.has(correlation.id) ? [] : [correlation]))
  }
}

const faults = { silent: 'sample_silent', fires: 'sample_fires', not_alone: 'sample_not_alone' } as const
const nameOf = (file: string): string => file.replace(/^.*[\\/]/, '').replace(/\.ya?ml$/i, '')
const isRecord = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Null where there are none. Errors: samples_invalid. */
async function samplesOf(ruleFile: string, now: number): Promise<Samples | null> {
  const file = ruleFile.replace(/\.ya?ml$/i, '.samples.json')
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new HaechiError('file_unreadable', { file, reason: error.code ?? '' }, { cause: error })
  })
  if (text === null || file === ruleFile) return null
  const invalid = (reason: string, cause?: unknown) => new HaechiError('samples_invalid', { file, reason }, { cause })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid('JSON', cause)
  }
  const { fires, silent = [], also = [] } = isRecord(value) ? value as Readonly<Record<keyof Samples, unknown>> : { fires: null }
  const samples = (name: 'fires' | 'silent', given: unknown): readonly Sample[] => {
    if (!Array.isArray(given)) throw invalid(name)
    for (const [index, sample] of (given as unknown[]).entries()) {
      if (!(Array.isArray(sample) ? sample.length > 0 && sample.every(isRecord) : isRecord(sample))) throw invalid(`${name}[${index}]`)
      // Without its time an event is none to a correlation, and a near miss would be silent for nothing.
      const untimed = Array.isArray(sample) ? sample.findIndex((record) => columnsOf(record, { now }).time === null) : -1
      if (untimed !== -1) throw invalid(`${name}[${index}][${untimed}]: time`)
    }
    return given as Sample[]
  }
  const read = { fires: samples('fires', fires), silent: samples('silent', silent) }
  if (read.fires.length === 0) throw invalid('fires')
  if (!Array.isArray(also) || !also.every((name) => typeof name === 'string')) throw invalid('also')
  return { ...read, also }
}

export const ruleCommands: readonly Command[] = [rulesList, ...ruleSwitches, rulesPacks, rulesAdd, rulesRollback, rulesRemove, rulesLint, rulesTest]
