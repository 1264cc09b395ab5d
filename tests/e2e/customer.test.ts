// A customer's story by a client that was written from mdr-api.md alone (tests/e2e/customer.py, python3-requests): list, detail, isolate on critical,
// ask and approve below it, look up, report, metrics.
import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grouped, root, startServer } from '../server.ts'
import type { TestServer } from '../server.ts'

const run = promisify(execFile)
const python = spawnSync('/usr/bin/python3', ['-c', 'import requests']).status === 0

let server: TestServer
beforeAll(async () => { if (python) server = await startServer() })
afterAll(() => server?.remove())

/** Sysmon records of now: what is older than a day is evidence for nobody's hand to act on by itself. */
const sysmon = (id: number, host: string, fields: Record<string, unknown>) =>
  JSON.stringify({ Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: id, Hostname: host, UtcTime: new Date().toISOString().replace('T', ' ').replace('Z', ''), ...fields })

describe.skipIf(!python)('a customer with python3-requests', () => {
  test('reads, acts, approves and reports', async () => {
    const key = await server.createKey({ role: 'ingest', name: 'shipper' })
    const feed = await server.api('/api/v1/threat-intel/feeds?name=ours&format=csv', {
      method: 'POST', body: 'indicator,verdict,confidence,tags\n198.51.100.77,malicious,90,c2\n', headers: { 'content-type': 'text/csv' },
    })
    expect(await feed.json()).toMatchObject({ indicators: 1, rejected_count: 0 })
    const events = [
      sysmon(1, 'WS-12.corp.example', { Image: String.raw`C:\Windows\System32\vssadmin.exe`, CommandLine: 'vssadmin.exe delete shadows /all /quiet', User: String.raw`CORP\mkim`, ParentImage: String.raw`C:\Windows\System32\cmd.exe` }),
      sysmon(11, 'SRV-7.corp.example', { Image: String.raw`C:\Windows\System32\Taskmgr.exe`, TargetFilename: String.raw`C:\Users\jlee\AppData\Local\Temp\lsass.DMP`, User: String.raw`CORP\jlee` }),
      sysmon(3, 'WS-31.corp.example', { Image: String.raw`C:\Users\hpark\updater.exe`, DestinationIp: '198.51.100.77', DestinationPort: '443', User: String.raw`CORP\hpark` }),
    ]
    const sent = await fetch(`${server.url}/ingest/v1/events?source=edr`, {
      method: 'POST', body: events.join('\n'), headers: { authorization: `Basic ${Buffer.from(`${key.id}:${key.secret}`).toString('base64')}`, 'content-type': 'application/x-ndjson' },
    })
    expect(await sent.json()).toMatchObject({ accepted: 3 })
    await grouped(server, 3)

    const keyOf = async (name: string, role: string) => {
      const user = await (await server.api('/api/v1/users', { method: 'POST', body: JSON.stringify({ name, role, side: 'customer' }) })).json() as { id: string }
      const answer = await (await server.api('/api/v1/keys', { method: 'POST', body: JSON.stringify({ name, role, owner_id: user.id }) })).json() as { key_id: string; secret: string }
      return [answer.key_id, answer.secret] as const
    }
    const analyst = await keyOf('kim', 'analyst')
    const approver = await keyOf('lee', 'approver')
    const { stdout } = await run('/usr/bin/python3', [join(root, 'tests/e2e/customer.py'), server.url, ...analyst, ...approver, '198.51.100.77'])
    const seen = JSON.parse(stdout) as Record<string, unknown>

    expect(seen['incidents']).toEqual([
      { severity: 'critical', title: expect.stringContaining('WS-12') as string, status: 'new' },
      { severity: 'high', title: expect.any(String) as string, status: 'new' },
      { severity: 'high', title: expect.any(String) as string, status: 'new' },
    ])
    expect(seen['statuses_read']).toEqual(Array.from({ length: 3 }, () => ['analyst', 'detected_at', 'id', 'severity', 'status', 'title']))
    expect(seen).toMatchObject({ critical_only: ['critical'], window: 3, future: 0, unknown_http: 404, report_future: expect.any(Number) as number, report_plain_month: true })
    // Critical: accepted at once; nothing executes yet, and that is said.
    expect(seen['critical']).toMatchObject([{ host: expect.stringMatching(/^WS-12/) as string, status: 'failed', later: 'failed', target_reasons: ['no_executor'] }])
    expect(seen['below']).toMatchObject({
      http: 202, status: 'awaiting_approval', same_answer: true, own_http: 403, own_code: expect.any(String) as string, waiting: true,
      decided: ['action_id', 'decided_at', 'decided_by', 'status'], twice_http: 409,
    })
    expect(seen['lookup']).toMatchObject([
      { type: 'ip', verdict: 'malicious', confidence: 90 }, { type: 'ip', verdict: 'malicious', confidence: 90 }, { type: 'url', verdict: 'unknown', confidence: 0 }, { type: null, verdict: 'unknown', confidence: 0 },
    ])
    expect(seen['report_html']).toMatchObject({ type: expect.stringContaining('text/html') as string })
    expect((seen['report_html'] as { bytes: number }).bytes).toBeGreaterThan(10_000)
    expect(seen['report_future']).toBeGreaterThanOrEqual(400)
    expect(seen['metrics']).toMatchObject({ incidents_count: 3 })
  })
})
