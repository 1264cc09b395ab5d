import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exitCodes } from './exit-codes.ts'
import { widthOf } from './layout.ts'
import { fakeServer, folder, haechi, noon } from './process.fixture.ts'

const errorOf = (err: string) => (JSON.parse(err) as { error: { code: string; message: string } }).error

describe('help', () => {
  test('an overview, of a group, of a command, of exit codes; in both languages', async () => {
    const overview = await haechi(['help'])
    expect([overview.code, overview.err]).toEqual([0, ''])
    for (const line of ['serve', 'ingest FILE...', 'search [QUERY...]', 'keys create', 'audit verify FILE', 'sources list']) expect(overview.out).toContain(`  ${line} `)
    expect((await haechi(['--help'])).out).toBe(overview.out)
    expect((await haechi(['help', 'keys'])).out).toContain('keys rotate KEY_ID')
    expect((await haechi(['keys', '--help'])).out).toContain('keys rotate KEY_ID')
    expect((await haechi(['help', 'keys', 'create'])).out).toBe((await haechi(['keys', 'create', '--help'])).out)
    expect((await haechi(['search', '--help', '--lang', 'ko'])).out).toContain('이벤트를 찾습니다')
    const codes = await haechi(['help', 'exit-codes'])
    for (const code of Object.values(exitCodes)) expect(codes.out).toMatch(new RegExp(`^ {2}${code} `, 'm'))
  })

  test('nothing at all is a usage error that shows the way', async () => {
    const { code, out, err } = await haechi([])
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('haechi help COMMAND')
  })

  test('--version', async () => {
    expect((await haechi(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('a wrong call', () => {
  test.each([
    [['serch'], 'usage_unknown_command'], [['help', 'serch'], 'usage_unknown_command'], [['keys'], 'usage_verb_missing'], [['keys', 'crate'], 'usage_unknown_command'], [['--verbose'], 'usage_unknown_option'],
    [['search', '--form', '-1h'], 'usage_unknown_option'], [['search', '--from', 'yesterday'], 'usage_time'], [['search', '--limit', '0'], 'usage_number'], [['search', '--count', '--raw'], 'usage_together'],
    [['ingest', 'x'], 'usage_option_missing'], [['ingest', '--source', 's'], 'usage_argument_missing'], [['keys', 'create', '--role', 'king', '--name', 'n'], 'usage_choice'], [['search', '--lang', 'fr'], 'usage_choice'],
    [['serve', '--prot', '1'], 'usage_unknown_option'], [['serve', '--port', 'x'], 'config_invalid'],
  ])('%j: %s, exit code 2, nothing on standard output', async (words, code) => {
    const { code: exit, out, err } = await haechi([...words, '--json'])
    expect([exit, out, errorOf(err).code]).toEqual([2, '', code])
  })

  test('is answered in the language of the caller, with the nearest thing there is', async () => {
    const { err } = await haechi(['search', '--form', '-1h'], { environment: { LANG: 'ko_KR.UTF-8' } })
    expect(err).toBe('haechi: usage_unknown_option: search에는 --form 옵션이 없습니다 (-> --from?). 전체 목록: haechi help search\n')
  })

  test('commands no terminal with what it repeats', async () => {
    const file = join(folder(), 'scope.yaml')
    writeFileSync(file, 'owner: a\nuntil: 2027-01-01\ntargets: ["\\e[2J\\u202e"]\n')
    const { err } = await haechi(['probe', 'dns', 'a.localhost', '--scope', file])
    expect(err).toContain('targets: \\u001b[2J\\u202e')
    expect(err).not.toMatch(/[\p{Cc}\u202e]./u)
  })
})

describe('search', () => {
  const event = (n: number) => ({
    event_id: `e${n}`, time: '2026-11-22T03:04:05.678Z', host: '서버-01', user: 'CORP\\bob', process: 'C:\\Windows\\System32\\cmd.exe', message: `로그인 실패 ${n} \u001b[2J`, command_line: null, raw: `{"n":${n}}`,
  })
  const events = () => fakeServer(({ query }) => {
    const [from, limit] = [Number(query.get('cursor') ?? 0), Number(query.get('limit'))]
    const names = query.get('fields')?.split(',')
    const all = Array.from({ length: limit }, (_, n) => event(from + n)).filter((_, n) => from + n < 2_500)
    return { body: { events: all.map((each) => (names === undefined ? each : Object.fromEntries(Object.entries(each).filter(([name]) => names.includes(name))))), next_cursor: from + limit < 2_500 ? String(from + limit) : null } }
  })

  test('a table that fits, with nothing in it that commands the terminal', async () => {
    const { directory, asked } = await events()
    const { code, out, err } = await haechi(['search', 'host:서버-01', '실패', '--from', '-24h', '--to', 'now', '--source', 'dc01', '--limit', '3', '--data', directory], { width: 60 })
    expect(code).toBe(0)
    const lines = out.trimEnd().split('\n')
    expect(lines).toHaveLength(4)
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(60)
    expect(out).toContain('cmd.exe')
    expect(out).not.toContain('\u001b')
    expect(err).toContain('There are more than these 3')
    expect((await haechi(['search', '--limit', '1', '--data', directory])).out).toContain('로그인 실패 0 \\u001b[2J')
    expect(Object.fromEntries(asked[0]?.query ?? [])).toEqual({
      query: 'host:서버-01 실패', source: 'dc01', from: new Date(noon - 86_400_000).toISOString(), to: new Date(noon).toISOString(), limit: '3', fields: 'time,host,user,process,message,command_line',
    })
  })

  test('--json and --raw hand on what the server holds, page after page', async () => {
    const { directory, asked } = await events()
    const json = await haechi(['search', '--limit', '2200', '--json', '--data', directory])
    const lines = json.out.trimEnd().split('\n')
    expect(lines).toHaveLength(2_200)
    expect(JSON.parse(lines[2_199] ?? '')).toEqual(event(2_199))
    expect(asked.map((one) => one.query.get('limit'))).toEqual(['1000', '1000', '200'])
    expect((await haechi(['search', '--limit', '2', '--raw', '--data', directory])).out).toBe('{"n":0}\n{"n":1}\n')
    const chosen = await haechi(['search', '--limit', '1', '--fields', 'host,raw', '--json', '--data', directory])
    expect(JSON.parse(chosen.out)).toEqual({ host: '서버-01', raw: '{"n":0}' })
  })

  test('--count and --histogram', async () => {
    const { directory } = await fakeServer(({ path }) => ({ body: path.endsWith('count') ? { count: 12_345 } : { bucket_ms: 3_600_000, buckets: [{ start: '2026-11-22T01:00:00.000Z', count: 10 }, { start: '2026-11-22T03:00:00.000Z', count: 5 }] } }))
    expect((await haechi(['search', 'x', '--count', '--json', '--data', directory])).out).toBe('{"count":12345}\n')
    expect((await haechi(['search', 'x', '--count', '--data', directory])).out).toBe('12,345\n')
    const bars = (await haechi(['search', '--histogram', '--data', directory], { width: 45 })).out.trimEnd().split('\n')
    expect(bars.map((line) => line.slice(19).replaceAll(/█+/g, '#'))).toEqual(['  10  #', '   0', '   5  #'])
    expect((await haechi(['search', '--histogram', '--json', '--data', directory])).out.split('\n')[0]).toBe('{"start":"2026-11-22T01:00:00.000Z","count":10,"bucket_ms":3600000}')
  })
})

describe('access', () => {
  test('keys create prints exactly the id and the secret', async () => {
    const { directory, asked } = await fakeServer(() => ({ status: 201, body: { key_id: 'key_1', tenant_id: 't', name: 'n', secret: 'hsk_x' } }))
    const { code, out, err } = await haechi(['keys', 'create', '--tenant', 'acme', '--role', 'analyst', '--name', 'n', '--side', 'provider', '--owner', 'jiho', '--expires', '+1d', '--json', '--data', directory])
    expect([code, out, err]).toEqual([0, '{"key_id":"key_1","secret":"hsk_x"}\n', ''])
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ name: 'n', role: 'analyst', side: 'provider', owner: 'jiho', expires_at: new Date(noon + 86_400_000).toISOString() })
    expect(asked[0]?.headers['x-haechi-tenant']).toBe('acme')
  })

  test('lists: one object a line, all pages', async () => {
    const { directory } = await fakeServer(({ query }) => ({ body: query.get('cursor') === null ? { tenants: [{ id: '1', name: 'a', display_name: 'A', created_at: '2026-01-01T00:00:00Z' }], next_cursor: 'c' } : { tenants: [{ id: '2', name: 'b', display_name: '나', created_at: '2026-01-01T00:00:00Z' }], next_cursor: null } }))
    const { out } = await haechi(['tenants', 'list', '--json', '--data', directory])
    expect(out.trim().split('\n').map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['1', '2'])
    expect((await haechi(['tenants', 'list', '--data', directory])).out.split('\n')).toHaveLength(4)
  })

  test('the verbs meet the API as it is', async () => {
    const { directory, asked } = await fakeServer(() => ({ body: { name: 'mina', display_name: 'Mina', id: 'u', role: 'analyst', side: 'customer', disabled: true, key_id: 'k', secret: 's', user: { name: 'mina', id: 'u', role: 'analyst', side: 'customer' }, one_time_password: 'p' } }))
    for (const words of [['tenants', 'create', 'acme'], ['users', 'create', 'mina', '--role', 'analyst'], ['users', 'disable', 'mi na'], ['users', 'disable', 'mina', '--enable'], ['users', 'set-role', 'mina', '--role', 'manager'], ['users', 'reset-password', 'mina'], ['keys', 'rotate', 'k', '--overlap-hours', '0'], ['keys', 'revoke', 'k']]) {
      expect([words, (await haechi([...words, '--data', directory])).code]).toEqual([words, 0])
    }
    expect(asked.map((one) => `${one.method} ${one.path} ${one.body}`)).toEqual([
      'POST /api/v1/tenants {"name":"acme"}', 'POST /api/v1/users {"name":"mina","role":"analyst"}', 'PATCH /api/v1/users/mi%20na {"disabled":true}', 'PATCH /api/v1/users/mina {"disabled":false}',
      'PATCH /api/v1/users/mina {"role":"manager"}', 'POST /api/v1/users/mina/password ', 'POST /api/v1/keys/k/rotate {"overlap_hours":0}', 'DELETE /api/v1/keys/k ',
    ])
  })

  test('a refusal keeps its code and its place; the exit code says of which kind it is', async () => {
    const { directory } = await fakeServer(() => ({ status: 404, body: { code: 'not_found', detail: 'There is no tenant acme', errors: [] } }))
    const { code, err } = await haechi(['keys', 'list', '--tenant', 'acme', '--data', directory])
    expect([code, err]).toEqual([5, 'haechi: not_found: There is no tenant acme\n'])
  })
})

describe('audit', () => {
  const header = '{"haechi_audit":1,"chain":"t","algorithm":"sha256-chain-1","from":1,"prev_hash":"0000000000000000000000000000000000000000000000000000000000000000"}\n'

  test('an export is written as it arrives, and never over an earlier one', async () => {
    const { directory } = await fakeServer(() => ({ headers: { 'content-type': 'application/x-ndjson' }, body: header }))
    const file = join(folder(), 'audit.ndjson')
    expect((await haechi(['audit', 'export', '--output', file, '--data', directory])).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(header)
    const again = await haechi(['audit', 'export', '--output', file, '--json', '--data', directory])
    expect([again.code, errorOf(again.err).code]).toEqual([1, 'file_not_written'])
    expect((await haechi(['audit', 'export', '--data', directory])).out).toBe(header)
  })

  test('verify: an empty chain holds, what was changed does not, without any server', async () => {
    const file = join(folder(), 'audit.ndjson')
    writeFileSync(file, header)
    const holds = await haechi(['audit', 'verify', file, '--json'])
    expect([holds.code, JSON.parse(holds.out)]).toMatchObject([0, { ok: true, chain: 't', records: 0 }])
    writeFileSync(file, `${header}{"hash":"00","record":{}}\n`)
    const broken = await haechi(['audit', 'verify', file, '--json'])
    expect([broken.code, JSON.parse(broken.out), errorOf(broken.err).code]).toEqual([1, { ok: false, line: 2, reason: 'record_changed' }, 'audit_chain_broken'])
    expect((await haechi(['audit', 'verify', `${file}.none`])).code).toBe(1)
  })
})
