import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { expect, test } from 'vitest'
import { folder, haechi } from '../process.fixture.ts'

const exchange = (url: string, mimeType = 'application/json') => ({ request: { method: 'GET', url, headers: [{ name: 'Authorization', value: 'Bearer s3cret' }] }, response: { status: 200, content: { mimeType, text: '{"name":"s3cret"}' } } })
const recording = (...entries: object[]): string => {
  const file = join(folder(), 'r.har')
  writeFileSync(file, `\uFEFF${JSON.stringify({ log: { version: '1.2', entries } })}`)
  return file
}

test('a recording becomes a document, as YAML and as JSON, and what was left out is said', async () => {
  const file = recording(exchange('https://api.example/users/1'), exchange('https://api.example/users/2'), exchange('https://www.example/', 'text/html'), exchange('http://localhost:8080/health'))
  const { code, out, err } = await haechi(['mcp', 'draft', '--from-har', file])
  expect([code, err]).toEqual([0, 'Drafted from 2 requests; 1 pages, scripts, pictures and the like were left out, and 1 requests to other hosts (localhost:8080). Check it before it is used.\n'])
  const document = load(out) as { paths: object }
  expect(document).toMatchObject({ 'openapi': '3.1.0', 'x-draft': true, 'servers': [{ url: 'https://api.example' }], 'components': { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } } })
  expect(Object.keys(document.paths)).toEqual(['/users/{userId}'])
  expect(out).not.toContain('s3cret')
  const json = await haechi(['mcp', 'draft', '--from-har', file, '--json'])
  expect([JSON.parse(json.out), json.err]).toEqual([document, ''])
  expect(JSON.parse((await haechi(['mcp', 'draft', '--from-har', file, '--json', '--host', 'localhost'])).out)).toMatchObject({ servers: [{ url: 'http://localhost:8080' }] })
})

test('what is no recording is refused by its code', async () => {
  const refused = async (...words: string[]) => {
    const { code, out, err } = await haechi(['mcp', 'draft', '--json', ...words])
    expect([code === 0, out]).toEqual([false, ''])
    return (JSON.parse(err) as { error: { code: string; message: string } }).error
  }
  const text = join(folder(), 'no.har')
  writeFileSync(text, '<html>')
  expect(await refused('--from-har', join(folder(), 'none'))).toMatchObject({ code: 'file_unreadable' })
  expect(await refused('--from-har', text)).toMatchObject({ code: 'mcp_recording_refused', message: expect.stringContaining('(recording_invalid, at #)') as string })
  expect(await refused('--from-har', recording())).toMatchObject({ code: 'mcp_recording_refused', message: expect.stringContaining('recording_empty') as string })
  expect(await refused('--from-har', recording(exchange('https://a.example/x')), '--host', 'b.example')).toMatchObject({ code: 'mcp_recording_refused', message: expect.stringContaining('Hosts of the recording: a.example') as string })
})
