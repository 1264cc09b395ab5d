// The workflows of the guide as a CI runs them: their own lines, in a repository with a branch, against the command itself.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../server.ts'

const example = (name: string): string => readFileSync(join(root, 'docs/guide/ci', name), 'utf8')
type Workflow = { readonly jobs: { readonly check: { readonly env: Record<string, string>; readonly steps: readonly { readonly name?: string; readonly run?: string }[] } } }
type Pipeline = { readonly 'mcp-check': { readonly variables: Record<string, string>; readonly script: readonly string[] } }

/** What each CI runs, with what it sets. */
const runners = {
  'github-actions.yml': ({ base, temp }: Place) => {
    const { env, steps } = (load(example('github-actions.yml')) as Workflow).jobs.check
    return { script: steps.find(({ name }) => name === 'Check')!.run!, shell: 'bash', options: ['-eo', 'pipefail'], environment: { ...env, BASE: base, RUNNER_TEMP: temp, GITHUB_STEP_SUMMARY: join(temp, 'summary.md') }, report: 'mcp-check.md' }
  },
  'gitlab-ci.yml': ({ base }: Place) => {
    const { variables, script } = (load(example('gitlab-ci.yml')) as Pipeline)['mcp-check']
    return { script: script.join('\n'), shell: 'bash', options: ['-eo', 'pipefail'], environment: { ...variables, CI_MERGE_REQUEST_DIFF_BASE_SHA: base }, report: 'mcp-check.xml' }
  },
  'Jenkinsfile': () => {
    const text = example('Jenkinsfile')
    const environment = Object.fromEntries([...text.matchAll(/^ {4}([A-Z_]+) = '([^']*)'/gm)].map(([, name, value]) => [name!, value!]))
    return { script: /sh '''\n(.*?)'''/s.exec(text)![1]!, shell: 'sh', options: ['-xe'], environment: { ...environment, CHANGE_TARGET: 'main' }, report: 'mcp-check.xml' }
  },
} as const
type Place = { readonly base: string; readonly temp: string }

const document = (operations: string): string => `openapi: 3.1.0\ninfo: {title: Shop, version: "1"}\nservers: [{url: "https://shop.example.test"}]\npaths:\n  /orders:\n${operations}`
const list = '    get: {operationId: listOrders, description: Lists orders., responses: {}}\n'

/** A clone with a branch that changed the document, while main went on. */
function repository(before: string | null, after: string): Place & { readonly folder: string } {
  const temp = mkdtempSync(join(tmpdir(), 'haechi-check-'))
  onTestFinished(() => rmSync(temp, { recursive: true, force: true }))
  const origin = join(temp, 'origin')
  const folder = join(temp, 'clone')
  mkdirSync(origin)
  const git = (where: string, ...words: string[]): string => {
    const done = spawnSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.test', '-c', 'commit.gpgsign=false', ...words], { cwd: where, encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`git ${words.join(' ')}: ${done.stderr}`)
    return done.stdout.trim()
  }
  const write = (text: string | null): void => { if (text !== null) writeFileSync(join(origin, 'openapi.yaml'), text) }
  git(origin, 'init', '--quiet', '--initial-branch=main')
  writeFileSync(join(origin, 'README.md'), 'Shop\n')
  write(before)
  git(origin, 'add', '.')
  git(origin, 'commit', '--quiet', '-m', 'base')
  const base = git(origin, 'rev-parse', 'HEAD')
  git(origin, 'checkout', '--quiet', '-b', 'change')
  write(after)
  git(origin, 'add', '.')
  git(origin, 'commit', '--quiet', '--allow-empty', '-m', 'change')
  // What main did meanwhile is not the change's.
  git(origin, 'checkout', '--quiet', 'main')
  write(document('    delete: {operationId: dropOrders, responses: {}}\n'))
  git(origin, 'add', '.')
  git(origin, 'commit', '--quiet', '-m', 'meanwhile')
  git(temp, 'clone', '--quiet', '--branch', 'change', origin, folder)
  mkdirSync(join(temp, 'bin'))
  writeFileSync(join(temp, 'bin/npx'), `#!/bin/sh\nshift 2\nexec "${process.execPath}" "${join(root, 'apps/cli/src/main.ts')}" "$@"\n`)
  chmodSync(join(temp, 'bin/npx'), 0o755)
  return { base, temp, folder }
}

function runs(name: keyof typeof runners, place: ReturnType<typeof repository>): { readonly status: number | null; readonly out: string; readonly report: string } {
  const { script, shell, options, environment, report } = runners[name](place)
  const done = spawnSync(shell, [...options, '-c', script], { cwd: place.folder, encoding: 'utf8', env: { ...environment, PATH: `${join(place.temp, 'bin')}:${process.env['PATH'] ?? ''}`, HOME: place.temp, LANG: 'C.UTF-8' } })
  const file = join(place.folder, report)
  return { status: done.status, out: `${done.stdout}${done.stderr}`, report: existsSync(file) ? readFileSync(file, 'utf8') : '' }
}

test.each(Object.keys(runners) as (keyof typeof runners)[])('%s: what the branch changed since it left main, and nothing else', (name) => {
  const breaking = runs(name, repository(document(list), document(list.replace('responses', 'parameters: [{name: shop, in: query, required: true, schema: {type: string}}], responses'))))
  expect(breaking.out).toContain('required-argument-added')
  expect(breaking.out).not.toContain('dropOrders')
  expect(breaking.status).toBe(1)
  expect(breaking.report).toContain('shop is new and required')

  const fresh = runs(name, repository(null, document(list)))
  expect(fresh).toMatchObject({ status: 0, out: expect.stringContaining('tool-added'), report: expect.stringContaining('listOrders') })

  if (name !== 'gitlab-ci.yml') return
  const broken = runs(name, repository(document(list), 'openapi: [\n'))
  expect(broken).toMatchObject({ status: 1, out: expect.stringContaining('mcp_spec_refused') })
})

test('the examples name no host and no secret', () => {
  for (const name of Object.keys(runners)) expect(example(name)).not.toMatch(/https?:\/\/|npmjs|docker\.io|ghcr|_TOKEN=|password/i)
})
