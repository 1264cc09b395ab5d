// Walks through docs/guide/first-hour.md on a server of its own and prints what every command really answers; with --pictures it also takes the
// guide's pictures again. What the guide says is pasted from here.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { launch, signedIn, visit } from './browser.ts'
import { corpus, root, startServer } from '../server.ts'

const run = promisify(execFile)
const set = join(corpus, 'telemetry/otrf/empire_mimikatz_lsadump_patch.ndjson.gz')
const pictures = process.argv.includes('--pictures') ? join(root, 'docs/guide/pictures') : null

/** Python's own client of Elasticsearch, as Debian ships it. */
const shipper = `import gzip, json, sys
from elasticsearch import Elasticsearch, helpers
client = Elasticsearch(sys.argv[1], api_key=(sys.argv[2], sys.argv[3]))
lines = gzip.open(sys.argv[4], "rt", encoding="utf-8")
actions = ({"_index": "windows", "_source": json.loads(line)} for line in lines)
done, errors = helpers.bulk(client, actions, params={"backfill": "true"})
print(done, "sent", len(errors), "refused")
`

const server = await startServer()
const scratch = await mkdtemp(join(tmpdir(), 'haechi-guide-'))
try {
  const show = (title: string, text: string) => { console.log(`\n### ${title}\n${text.trimEnd()}`) }
  const haechi = async (line: string, language: 'en' | 'ko' = 'en'): Promise<string> => {
    const { stdout, stderr } = await run(process.execPath, [join(root, 'apps/cli/src/main.ts'), ...line.split(' '), ...(line.includes('--url') ? [] : ['--data', server.data])], { env: { ...process.env, NO_COLOR: '1', LANG: language === 'ko' ? 'ko_KR.UTF-8' : 'C.UTF-8', LC_ALL: language === 'ko' ? 'ko_KR.UTF-8' : 'C.UTF-8' } })
      .catch((error: unknown) => error as { stdout: string; stderr: string })
    show(`haechi ${line} (${language})`, stdout + stderr)
    return stdout
  }
  show('npm start', server.output())
  const cookie = await signedIn(server)
  const { id, secret } = await server.createKey({ role: 'ingest', name: 'shipper' })
  await writeFile(join(scratch, 'ship.py'), shipper)
  const sent = await run('/usr/bin/python3', ['-W', 'ignore', join(scratch, 'ship.py'), server.url, id, secret, set])
  show('ship.py', sent.stdout + sent.stderr)
  const { durable } = await (await server.api('/api/v1/events/progress')).json() as { durable: number }
  await server.api(`/api/v1/detection/progress?through=${durable}&wait=30`)

  for (const language of ['en', 'ko'] as const) await haechi('incidents list', language)
  const { incidents } = await (await server.api('/api/v1/incidents')).json() as { incidents: { id: string; affected_hosts: string[] }[] }
  const incident = incidents[0]!
  for (const language of ['en', 'ko'] as const) await haechi(`incidents show ${incident.id}`, language)
  const asked = await (await fetch(`${server.url}/api/v1/incidents/${incident.id}/actions`, {
    method: 'POST', headers: { 'content-type': 'application/json', cookie: `${cookie.name}=${cookie.value}`, origin: server.url },
    body: JSON.stringify({ action_type: 'isolate_host', targets: incident.affected_hosts.slice(0, 1), reason: 'LSASS was read by a program that has no business there', urgency: 'high' }),
  })).json() as { action_id: string }
  for (const language of ['en', 'ko'] as const) await haechi(`actions show ${asked.action_id}`, language)
  await haechi('users create lee --role approver')
  const approver = JSON.parse(await haechi('keys create --role approver --name lee-laptop --owner lee --json')) as { key_id: string; secret: string }
  await haechi(`actions approve ${asked.action_id} --comment agreed --url ${server.url} --key ${approver.key_id}:${approver.secret}`)
  for (const language of ['en', 'ko'] as const) await haechi(`actions show ${asked.action_id}`, language)
  await haechi(`incidents assign ${incident.id} admin`)
  await haechi(`search host:WORKSTATION5.theshire.local --count`)
  if (pictures !== null) {
    await mkdir(pictures, { recursive: true })
    const browser = await launch()
    for (const language of ['en', 'ko'] as const) {
      const { page, close } = await visit(browser, server, { language, cookie, colorScheme: 'light' })
      const take = async (path: string, name: string, ready: (page: Page) => Promise<unknown>) => {
        await page.goto(`${server.url}${path}`)
        await ready(page)
        await page.waitForLoadState('networkidle').catch(() => undefined)
        await page.screenshot({ path: join(pictures, `${name}.${language}.png`) })
      }
      await page.evaluate((chosen) => { localStorage.setItem('haechi.preferences', JSON.stringify({ language: chosen, theme: 'light', timeZone: 'Asia/Seoul' })) }, language)
      await take('/', 'overview', (at) => at.getByText('WORKSTATION5').first().waitFor())
      await take('/incidents', 'incidents', (at) => at.getByText('WORKSTATION5').first().waitFor())
      await take(`/incidents/${incident.id}`, 'incident', (at) => at.getByText('lsass.exe').first().waitFor())
      await take('/reports', 'report', (at) => at.frameLocator('iframe').locator('h1').first().waitFor())
      await close()
    }
    await browser.close()
  }

  await haechi(`incidents close ${incident.id} --verdict true_positive`)
} finally {
  await server.remove()
  await rm(scratch, { recursive: true, force: true })
}
