import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from './config.ts'

const directory = (yaml?: string) => {
  const data = mkdtempSync(join(tmpdir(), 'haechi-config-'))
  if (yaml !== undefined) writeFileSync(join(data, 'haechi.yaml'), yaml)
  return data
}

test('flags win over the environment, the environment over the file, the file over defaults', () => {
  const data = directory('port: 1\nlog_level: warn\nevent_retention_days: 30\n')
  const config = readConfig({ data, port: 3 }, { HAECHI_PORT: '2', HAECHI_LOG_LEVEL: 'error' })
  expect(config).toMatchObject({ data, port: 3, log_level: 'error', event_retention_days: 30, host: '127.0.0.1' })
})

test.each([
  ['environment', { HAECHI_PROT: '1' }, undefined],
  ['file', {}, 'prot: 1\n'],
])('an unknown key in the %s is an error that suggests the nearest', (_, environment, yaml) => {
  expect(() => readConfig({ data: directory(yaml) }, environment)).toThrow(expect.objectContaining({ code: 'config_unknown_key', message: expect.stringContaining('port?') }))
})

test.each([
  ['port', 'http'], ['port', '-1'], ['port', '65536'], ['port', '1.5'], ['log_level', 'loud'], ['base_path', 'mdr/'], ['requests_per_second', '19'],
])('%s=%s is refused', (key, value) => {
  expect(() => readConfig({ data: directory(), [key]: value }, {})).toThrow(expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(key) }))
})

test('DATABASE_URL is read; variables of the tests and of the client are not settings', () => {
  expect(readConfig({ data: directory() }, { DATABASE_URL: 'postgres://x', HAECHI_CORPUS: '/c', HAECHI_URL: 'u', HAECHI_KEY: 'k' }).database_url).toBe('postgres://x')
})

test.each([['[1]'], ['a: b: c'], ['port: [1']])('a file that is not settings is refused: %s', (yaml) => {
  expect(() => readConfig({ data: directory(yaml) }, {})).toThrow(expect.objectContaining({ code: expect.stringMatching(/^config_/) }))
})

test('a certificate without its key is refused, and so is a named file that is missing', () => {
  expect(() => readConfig({ data: directory(), tls_cert: 'c.pem' }, {})).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  expect(() => readConfig({ data: directory() }, {}, '/nowhere/haechi.yaml')).toThrow(expect.objectContaining({ code: 'config_file_invalid' }))
})
