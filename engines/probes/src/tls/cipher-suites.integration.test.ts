import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { missingTemplates, templateFiles } from '../../../../tests/templates-corpus.ts'
import { strength, suiteName, suiteNumber, suitesBefore13, suitesOfTls13 } from './cipher-suites.ts'

it('names are OpenSSL\'s for all that it knows', () => {
  const list = execFileSync('openssl', ['ciphers', '-V', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'], { encoding: 'utf8' })
  const known = [...list.matchAll(/0x([0-9A-F]{2}),0x([0-9A-F]{2}) - (\S+)/g)].map(([, high = '', low = '', name = '']) => [Number.parseInt(high + low, 16), name] as const)
  expect(known.length).toBeGreaterThan(100)
  for (const [number, name] of known) {
    expect(suiteName(number)).toBe(name)
    expect(suiteNumber(name)).toBe(number)
  }
})

it('numbers are told once', () => {
  expect(new Set([...suitesBefore13, ...suitesOfTls13]).size).toBe(suitesBefore13.length + suitesOfTls13.length)
  expect(suiteName(0xfefe)).toBe('0xfefe')
  expect(suiteNumber('TLS_NOTHING')).toBeNull()
})

it.skipIf(missingTemplates !== false)(`strength is what the public templates call weak and insecure${missingTemplates === false ? '' : ` (${missingTemplates})`}`, () => {
  const files = new Map(templateFiles()?.map(file => [file.path, Buffer.from(file.content).toString('latin1')]))
  for (const [path, grade] of [['ssl/weak-cipher-suites.yaml', 'weak'], ['ssl/insecure-cipher-suite-detect.yaml', 'insecure']] as const) {
    const names = new Set(files.get(path)?.match(/TLS_\w+/g))
    expect(names.size).toBeGreaterThan(80)
    for (const name of names) {
      expect(strength(name), name).toBe(grade)
      expect(suiteNumber(name), name).not.toBeNull()
    }
  }
  for (const name of ['TLS_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384']) expect(strength(name)).toBe('secure')
})
