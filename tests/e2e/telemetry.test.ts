// Six recorded attacks in through each of the three ways, by unmodified clients; what comes out of search is what went in, record by record.
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { corpus, root, searchable, startServer } from '../server.ts'
import type { TestServer } from '../server.ts'

const run = promisify(execFile)
const require = createRequire(new URL('../package.json', import.meta.url))
const sets = ['cmd_psexec_lsa_secrets_dump', 'cmd_seatbelt_group_user', 'covenant_dcsync_dcerpc_drsuapi_DsGetNCChanges', 'empire_mimikatz_lsadump_patch', 'schtask_create', 'psh_cmstp_execution_bypassuac']
const fileOf = (set: string) => join(corpus, 'telemetry/otrf', `${set}.ndjson.gz`)
const recorded = existsSync(fileOf(sets[0]!))

let server: TestServer
let lines: string[]
let authorization: string
let apiKey: string
beforeAll(async () => {
  if (!recorded) return
  lines = (await Promise.all(sets.map((set) => readFile(fileOf(set))))).flatMap((bytes) => gunzipSync(bytes).toString().split('\n').filter((line) => line !== ''))
  server = await startServer()
  const key = await server.createKey({ role: 'ingest', name: 'clients' })
  apiKey = Buffer.from(`${key.id}:${key.secret}`).toString('base64')
  authorization = `Basic ${apiKey}`
})
afterAll(() => server?.remove())

