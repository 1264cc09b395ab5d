import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, haechi } from '../process.fixture.ts'

test.each([
  [['192.0.2.1'], 'probe_name_invalid'], [['a..b'], 'probe_name_invalid'], [['x-.example'], 'probe_name_invalid'], [['https://example.com/'], 'probe_name_invalid'], [['example.com', '--resolver', 'ns.example.com'], 'probe_server_invalid'],
  [['example.com', '--servers', '192.0.2.1:99999'], 'probe_server_invalid'], [['example.com', '--transport', 'dot'], 'probe_resolver_missing'], [['example.com', '--transport', 'doh'], 'usage_choice'], [['example.com', '--words', '/nowhere/words'], 'file_unreadable'],
])('%j is refused before anything is asked: %s', async (words, code) => {
  const { err, code: exit } = await haechi(['probe', 'dns', ...words, '--json'])
  expect([exit, err]).toEqual([expect.toSatisfy((given: number) => given !== 0), expect.stringContaining(`"${code}"`)])
})

test('a zone of somebody else needs a scope that names it, and that has not ended', async () => {
  const scope = (targets: string, until: string): string => {
    const file = join(folder(), 'scope.yaml')
    writeFileSync(file, `targets: [${targets}]\nowner: Example\nuntil: "${until}"\n`)
    return file
  }
  // Nothing is sent there: the kernel refuses at once.
  const probe = (...words: readonly string[]) => haechi(['probe', 'dns', 'zone.example', '--resolver', '255.255.255.255', '--timeout', '1', '--json', ...words])
  expect((await probe('--scope', scope('zone.example', '2020-01-01'))).err).toContain('"scan_scope_expired"')
  expect((await probe('--scope', scope('other.example', '2099-01-01'))).code).not.toBe(0)
  expect(JSON.parse((await probe('--scope', scope('"*.example"', '2099-01-01'))).out)).toMatchObject({ zone: 'zone.example', status: 'unanswered', findings: [], faults: [{ place: 'zone.example SOA' }] })
})

test('names of other scripts are asked for as DNS has them', async () => {
  const { out } = await haechi(['probe', 'dns', '한국.example', '--resolver', '127.0.0.1:9', '--timeout', '1', '--json'])
  expect(JSON.parse(out)).toMatchObject({ target: '한국.example', zone: 'xn--3e0b707e.example', status: 'unanswered' })
})
