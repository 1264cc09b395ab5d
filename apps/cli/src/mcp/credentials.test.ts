import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { credentialsFor, readCredentials, readToken } from './credentials.ts'

function fileWith(text: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'secrets')
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

describe('the file', () => {
  test.each(['{"key": "a", "basic": "user:pass"}', 'key: a\nbasic: user:pass\n', '\uFEFFkey: a\nbasic: "user:pass"'])('JSON or YAML: %j', async (text) => {
    expect(await readCredentials(fileWith(text))).toEqual({ key: 'a', basic: 'user:pass' })
  })

  test.skipIf(process.platform === 'win32').each([0o644, 0o640, 0o604, 0o660])('is refused where others may read it: %o', async (mode) => {
    await expect(readCredentials(fileWith('key: a', mode))).rejects.toMatchObject({ code: 'mcp_file_exposed', params: { mode: mode.toString(8) } })
    await expect(readToken(fileWith('t'.repeat(40), mode))).rejects.toMatchObject({ code: 'mcp_file_exposed' })
  })

  test.each(['key: 12345', '- a', 'text', '', 'key: { inner: 5 }', '{"key": "hush-hush", "broken', 'a: b\nkey: { x: y }'])('what is no set of secrets is refused without quoting any: %j', async (text) => {
    const error = await readCredentials(fileWith(text)).then(() => null, (thrown: unknown) => thrown as Error)
    expect(error).toMatchObject({ code: 'mcp_credentials_invalid' })
    expect(error?.message).not.toMatch(/hush|12345/)
  })

  test('a token is long and has no blank in it', async () => {
    expect(await readToken(fileWith(`${'t'.repeat(32)}\n`))).toBe('t'.repeat(32))
    for (const text of ['t'.repeat(31), `${'t'.repeat(20)} ${'t'.repeat(20)}`, '', '토'.repeat(40), 't'.repeat(513)]) await expect(readToken(fileWith(text))).rejects.toMatchObject({ code: 'mcp_token_weak' })
    await expect(readToken('/nowhere/at/all')).rejects.toMatchObject({ code: 'file_unreadable' })
  })
})

describe('whose they are', () => {
  test('one document: all of the file, and the environment by the scheme', () => {
    expect(credentialsFor('pets', true, ['key', 'my-oauth.2'], { key: 'a' }, { HAECHI_MCP_CREDENTIAL_MY_OAUTH_2: 'b', HAECHI_MCP_CREDENTIAL_OTHER: 'c' })).toEqual({ key: 'a', 'my-oauth.2': 'b' })
    expect(credentialsFor('pets', true, ['key'], { pets: { key: 'a' } }, {})).toEqual({ key: 'a' })
  })

  test('of several documents none is given what is another\'s, or what is nobody\'s', () => {
    const given = { pets: { key: 'a' }, shop: { key: 'b' } }
    expect(credentialsFor('pets', false, ['key'], given, {})).toEqual({ key: 'a' })
    expect(credentialsFor('other', false, ['key'], given, {})).toEqual({})
    expect(credentialsFor('pets', false, ['key'], { key: 'a' }, { HAECHI_MCP_CREDENTIAL_KEY: 'b' })).toEqual({})
    expect(credentialsFor('pets', false, ['key'], {}, { HAECHI_MCP_CREDENTIAL_PETS_KEY: 'b' })).toEqual({ key: 'b' })
  })
})
