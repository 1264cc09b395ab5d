// npm run bench:patterns: the expressions of the public templates over bodies of 64 KB, ours beside bare re2js and V8 in the same run, by CPU time of this thread.
// test: does it stand there. all: where, with groups. Compiling is in neither; what is made when it is first used is, for each body is read once.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { RE2JS } from 're2js'
import { PatternError, compileRegex } from '@haechi/patterns'
import { corpus } from '../server.ts'
import { machine } from './load.ts'

const BODY = 65_536
type Kind = 'matchers' | 'extractors'

function expressions(): Record<Kind, string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-bench-patterns-'))
  const found: Record<Kind, Set<string>> = { matchers: new Set(), extractors: new Set() }
  const gather = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if ((key === 'matchers' || key === 'extractors') && Array.isArray(value)) {
        for (const item of value as { regex?: unknown }[]) if (Array.isArray(item?.regex)) for (const source of item.regex) found[key].add(String(source))
      }
      gather(value)
    }
  }
  try {
    const archives = readdirSync(join(corpus, 'nuclei-templates')).filter((name) => /\.(?:tar\.gz|tgz)$/.test(name))
    for (const archive of archives) execFileSync('tar', ['-xzf', join(corpus, 'nuclei-templates', archive), '-C', folder])
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!/\.ya?ml$/.test(name)) continue
      try {
        gather(load(readFileSync(join(folder, name), 'utf8')))
      } catch {
        // The reader of templates has its own bench; what is no YAML holds no expression.
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return { matchers: [...found.matchers], extractors: [...found.extractors] }
}

/** Of no particular page: markup, words, numbers, addresses, a little of everything that expressions look for. */
function body(seed: number, unicode: boolean): string {
  let state = seed
  const next = (below: number): number => ((state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 8) % below
  const words = ['version', 'admin', 'login', 'server', 'user', 'id', 'config', 'token', 'password', 'error', 'title', 'index', 'wp-content', 'api', 'http', 'null', 'content', 'script', unicode ? '관리자' : 'manager', unicode ? 'é' : 'e']
  let text = '<!DOCTYPE html><html><head><title>Welcome</title></head><body>'
  while (text.length < BODY) {
    const word = words[next(words.length)]!
    switch (next(8)) {
      case 0: text += `<a href="/${word}/${words[next(words.length)]}.php?id=${next(9999)}">${word}</a>\n`; break
      case 1: text += `${word}@example-${next(99)}.com `; break
      case 2: text += `"${word}":"${next(99)}.${next(99)}.${next(9)}",`; break
      case 3: text += `<script src="/static/${word}-${next(0xFFFFFF).toString(16)}.js"></script>\n`; break
      case 4: text += `${next(255)}.${next(255)}.${next(255)}.${next(255)} `; break
      case 5: text += `<input type="hidden" name="${word}" value="${next(0xFFFFFFF).toString(36)}${next(0xFFFFFFF).toString(36)}">`; break
      default: text += `${word} ${words[next(words.length)]} `
    }
  }
  return text.slice(0, BODY)
}

const cpu = (run: () => void): number => {
  const from = process.threadCpuUsage()
  run()
  const { user, system } = process.threadCpuUsage(from)
  return (user + system) / 1000
}

type Engine = { test(text: string): boolean; all(text: string): number }
function inV8(source: string): RegExp | null {
  const flags = /^\(\?([ims]+)\)/.exec(source)
  const plain = source.slice(flags?.[0].length ?? 0).replaceAll('(?P<', '(?<').replaceAll(String.raw`\z`, '$').replaceAll(String.raw`\A`, '^')
  try {
    return new RegExp(plain, `g${flags?.[1] ?? ''}`)
  } catch {
    return null
  }
}
const engines: Record<string, (source: string) => Engine | null> = {
  haechi: (source) => {
    const regex = compileRegex(source)
    return { test: (text) => regex.test(text), all: (text) => regex.all(text).length }
  },
  re2js: (source) => {
    const regex = RE2JS.compile(source)
    return { test: (text) => regex.test(text), all: (text) => { let found = 0; for (const matcher = regex.matcher(text); matcher.find();) { found += 1; matcher.group(regex.groupCount()) } return found } }
  },
  v8: (source) => {
    const regex = inV8(source)
    return regex === null ? null : { test: (text) => { regex.lastIndex = 0; return regex.test(text) }, all: (text) => text.match(regex)?.length ?? 0 }
  },
}

const sources = expressions()
const bodies = [body(1, false), body(2, true)]
console.log(machine())
for (const kind of ['matchers', 'extractors'] as const) {
  const times: Record<string, { compile: number; test: number; all: number; slowest: number; slowestSource: string; refused: number }> = {}
  let differences = 0
  const held = new Map<string, number>()
  for (const [name, compile] of Object.entries(engines)) {
    const time = times[name] = { compile: 0, test: 0, all: 0, slowest: 0, slowestSource: '', refused: 0 }
    for (const source of sources[kind]) {
      let engine: Engine | null = null
      time.compile += cpu(() => {
        try {
          engine = compile(source)
        } catch (error) {
          if (name === 'haechi' && !(error instanceof PatternError)) throw error
        }
      })
      const made = engine as Engine | null
      if (made === null) {
        time.refused += 1
        continue
      }
      const took = cpu(() => { for (const text of bodies) made.test(text) })
      time.test += took
      let count = 0
      time.all += cpu(() => { for (const text of bodies) count += made.all(text) })
      if (took > time.slowest) {
        time.slowest = took
        time.slowestSource = source
      }
      if (name === 'haechi') held.set(source, count)
      else if (name === 're2js' && held.has(source) && (held.get(source)! > 0) !== (count > 0)) differences += 1
    }
  }
  const ours = times['haechi']!
  console.log(`\n${kind}: ${sources[kind].length} expressions, ${bodies.length} bodies of ${BODY} characters; whether they stand there differs from re2js in ${differences}`)
  for (const [name, { compile, test, all, slowest, slowestSource, refused }] of Object.entries(times)) {
    console.log(`  ${name.padEnd(7)} compile ${compile.toFixed(0).padStart(6)} ms  test ${test.toFixed(0).padStart(6)} ms (x${(test / ours.test).toFixed(2)})  all ${all.toFixed(0).padStart(6)} ms (x${(all / ours.all).toFixed(2)})  ${refused} refused  slowest ${slowest.toFixed(1)} ms: ${slowestSource.slice(0, 60)}`)
  }
}
