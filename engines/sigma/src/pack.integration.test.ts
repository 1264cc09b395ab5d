// The packed form, as somebody who has never seen this repository uses it: unpacked into node_modules beside its declared dependencies, run as JavaScript, compiled against.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { installPacked } from '../../pack.fixture.ts'

const root = resolve(import.meta.dirname, '../../..')
const { home, manifest, files, remove } = installPacked('sigma')
afterAll(remove)

const consumer = `
import { answerOf, applyPipelines, builtInPipelines, createCorrelator, createMatcher, createPlainMatcher, link, lint, parse, parsePipeline } from '@haechi/sigma'
import type { Correlation, CorrelationMatch, Match, Matcher, Rejection, Rule } from '@haechi/sigma'
import { columnsOf, splitRecords } from '@haechi/sigma/records'

const text: string = await read()
const parsed = parse(text, 'guessing.yml')
const own = parsePipeline('transformations: []', 'own.yml')
const { rules, correlations, silent, rejected } = applyPipelines(link(parsed), 'pipeline' in own ? [own.pipeline, builtInPipelines['windows-channels']] : [])
const faults: readonly Rejection[] = [...parsed.rejected, ...rejected]
const refused = lint([{ file: 'bad.yml', text: 'title: bad' }]).map(({ code }) => code)
const found: string[] = []
const chunks = (async function* () { yield new TextEncoder().encode(await events()) })()
for (const make of [createMatcher, createPlainMatcher]) {
  const matcher: Matcher = make(rules)
  const correlator = createCorrelator(correlations)
  let ref = 0
  for await (const records of splitRecords(make === createMatcher ? chunks : again(), { name: 'events' })) {
    for (const record of records) {
      if (record.bytes === undefined) continue
      const event: unknown = JSON.parse(new TextDecoder().decode(record.bytes))
      const time: number | null = columnsOf(event).time
      for (const match of matcher.match(record.bytes, 'detect') satisfies Match[]) {
        const rule: Rule = match.rule
        if (!silent.has(rule.id)) found.push(answerOf(match, { input: 'events', eventIndex: record.index, record: event }).rule_title)
        const completed: CorrelationMatch[] = time === null ? [] : correlator.add({ ruleId: rule.id, time, fields: match.fields, ref })
        for (const { correlation, group, refs } of completed) if (!silent.has((correlation satisfies Correlation).id)) found.push([correlation.title, group.map(({ value }) => value).join(), refs.join()].join(' '))
      }
      ref += 1
    }
  }
  correlator.restore(correlator.save())
}
console.log(JSON.stringify({ faults, refused, found }))
`

const rules = `title: Failed
name: failed
logsource: { product: windows, service: security }
detection: { selection: { EventID: 4625 }, condition: selection }
---
title: Many
correlation: { type: event_count, rules: [failed], group-by: [IpAddress], timespan: 1m, condition: { gte: 2 } }
`
const events = [0, 10, 20].map((second) => JSON.stringify({ '@timestamp': `2026-11-22T09:00:${String(second).padStart(2, '0')}Z`, Channel: 'Security', EventID: 4625, IpAddress: '192.0.2.7' })).join('\n')
const around = `
async function read(): Promise<string> { return ${JSON.stringify(rules)} }
async function events(): Promise<string> { return ${JSON.stringify(events)} }
async function* again() { yield new TextEncoder().encode(await events()) }
`

test('nothing in it is TypeScript, a test or a fixture; what it needs is declared', () => {
  expect(files.filter((name) => /test|fixture/.test(name) || (name.endsWith('.ts') && !name.endsWith('.d.ts')))).toEqual([])
  expect(files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']))
  expect(Object.keys(manifest.dependencies)).toEqual(['ipaddr.js', 'js-yaml', 'yauzl'])
  expect(Object.values(manifest.dependencies).join()).toMatch(/^\d+\.\d+\.\d+(,\d+\.\d+\.\d+)*$/)
  expect(manifest.engines).toEqual({ node: '>=22' })
})

test.each([['7', '@typescript/native/bin/tsc'], ['6', 'typescript/bin/tsc']])('compiles against its types, without those of Node: TypeScript %s; and runs', { timeout: 60_000 }, (version, compiler) => {
  const program = join(home, `consumer-${version}.ts`)
  writeFileSync(program, consumer + around)
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({
    compilerOptions: { target: 'es2023', lib: ['es2023', 'esnext.collection', 'esnext.iterator', 'dom', 'dom.asynciterable'], module: 'nodenext', strict: true, exactOptionalPropertyTypes: true, types: [], skipLibCheck: false, outDir: 'built' }, files: [program],
  }))
  try {
    execFileSync(process.execPath, [join(root, 'node_modules', compiler), '-p', home], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    expect((error as { stdout: string }).stdout).toBe('')
  }
  const told = execFileSync(process.execPath, ['--no-experimental-strip-types', join(home, 'built', `consumer-${version}.js`)], { encoding: 'utf8' })
  expect(JSON.parse(told)).toEqual({ faults: [], refused: ['field_missing'], found: ['Many 192.0.2.7 0,1', 'Many 192.0.2.7 0,1,2', 'Many 192.0.2.7 0,1', 'Many 192.0.2.7 0,1,2'] })
})
