import { expect, test } from 'vitest'
import type { Match, Template } from './model.ts'
import { TemplateError } from './problem.ts'
import { settings } from './http/web.fixture.ts'
import { parseTarget } from './target.ts'
import { templateOf, templateText } from './template.fixture.ts'
import { runWorkflow } from './workflow.ts'

const workflow = (steps: string): Template => templateOf(`id: flow\ninfo:\n  name: W\n  author: a\nworkflows:\n${steps}`)
const page = (id: string, path: string, more: string, tag = id): [string, Template] => [`${id}.yaml`, { ...templateOf(templateText(`http:\n  - method: GET\n    path:\n      - "{{BaseURL}}${path}"\n${more}`, id)), info: { ...templateOf(templateText(`http:\n  - path:\n      - "{{BaseURL}}"\n`, id)).info, tags: [tag] } }]
const word = (text: string, name = ''): string => `      - type: word\n${name === '' ? '' : `        name: ${name}\n`}        words:\n          - "${text}"\n`

async function run(steps: string, templates: readonly [string, Template][], body: (target: string) => string, selected: (template: Template) => boolean = () => true): Promise<{ asked: string[]; found: string[]; failed: string[]; error: unknown; matched: boolean }> {
  const seen = { asked: [] as string[], found: [] as string[], failed: [] as string[], error: undefined as unknown, matched: false }
  const byPath = new Map(templates)
  try {
    seen.matched = (await runWorkflow(workflow(steps), { byPath: (path) => byPath.get(path), byTag: (tag) => templates.map(([, template]) => template).filter(({ info }) => info.tags.includes(tag)) }, {
      target: parseTarget('http://a.test')!, signal: new AbortController().signal, settings, seed: 1, now: () => 0, report: (match: Match) => void seen.found.push(match.template), sent: () => undefined,
      network: { http: async ({ target }) => (seen.asked.push(target), { status: 200, reason: '', headers: [], body: body(target), truncated: false, durationMs: 1, address: '' }), dial: () => Promise.reject(new Error()), dns: () => Promise.reject(new Error()) },
    }, { selected, failed: ({ id }, { problem }) => void seen.failed.push(`${id} ${problem.code}`) })).matched
  } catch (error) {
    seen.error = error
  }
  return seen
}

const detect = page('detect', '/', `    matchers:\n${word('joomla', 'joomla')}${word('drupal', 'drupal')}`)
const hole = page('hole', '/hole', `    matchers:\n${word('')}`, 'drupal')
const other = page('other', '/other', `    matchers:\n${word('')}`, 'drupal')

test('what decides reports nothing; by path, and by tags', async () => {
  expect(await run('  - template: detect.yaml\n    subtemplates:\n      - template: hole.yaml\n', [detect, hole], () => 'drupal')).toMatchObject({ asked: ['/', '/hole'], found: ['hole'], matched: true })
  expect(await run('  - template: detect.yaml\n    subtemplates:\n      - tags: drupal\n', [detect, hole, other], () => 'none')).toMatchObject({ asked: ['/'], found: [], matched: false })
  expect(await run('  - template: detect.yaml\n  - tags: drupal\n', [detect, hole, other], () => 'drupal')).toMatchObject({ found: ['detect', 'hole', 'other'] })
})

test('by the name of a matcher, any or all of them', async () => {
  const steps = (names: string, condition = ''): string => `  - template: detect.yaml\n    matchers:\n      - name: ${names}\n${condition}        subtemplates:\n          - template: hole.yaml\n`
  expect((await run(steps('drupal'), [detect, hole], () => 'drupal')).found).toEqual(['hole'])
  expect((await run(steps('drupal'), [detect, hole], () => 'joomla')).found).toEqual([])
  expect((await run(steps('[joomla, drupal]', '        condition: and\n'), [detect, hole], () => 'drupal')).found).toEqual([])
  expect((await run(steps('[joomla, drupal]', '        condition: and\n'), [detect, hole], () => 'drupal and joomla')).found).toContain('hole')
  expect((await run(steps('[joomla, drupal]'), [detect, hole], () => 'drupal')).found).toEqual(['hole'])
})

test('what was extracted is handed on', async () => {
  const version = page('version', '/', '    extractors:\n      - type: regex\n        name: v\n        regex:\n          - "v\\\\d"\n')
  const use = page('use', '/{{v}}', `    matchers:\n${word('')}`)
  const steps = '  - template: version.yaml\n    subtemplates:\n      - template: use.yaml\n'
  expect((await run(steps, [version, use], () => 'v1')).asked).toEqual(['/', '/v1'])
  const second = page('use', '/{{v1}}', `    matchers:\n${word('')}`)
  expect((await run(steps, [version, second], () => 'v1 v2')).asked).toEqual(['/', '/v2'])
})

test('what the scan leaves out is left out here too; what fails leaves the rest', async () => {
  expect((await run('  - tags: drupal\n', [hole, other], () => '', ({ id }) => id !== 'hole')).found).toEqual(['other'])
  const broken: [string, Template] = ['hole.yaml', { ...hole[1], flow: 'null.x' }]
  expect(await run('  - tags: drupal\n', [broken, other], () => '')).toMatchObject({ found: ['other'], failed: ['hole flow_failed'] })
})

test('workflows that name each other end', async () => {
  const loop: [string, Template] = ['loop.yaml', workflow('  - template: loop.yaml\n')]
  const { error } = await run('  - template: loop.yaml\n', [loop], () => '')
  expect(error instanceof TemplateError && error.problem.code).toBe('budget_exceeded')
})