async function found(source: string): Promise<string[]> {
  const { durable } = await (await server.api('/api/v1/events/progress')).json() as { durable: number }
  await searchable(server, durable)
  const raw: string[] = []
  let cursor: string | null = null
  do {
    const response = await server.api(`/api/v1/events?limit=1000&source=${encodeURIComponent(source)}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
    const page = await response.json() as { events: { raw: string }[]; next_cursor: string | null }
    raw.push(...page.events.map((event) => event.raw))
    cursor = page.next_cursor
  } while (cursor !== null)
  return raw.sort()
}
/** As multisets; a difference is named by its first record, not by ten thousand. */
function expectSame(actual: readonly string[], sent: readonly string[]): void {
  const wanted = sorted(sent)
  const at = wanted.findIndex((line, i) => line !== actual[i])
  expect({ found: actual.length, firstDifference: at < 0 ? null : [wanted[at], actual[at]] }).toEqual({ found: wanted.length, firstDifference: null })
}
const sorted = (texts: readonly string[]) => [...texts].sort()
const documents = (count = lines.length) => lines.slice(0, count).map((line) => JSON.parse(line) as object)

describe.skipIf(!recorded)('six attack sets (HAECHI_CORPUS is there)', () => {
  test('POST /ingest/v1/events, gzip', async () => {
    for (let at = 0; at < lines.length; at += 2_000) {
      const response = await fetch(`${server.url}/ingest/v1/events?source=http`, {
        method: 'POST', headers: { authorization, 'content-encoding': 'gzip', 'content-type': 'application/x-ndjson' }, body: gzipSync(lines.slice(at, at + 2_000).join('\n')),
      })
      expect(await response.json()).toMatchObject({ rejected: 0, accepted: Math.min(2_000, lines.length - at) })
    }
    expectSame(await found('http'), lines)
  })

  test('@elastic/elasticsearch 8, unmodified: product check, helpers.bulk', async () => {
    const { Client } = require('@elastic/elasticsearch') as { Client: new (options: object) => { info(): Promise<{ tagline: string }>; helpers: { bulk(options: object): Promise<{ total: number; successful: number; failed: number }> } } }
    const client = new Client({ node: server.url, auth: { apiKey } })
    expect((await client.info()).tagline).toBe('You Know, for Search')
    const result = await client.helpers.bulk({ datasource: lines, flushBytes: 1_000_000, onDocument: (): unknown => ({ index: { _index: 'winlogbeat' } }) })
    expect(result).toMatchObject({ total: lines.length, successful: lines.length, failed: 0 })
    expectSame(await found('clients'), lines)
  })

  test('haechi ingest FILE..., twice: the second time keeps nothing', async () => {
    const ingest = () => run(process.execPath, [join(root, 'apps/cli/src/main.ts'), 'ingest', ...sets.map(fileOf), '--source', 'files', '--wait', '--json', '--data', server.data], { maxBuffer: 1e8 })
    expect(JSON.parse((await ingest()).stdout)).toMatchObject({ accepted: lines.length, rejected: 0, duplicate: 0 })
    expect(JSON.parse((await ingest()).stdout)).toMatchObject({ accepted: 0, duplicate: lines.length })
    expectSame(await found('files'), lines)
  })

  test('@opensearch-project/opensearch, unmodified', async () => {
    const { Client } = require('@opensearch-project/opensearch') as { Client: new (options: object) => { bulk(options: object): Promise<{ body: { errors: boolean } }> } }
    const key = await server.createKey({ role: 'ingest', name: 'opensearch' })
    const url = new URL(server.url)
    url.username = key.id
    url.password = key.secret
    const client = new Client({ node: url.href })
    const few = documents(500)
    const { body } = await client.bulk({ body: few.flatMap((document, i) => [{ create: { _index: 'w', _id: `o${i}` } }, document]) })
    expect(body.errors).toBe(false)
    expectSame(await found('opensearch'), few.map((document) => JSON.stringify(document)))
  })

  test.skipIf(spawnSync('/usr/bin/python3', ['-c', 'import elasticsearch']).status !== 0)('python3-elasticsearch, unmodified: helpers.bulk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haechi-python-'))
    const [id, secret] = Buffer.from(apiKey, 'base64').toString().split(':') as [string, string]
    await writeFile(join(folder, 'in.ndjson'), lines.slice(0, 500).join('\n'))
    await writeFile(join(folder, 'send.py'), [
      'import json, sys', 'from elasticsearch import Elasticsearch, helpers',
      `client = Elasticsearch([sys.argv[1]], http_auth=(sys.argv[2], sys.argv[3]))`,
      'rows = [json.loads(line) for line in open(sys.argv[4], encoding="utf-8")]',
      'print(json.dumps(helpers.bulk(client, ({"_op_type": "create", "_index": "w", "_id": "p%d" % n, "_source": row} for n, row in enumerate(rows)))))',
    ].join('\n'))
    const { stdout } = await run('/usr/bin/python3', ['-W', 'ignore', join(folder, 'send.py'), server.url, id, secret, join(folder, 'in.ndjson')])
    expect(JSON.parse(stdout)).toEqual([500, []])
    await rm(folder, { recursive: true })
  })

  test('search by host, user, process, address, hash and text agrees with a plain filter over the same records', async () => {
    const records = documents() as Record<string, unknown>[]
    const count = async (query: string) => (await (await server.api(`/api/v1/events/count?source=http&query=${encodeURIComponent(query)}`)).json() as { count: number }).count
    const named = (host: string, whole: boolean) => records.filter((record) => {
      const own = String(record['Hostname']).toLowerCase()
      return own === host.toLowerCase() || (!whole && own.startsWith(`${host.toLowerCase()}.`))
    }).length
    const full = records.map((record) => String(record['Hostname'])).find((name) => name.includes('.'))!
    const short = full.split('.')[0]!
    expect([await count(`host:${full}`), await count(`host:${short}`)]).toEqual([named(full, true), named(short, false)])
    expect(named(short, false)).toBeGreaterThan(0)
    for (const text of ['lsass', '4688', 'schtasks', 'Sysmon/Operational']) {
      expect([text, await count(`"${text}"`)]).toEqual([text, lines.filter((line) => line.toLowerCase().includes(text.toLowerCase())).length])
    }
    const sources = await (await server.api('/api/v1/sources')).json() as { sources: { name: string; accepted: number; stored: number; unknown_shape: number }[] }
    expect(sources.sources.find(({ name }) => name === 'http')).toMatchObject({ accepted: lines.length, stored: lines.length, unknown_shape: 0 })
  })

  test('the hosts of the records are assets', async () => {
    const host = String((JSON.parse(lines[0]!) as Record<string, unknown>)['Hostname'])
    const kinds = async () => (await (await server.api(`/api/v1/assets/resolve?name=${encodeURIComponent(host)}`)).json() as { candidates: { kind: string }[] }).candidates.map(({ kind }) => kind)
    await expect.poll(kinds, { timeout: 20_000 }).toContain('host')
  })
})
