import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { configurations } from './clients.ts'

const url = 'http://127.0.0.1:8123/mcp'

test.each([null, '/etc/token'])('what is to be pasted is what the files expect (token: %s)', (tokenFile) => {
  const all = configurations({ name: 'pets', url, tokenFile })
  expect(all.map(({ client }) => client)).toEqual(['Claude Code', 'Claude Desktop', 'VS Code', 'Cursor', 'Windsurf', 'Codex', 'Gemini CLI'])
  for (const { place, text } of all) {
    expect(text).toContain(url)
    expect(text.includes('TOKEN') || text.includes('/etc/token')).toBe(tokenFile !== null)
    if (!place.endsWith('.json')) continue
    const servers = Object.values(JSON.parse(text) as Record<string, unknown>).find((value) => !Array.isArray(value))
    expect(Object.keys(servers as object)).toEqual(['pets'])
  }
  expect(all.find(({ client }) => client === 'Codex')?.text.split('\n').slice(0, 2)).toEqual(['[mcp_servers.pets]', `url = "${url}"`])
})

test.skipIf(process.platform === 'win32')('a token file of any name is one word of the shell', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haechi it\'s $(a) "folder"-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'to ken')
  writeFileSync(file, 'secret-token')
  const { text } = configurations({ name: 'pets', url, tokenFile: file })[0]!
  const said = execFileSync('sh', ['-c', text.replace('claude', 'printf "%s\\n"')], { encoding: 'utf8' })
  expect(said.split('\n')).toContain('Authorization: Bearer secret-token')
})
