// The command as a person gives it, on servers of this process: lines, SARIF, the page, exit codes, and what is refused before anything is sent.
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { folder, haechi } from '../process.fixture.ts'

async function shop(answer?: (path: string) => readonly [number, string]): Promise<number> {
  const files: Readonly<Record<string, string>> = { '/': '<title>가게</title><h1>shop</h1>', '/.git/HEAD': 'ref: refs/heads/main\n', '/.git/config': '[core]\n\trepositoryformatversion = 0\n\tbare = false\n' }
  const server = createServer((request, response) => {
    const known = files[request.url ?? '']
    const [status, body] = answer?.(request.url ?? '') ?? [known === undefined ? 404 : 200, known]
    response.writeHead(status, { 'content-type': request.url === '/' ? 'text/html; charset=utf-8' : 'text/plain' }).end(body ?? 'not here')
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  onTestFinished(() => new Promise<void>((resolve) => {
    server.close(() => { resolve() })
    server.closeAllConnections()
  }))
  return (server.address() as AddressInfo).port
}

type Line = { readonly asset: string; readonly kind: string; readonly weakness: string | null; readonly severity: string | null; readonly confidence: number; readonly evidence: string; readonly place?: string; readonly level?: string; readonly due?: string | null; readonly title?: string }
const lines = (out: string): Line[] => out.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line)
const codeOf = (err: string): string => (JSON.parse(err.split('\n')[0]!) as { error: { code: string } }).error.code

describe('scan', () => {
  test('lines for machines, and a page for people', async () => {
    const port = await shop()
    const html = join(folder(), 'result.html')
    const { code, out, err } = await haechi(['scan', '127.0.0.1', '--ports', String(port), '--json', '--html', html, '--fail-on', 'high', '--lang', 'ko'])
    expect(code).toBe(1)
    const all = lines(out)
    for (const line of all) expect(Object.keys(line)).toEqual(expect.arrayContaining(['asset', 'kind', 'weakness', 'severity', 'confidence', 'evidence']))
    expect(all.filter(({ weakness }) => weakness === null).map(({ kind, asset }) => [kind, asset])).toEqual(expect.arrayContaining([['host', '127.0.0.1'], ['service', `127.0.0.1:${port}/tcp`], ['site', `http://127.0.0.1:${port}/`]]))
    expect(all.find(({ weakness }) => weakness === 'web.git_exposed')).toMatchObject({ asset: '127.0.0.1', kind: 'sensitive_data', severity: 'high', place: `http://127.0.0.1:${port}/.git/HEAD`, level: 'urgent', title: '사이트의 Git 저장소를 내려받을 수 있습니다', evidence: expect.stringMatching(/[가-힣]/) })
    expect(JSON.parse(err.trim().split('\n').at(-1)!)).toMatchObject({ totals: { interrupted: false, assets: { host: 1, service: 1, site: 1 }, ports: { tried: 1, open: 1 } } })
    expect(readFileSync(html, 'utf8')).toContain('<html lang="ko">')
    expect(readFileSync(html, 'utf8')).toContain('가게')
  })

  test('a table for people, in order of what comes first', async () => {
    const port = await shop()
    const { out, err } = await haechi(['scan', `http://localhost:${port}`])
    expect(out).toMatch(/KIND.*\n.*service.*http/)
    expect(out.split('\n').find((line) => line.startsWith('urgent'))).toContain('The Git repository of the site can be downloaded')
    expect(err).toMatch(/Hosts: 1, services: 1\. Weaknesses: \d+ urgent/)
  })

  test('what was held back is shown where somebody asks, with the reason', async () => {
    const port = await shop((path) => [200, `<p>every page is ${path}</p>`])
    const file = join(folder(), 'always.yaml')
    writeFileSync(file, 'id: always\ninfo:\n  name: Always\n  author: us\n  severity: high\nhttp:\n  - method: GET\n    path: ["{{BaseURL}}/secret"]\n    matchers:\n      - type: word\n        words: ["every page is"]\n')
    const told = await haechi(['scan', `http://127.0.0.1:${port}`, '--templates', file])
    expect([told.out.includes('always'), told.err.includes('--all')]).toEqual([false, true])
    const asked = await haechi(['scan', `http://127.0.0.1:${port}`, '--templates', file, '--all', '--lang', 'ko'])
    expect(asked.out).toMatch(/보류한 내용.*이유\n(?:.*\n)*.*always.*요청을 그대로 되돌려 줌/)
  })

  test('what could not be looked at to its end is told in the language of the person', async () => {
    const port = await shop((path) => (path === '/' ? [200, `<h1>${'x'.repeat(3_000_000)}`] : [404, 'no']))
    const html = join(folder(), 'result.html')
    const place = `http://127.0.0.1:${port}/`
    const korean = await haechi(['scan', place, '--all', '--html', html, '--lang', 'ko'])
    for (const told of [korean.err, readFileSync(html, 'utf8')]) expect(told).toContain('한도를 넘음: 페이지의 처음 2097152바이트만 읽음')
    const { err } = await haechi(['scan', place, '--json'])
    expect(err.split('\n').map((line) => (line === '' ? {} : JSON.parse(line) as object))).toContainEqual({ fault: { asset: '127.0.0.1', place, fault: 'budget_exceeded', message: 'only the first 2097152 bytes of the page were read' } })
  })

  test('files that are no templates are counted', async () => {
    const port = await shop()
    const templates = folder()
    writeFileSync(join(templates, 'git.yaml'), 'id: own-git\ninfo:\n  name: Git\n  author: us\n  severity: high\nhttp:\n  - path: ["{{BaseURL}}/.git/HEAD"]\n    matchers:\n      - type: word\n        words: ["ref: "]\n')
    writeFileSync(join(templates, 'list.yaml'), '- a\n')
    expect((await haechi(['scan', `http://127.0.0.1:${port}`, '--templates', templates, '--lang', 'ko'])).err).toContain(`파일 1개는 읽을 수 있는 템플릿이 아닙니다. "haechi templates validate ${templates}"`)
    const { err } = await haechi(['scan', `http://127.0.0.1:${port}`, '--templates', templates, '--json'])
    expect(JSON.parse(err.trim().split('\n').at(-1)!)).toMatchObject({ totals: { templates: { run: 1 }, refused_files: 1 } })
  })

  test('SARIF, with nothing else on standard output', async () => {
    const port = await shop()
    const { out } = await haechi(['scan', `http://127.0.0.1:${port}`, '--sarif'])
    const { runs: [run] } = JSON.parse(out) as { runs: { results: { ruleId: string; level: string }[] }[] }
    expect(run?.results.find(({ ruleId }) => ruleId === 'web.git_exposed')?.level).toBe('error')
  })

  test('what is refused before anything is sent', async () => {
    expect(codeOf((await haechi(['scan', 'a b', '--json'])).err)).toBe('scan_target_invalid')
    const ports = await haechi(['scan', 'localhost', '--ports', '70000', '--lang', 'ko'])
    expect([ports.code, ports.err]).toEqual([1, expect.stringContaining('scan_ports_invalid: --ports 70000에 포트가 없습니다: 70000: 포트는 1부터 65535까지임')])
    expect(codeOf((await haechi(['scan', '192.0.2.7', '--json'])).err)).toBe('scan_scope_missing')
    expect(codeOf((await haechi(['scan', '192.0.2.0/24', '--json'])).err)).toBe('scan_scope_missing')
    for (const [option, needed, ...value] of [['--severity', '--templates', 'high'], ['--tags', '--templates', 'cve'], ['--signer', '--templates', 'key.pem'], ['--screenshots', '--html']] as const) {
      const alone = await haechi(['scan', '127.0.0.1', '--ports', '1', option, ...value, '--lang', 'ko'])
      expect([alone.code, alone.out, alone.err]).toEqual([2, '', `haechi: usage_option_alone: ${option} 옵션은 ${needed} 없이 쓸 수 없습니다. ${needed}을(를) 함께 지정하거나 ${option}을(를) 빼십시오\n`])
    }
    const nowhere = await haechi(['scan', '127.0.0.1', '--ports', '1', '--html', join(folder(), 'no/where.html'), '--json'])
    expect([codeOf(nowhere.err), nowhere.out]).toEqual(['file_not_written', ''])
    expect((await haechi(['scan', '127.0.0.1', '--ports', '1', '--lang', 'ko', '--from', 'above'])).code).toBe(2)
  })

  test('stopped at once, it says so', async () => {
    const stop = new AbortController()
    stop.abort()
    const { code, err } = await haechi(['scan', '127.0.0.1', '--ports', '1', '--json'], { stop: stop.signal })
    expect(code).toBe(130)
    expect(JSON.parse(err.trim().split('\n').at(-1)!)).toMatchObject({ totals: { interrupted: true } })
  })
})
