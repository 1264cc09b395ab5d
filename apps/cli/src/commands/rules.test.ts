import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fakeServer, folder, haechi } from '../process.fixture.ts'

const rule = (title: string, value: string) => `title: ${title}\nid: 00000000-0000-4000-8000-${Buffer.from(title).toString('hex').slice(0, 12).padEnd(12, '0')}\nlogsource: { category: process_creation, product: windows }\ndetection: { selection: { CommandLine|contains: '${value}' }, condition: selection }\n`
const record = (commandLine: string) => ({ EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational', Image: 'C:\\a.exe', CommandLine: commandLine })
const pack = (files: Record<string, string | object>) => {
  const path = folder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(path, name, '..'), { recursive: true })
    writeFileSync(join(path, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return path
}
const lines = (out: string) => out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)

describe('rules test', () => {
  test('samples that fire and near misses that do not pass; a rule without samples is counted', async () => {
    const path = pack({ 'a/alpha.yml': rule('Alpha', 'alpha'), 'a/alpha.samples.json': { fires: [record('run alpha'), record('ALPHA')], silent: [record('beta')] }, 'beta.yaml': rule('Beta', 'beta') })
    const { code, out, err } = await haechi(['rules', 'test', path])
    expect([code, out, err]).toEqual([0, '', '1 files passed, 0 failed, 1 without samples.\n'])
    expect(lines((await haechi(['rules', 'test', path, '--json'])).out)).toEqual([
      { file: join(path, 'a/alpha.yml'), status: 'passed', fires: 2, silent: 1, failures: [] }, { file: join(path, 'beta.yaml'), status: 'untested', fires: 0, silent: 0, failures: [] },
    ])
  })

  test('what fails is named with its sample; only --alone minds other rules, but not those in also', async () => {
    const path = pack({
      'alpha.yml': rule('Alpha', 'alpha'), 'alpha.samples.json': { fires: [record('nothing'), record('alpha beta'), record('alpha gamma')], silent: [record('x'), record('alpha')], also: ['gamma'] },
      'beta.yml': rule('Beta', 'beta'), 'gamma.yml': rule('Gamma', 'gamma'),
    })
    const { code, out } = await haechi(['rules', 'test', path])
    expect([code, out.trim().split('\n')]).toEqual([1, [`${join(path, 'alpha.yml')}: fires[0] was not found`, `${join(path, 'alpha.yml')}: silent[1] was found by "Alpha"`]])
    expect(lines((await haechi(['rules', 'test', path, '--alone', '--json'])).out)[0]?.['failures']).toEqual([
      { sample: 'fires', index: 0, why: 'silent', rule: null }, { sample: 'fires', index: 1, why: 'not_alone', rule: 'Beta' }, { sample: 'silent', index: 1, why: 'fires', rule: 'Alpha' },
    ])
  })

  test('a rule is named in Korean to who reads Korean, where it speaks it', async () => {
    const path = pack({ 'alpha.yml': `${rule('Alpha', 'alpha')}\ntranslations: {ko: {title: 알파}}\n`, 'alpha.samples.json': { fires: [record('alpha')], silent: [record('alpha')] } })
    expect((await haechi(['rules', 'test', path, '--lang', 'ko'])).out).toBe(`${join(path, 'alpha.yml')}: "알파"이(가) silent[0]을(를) 찾았습니다\n`)
    expect((await haechi(['rules', 'test', path, '--lang', 'ko', '--json'])).out).toContain('"rule":"Alpha"')
  })

  test('a rule that cannot be loaded and samples that are none are named, the others are tried', async () => {
    const good = { fires: [record('alpha')] }
    const path = pack({
      'alpha.yml': rule('Alpha', 'alpha'), 'alpha.samples.json': good, 'bad.yml': 'title: x\ndetection: {}\n', 'b1.yml': rule('B1', 'b1'), 'b1.samples.json': '{', 'b2.yml': rule('B2', 'b2'), 'b2.samples.json': { fires: [] },
      'b3.yml': rule('B3', 'b3'), 'b3.samples.json': { fires: [record('b3')], silent: ['text'] }, 'b4.yml': rule('B4', 'b4'), 'b4.samples.json': [],
    })
    const { code, out, err } = await haechi(['rules', 'test', path, '--json'])
    expect(code).toBe(1)
    expect(lines(err).map((line) => (line['error'] as { code: string }).code).sort()).toEqual(['rule_rejected', 'samples_invalid', 'samples_invalid', 'samples_invalid', 'samples_invalid'])
    expect(lines(out).filter(({ status }) => status === 'passed')).toHaveLength(1)
    expect((await haechi(['rules', 'test', join(path, 'none')])).code).toBe(1)
  })

  const at = (second: number, commandLine: string) => ({ ...record(commandLine), '@timestamp': `2026-11-22T09:00:${String(second).padStart(2, '0')}.000Z` })
  const twice = (name: string, of: string, more = '') => `title: ${name}\ncorrelation: {type: event_count, rules: [${of}], timespan: 10s, condition: {gte: 2}${more}}\n`
  const named = (name: string) => `${rule(name, name)}name: ${name}\n`

  test('a list is a sample for correlations: it fires by what follows, in time, and only by one of its own file', async () => {
    const path = pack({
      'alpha.yml': named('alpha'), 'alpha.samples.json': { fires: [record('alpha')] },
      'twice.yml': twice('Twice', 'alpha'), 'twice.samples.json': { fires: [[at(0, 'alpha'), at(9, 'alpha')]], silent: [[at(0, 'alpha'), at(30, 'alpha')], [at(0, 'alpha')]] },
    })
    expect([(await haechi(['rules', 'test', path, '--alone'])).err]).toEqual(['2 files passed, 0 failed, 0 without samples.\n'])
    const bad = pack({
      'alpha.yml': named('alpha'), 'twice.yml': twice('Twice', 'alpha'), 'twice.samples.json': { fires: [[at(0, 'alpha'), at(30, 'alpha')]], silent: [[at(0, 'alpha'), at(9, 'alpha')]] },
      'also.yml': twice('Also', 'alpha'), 'also.samples.json': { fires: [[at(0, 'alpha'), at(9, 'alpha')]] },
    })
    const { code, out } = await haechi(['rules', 'test', bad, '--alone', '--json'])
    expect([code, lines(out).map(({ failures }) => failures)]).toEqual([1, [
      [], [{ sample: 'fires', index: 0, why: 'not_alone', rule: 'Twice' }], [{ sample: 'fires', index: 0, why: 'silent', rule: null }, { sample: 'silent', index: 0, why: 'fires', rule: 'Twice' }],
    ]])
  })

  test('a step of another correlation in its file is no answer to a list', async () => {
    const chain = `${named('alpha')}---\n${named('beta')}---\n${twice('Twice', 'alpha')}name: twice\n---\ntitle: Then\ncorrelation: {type: temporal_ordered, rules: [twice, beta], timespan: 20s}\n`
    const path = pack({ 'chain.yml': chain, 'chain.samples.json': { fires: [[at(0, 'alpha'), at(1, 'alpha'), at(5, 'beta')]], silent: [[at(0, 'alpha'), at(1, 'alpha')], [at(0, 'beta'), at(1, 'alpha'), at(2, 'alpha')]] } })
    expect((await haechi(['rules', 'test', path])).err).toBe('1 files passed, 0 failed, 0 without samples.\n')
  })

  test('a list without times, or with nothing in it, is no sample; a correlation that refers nowhere is named', async () => {
    const path = pack({
      'a.yml': named('alpha'), 'a.samples.json': { fires: [[record('alpha')]] }, 'b.yml': twice('B', 'alpha'), 'b.samples.json': { fires: [[]] }, 'c.yml': twice('C', 'nobody'),
    })
    const { code, err } = await haechi(['rules', 'test', path, '--json'])
    expect(code).toBe(1)
    expect(lines(err).map((line) => line['error'] as { code: string; message: string })).toMatchObject([
      { code: 'samples_invalid', message: expect.stringContaining('fires[0][0]: time') as string }, { code: 'samples_invalid', message: expect.stringContaining('fires[0]') as string }, { code: 'rule_rejected', message: expect.stringContaining('rule_unknown') as string },
    ])
  })

  test('our own pack passes, alone', async () => {
    const { code, err } = await haechi(['rules', 'test', resolve(import.meta.dirname, '../../../../content/rules'), '--alone'])
    expect([code, err]).toEqual([0, expect.stringMatching(/^\d{2,3} files passed, 0 failed, 0 without samples\.\n$/)])
  })
})

describe('rules of a server', () => {
  const added = { name: 'own', tenant_id: null, version: 'v1', previous: null, license: 'DRL-1.1', source: { type: 'directory', path: '/srv/rules' }, accepted: 2, rejected_count: 1, rejected: [{ file: 'x.yml', line: 3, code: 'yaml_invalid', reason: 'no' }], switched_at: '2026-11-22T09:00:00.000Z' }

  test('add: the directory of this machine, for all tenants or for one; what cannot be loaded is named', async () => {
    const { directory, asked } = await fakeServer(() => ({ status: 201, body: added }))
    const { code, out, err } = await haechi(['rules', 'add', './rules', '--name', 'own', '--license', 'DRL-1.1', '--data', directory])
    expect([code, out, err]).toEqual([0, 'own: 2 rules are in force, 1 cannot be loaded\n', 'x.yml:3: yaml_invalid: no\n'])
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ name: 'own', path: resolve('./rules'), all_tenants: true, license: 'DRL-1.1' })
    expect(JSON.parse((await haechi(['rules', 'add', '/srv/rules', '--name', 'own', '--tenant', 'acme', '--json', '--data', directory])).out)).toEqual(added)
    expect(JSON.parse(asked[1]?.body ?? '')).toEqual({ name: 'own', path: '/srv/rules', all_tenants: false })
    expect(asked[1]?.headers['x-haechi-tenant']).toBe('acme')
  })

  test('list, packs, remove, back, on and off', async () => {
    const { directory, asked } = await fakeServer(({ method, path }) => ({
      body: method === 'PATCH' ? { id: 'r/1', title: 'Alpha', pack: 'own', enabled: false } : path.endsWith('/rollback') ? added : method === 'DELETE' ? { removed: true } : path.endsWith('packs') ? { packs: [added] } : { rules: [{ id: 'r', title: 'Alpha', level: 'high', status: 'test', author: null, license: null, pack: 'own', techniques: ['T1003'], logsource: {}, enabled: false, alerts: 12, true_positives: 0, false_positives: 0, hits_7d: 1234, last_hit_at: null, cost_share: 0.0123, correlation: { type: 'event_count' } }], next_cursor: null },
    }))
    expect((await haechi(['rules', 'list', '--data', directory])).out.split('\n')[1]).toMatch(/^high +Alpha \(event_count\) +T1003 +own +off +12 +1,234 +- +1\.2 % +r$/)
    expect((await haechi(['rules', 'packs', '--data', directory])).out.split('\n')[1]).toMatch(/^own +all tenants +2 +1 +v1 +DRL-1\.1 /)
    expect((await haechi(['rules', 'remove', 'own', '--data', directory])).out).toBe('own is removed.\n')
    expect([asked[2]?.method, asked[2]?.path, String(asked[2]?.query)]).toEqual(['DELETE', '/api/v1/rule-packs/own', 'all_tenants=true'])
    expect((await haechi(['rules', 'rollback', 'own', '--tenant', 'acme', '--data', directory])).out).toBe('own: 2 rules are in force, 1 cannot be loaded\n')
    expect([asked[3]?.method, asked[3]?.path, String(asked[3]?.query)]).toEqual(['POST', '/api/v1/rule-packs/own/rollback', 'all_tenants=false'])
    expect((await haechi(['rules', 'disable', 'r/1', '--data', directory])).out).toMatch(/^TITLE +Alpha$/m)
    expect([asked[4]?.path, asked[4]?.body]).toEqual(['/api/v1/rules/r%2F1', '{"enabled":false}'])
  })
})
