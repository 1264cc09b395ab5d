// Our orders against those who make them: dpkg, librpm, npm's semver, PyPA's packaging. What is not on this machine is skipped, and its name says so.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { compareVersions } from '@haechi/risk'
import type { VersionScheme } from '@haechi/risk'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

type Pair = readonly [string, string]
const pieces = (...of: readonly string[]) => fc.array(fc.constantFrom(...of), { minLength: 1, maxLength: 7 }).map((parts) => parts.join(''))
const drawn = (version: fc.Arbitrary<string>, count: number): Pair[] => fc.sample(fc.tuple(version, version), { numRuns: count, seed: 20_261_122 })
const own = (scheme: VersionScheme, [a, b]: Pair) => Math.sign(compareVersions(scheme, a, b))

/** Pairs on standard input, a line each; -1, 0 or 1 a line out. */
function asked(program: string, args: readonly string[], pairs: readonly Pair[]): number[] {
  return execFileSync(program, args, { input: pairs.map((pair) => pair.join('\t')).join('\n'), maxBuffer: 64_000_000 }).toString().trim().split('\n').map(Number)
}
const differences = (scheme: VersionScheme, pairs: readonly Pair[], answers: readonly number[]) => pairs.filter((pair, at) => own(scheme, pair) !== answers[at]).map((pair) => [...pair, own(scheme, pair)])

const dpkg = spawnSync('dpkg', ['--version']).status === 0
describe.skipIf(!dpkg)(`dpkg --compare-versions${dpkg ? '' : ': there is no dpkg here'}`, () => {
  const shell = 'while IFS="$(printf "\\t")" read -r a b; do if dpkg --compare-versions "$a" lt "$b"; then echo -1; elif dpkg --compare-versions "$a" eq "$b"; then echo 0; else echo 1; fi; done'
  const answered = (pairs: readonly Pair[]) => differences('dpkg', pairs, asked('sh', ['-c', shell], [...pairs, ['1', '1'] as const]).slice(0, pairs.length))
  test('drawn versions', () => {
    const version = fc.tuple(fc.constantFrom('', '', '1:', '0:', '2:'), pieces('0', '1', '2', '10', '00', 'a', 'b', 'Z', '~', '~~', '+', '.', 'rc', 'deb12u1'), fc.constantFrom('', '', '-1', '-2', '-1~bpo', '-1+b1', '-0ubuntu1', '-1.1')).map(([epoch, upstream, revision]) => `${epoch}1${upstream}${revision}`)
    expect(answered(drawn(version, 600))).toEqual([])
  }, 60_000)
  test('versions of the packages of this machine, each against another', () => {
    const versions = execFileSync('dpkg-query', ['-W', '-f', '${Version}\n']).toString().trim().split('\n')
    expect(versions.length).toBeGreaterThan(50)
    expect(answered(versions.map((version, at) => [version, versions[(at * 7 + 3) % versions.length]!] as const).slice(0, 500))).toEqual([])
  }, 60_000)
})

const rpm = spawnSync('/usr/bin/python3', ['-c', 'import rpm']).status === 0
test.skipIf(!rpm)(`librpm${rpm ? '' : ': there is no python3-rpm here'}`, () => {
  const version = fc.tuple(fc.constantFrom('', '1:', '0:'), pieces('1', '2', '10', '0', '01', 'a', 'b', 'rc', '~', '^', '.', '_', '+', 'git', 'Z', '~~', '^^'), pieces('1', '2', 'el9', '.', '_4', '~')).map((parts) => `${parts[0]}${parts[1]}-${parts[2]}`)
  const program = "import sys, rpm\ndef p(t):\n  e, _, r = t.rpartition(':')\n  v, _, r = r.rpartition('-')\n  return (e or '0', v, r)\nfor line in sys.stdin:\n  a, b = line.rstrip('\\n').split('\\t')\n  print(rpm.labelCompare(p(a), p(b)))"
  const pairs = drawn(version, 20_000)
  expect(differences('rpm', pairs, asked('/usr/bin/python3', ['-c', program], pairs))).toEqual([])
})

const packaging = spawnSync('python3', ['-c', 'import packaging']).status === 0
test.skipIf(!packaging)(`PyPA's packaging${packaging ? '' : ': there is no python3 with packaging here'}`, () => {
  const number = fc.constantFrom('0', '1', '2', '10', '01')
  const version = fc.tuple(fc.constantFrom('', '', 'v', '1!'), fc.array(number, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '', 'a1', '.b2', '-rc', '_c3', 'alpha', '.preview0', 'RC1'), fc.constantFrom('', '', '.post1', '-1', '-r2', 'post', '.rev'), fc.constantFrom('', '', '.dev', 'dev1', '-dev2'), fc.constantFrom('', '', '+a', '+1', '+a.1', '+ubuntu-1', '+A_1'))
    .map(([epoch, release, ...rest]) => `${epoch}${release.join('.')}${rest.join('')}`)
  const program = 'import sys\nfrom packaging.version import Version\nfor line in sys.stdin:\n  a, b = [Version(t) for t in line.rstrip("\\n").split("\\t")]\n  print((a > b) - (a < b))'
  const pairs = drawn(version, 20_000)
  expect(differences('pep440', pairs, asked('python3', ['-c', program], pairs))).toEqual([])
})

const npm = [join(dirname(process.execPath), '../lib/node_modules/npm'), '/usr/lib/node_modules/npm', '/usr/local/lib/node_modules/npm', '/usr/share/nodejs'].find((folder) => existsSync(join(folder, 'node_modules/semver')) || existsSync(join(folder, 'semver')))
test.skipIf(npm === undefined)(`npm's semver${npm === undefined ? ': there is no npm here' : ''}`, () => {
  const semver = createRequire(join(npm!, 'package.json'))('semver') as { compare(a: string, b: string): number }
  const identifier = fc.constantFrom('alpha', 'beta', 'rc', '0', '1', '2', '10', 'a-b', 'x1', '-')
  const version = fc.tuple(fc.array(fc.constantFrom('0', '1', '2', '10', '9007199254740991'), { minLength: 3, maxLength: 3 }), fc.array(identifier, { maxLength: 3 }), fc.constantFrom('', '+b', '+1.2')).map(([numbers, before, build]) => `${numbers.join('.')}${before.length === 0 ? '' : `-${before.join('.')}`}${build}`)
  const pairs = drawn(version, 20_000)
  expect(differences('semver', pairs, pairs.map(([a, b]) => semver.compare(a, b)))).toEqual([])
})
