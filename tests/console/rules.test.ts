// Rules as whoever tends detection meets them: what is on, what it did, what a change means before it is made. In a real browser on a real server.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import type { RulePack, RuleSummary, Suppression } from '../../apps/server/src/detection/wire.ts'
import { startServer } from '../server.ts'
import type { TestServer } from '../server.ts'
import { answerWith, axe, launch, noBrowser, visit } from './browser.ts'
import { as, member } from './story.ts'
import type { Cookie } from './story.ts'

const words = {
  en: {
    rules: 'Rules', find: 'Title, id or technique', panel: 'Details', off: 'Switch off', on: 'Switch on', offEffect: /raise no alerts in this tenant/, undo: 'How to undo', offNow: 'Off', empty: 'Nothing fits these filters', clear: 'Clear the filters', retry: 'Try again', level: 'Level', critical: 'Critical',
    install: 'Install a pack', name: 'Name', path: 'Directory on the server', rejected: 'modifier_unknown', line: 'line 5', rollBack: 'Roll back', remove: 'Remove', removeEffect: /1 rule goes out of force/, needed: 'This is needed.',
    suppress: 'Suppress', host: 'Host (optional)', reason: 'Reason', whole: /silences the whole rule/, effect: /\(host BASTION\) raise no alerts/, again: 'Let it alert again', none: 'Nothing is suppressed', suppressions: 'Suppressions',
    type: 'Number of events', within: 'Number of events, within 5 min', silent: 'None: a correlation speaks for it', order: 'Order', byHits: 'Most hits first',
  },
  ko: {
    rules: '탐지 규칙', find: '제목, ID, 공격 기법', panel: '상세', off: '규칙 끄기', on: '규칙 켜기', offEffect: /이 테넌트에서는 이 규칙에 일치해도/, undo: '되돌리는 방법', offNow: '사용 안 함', empty: '조건에 맞는 규칙이 없습니다', clear: '필터 지우기', retry: '다시 시도하기', level: '수준', critical: '심각',
    install: '규칙 팩 설치하기', name: '이름', path: '서버의 디렉터리', rejected: 'modifier_unknown', line: '5번째 줄', rollBack: '되돌리기', remove: '삭제하기', removeEffect: /규칙 1개가 더는 적용되지 않습니다/, needed: '입력해 주십시오.',
    suppress: '경보 억제하기', host: '호스트(선택)', reason: '사유', whole: /규칙 전체가 조용해집니다/, effect: /범위: 호스트 BASTION/, again: '억제 해제하기', none: '억제하는 경보가 없습니다', suppressions: '경보 억제',
    type: '이벤트 수', within: '이벤트 수, 5분 이내', silent: '없음. 상관 분석이 대신 알립니다', order: '정렬', byHits: '일치 많은 순',
  },
} as const

const good = (level: string) => `title: House rule\nid: 6f2d1f4e-1f0a-4f7c-9d6c-0a4d8f5b1c11\nauthor: House\nlogsource: {product: windows, category: process_creation}\ndetection:\n  selection: {Image|endswith: '\\house.exe'}\n  condition: selection\nlevel: ${level}\n`
const many = `${good('low').replaceAll('House rule', 'One step').replace('c11', 'c13')}---\ntitle: Many steps\nid: many-steps\nlevel: high\ncorrelation: {type: event_count, rules: [6f2d1f4e-1f0a-4f7c-9d6c-0a4d8f5b1c13], group-by: [Hostname], timespan: 5m, condition: {gte: 9}}\n`
const bad = 'title: Broken\nid: 6f2d1f4e-1f0a-4f7c-9d6c-0a4d8f5b1c12\nlogsource: {product: windows}\ndetection:\n  selection: {Image|nosuch: x}\n  condition: selection\nlevel: high\n'

describe.skipIf(noBrowser !== '')(`rules in the console${noBrowser}`, () => {
  let server: TestServer
  let browser: Browser
  let owner: Cookie
  let auditor: Cookie
  let pack: string
  beforeAll(async () => {
    server = await startServer()
    browser = await launch()
    // Packs come from the server's own directories: for whoever administers the platform.
    owner = await member(server, 'olivia', 'owner', { side: 'provider', all_tenants: true })
    auditor = await member(server, 'ada', 'auditor')
    pack = await mkdtemp(join(tmpdir(), 'haechi-rules-'))
    await writeFile(join(pack, 'good.yml'), good('low'))
    await writeFile(join(pack, 'bad.yml'), bad)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.remove()
    if (pack !== undefined) await rm(pack, { recursive: true, force: true })
  })
  const open = async (language: 'en' | 'ko', path: string, options: { cookie?: Cookie; viewport?: { width: number; height: number }; colorScheme?: 'light' | 'dark' } = {}) => {
    const visited = await visit(browser, server, { language, cookie: owner, ...options })
    await visited.page.evaluate((chosen) => localStorage.setItem('haechi.preferences', JSON.stringify({ language: chosen })), language)
    await visited.page.goto(server.url + path)
    return visited
  }
  const rules = (query: string) => as<{ rules: RuleSummary[]; total: number }>(owner, 'GET', `/api/v1/rules?${query}`)
  const panelOf = (page: Page, name: string) => page.getByRole('complementary', { name })

  for (const language of ['en', 'ko'] as const) {
    const t = words[language]

    test(`${language}: a rule is found, looked at and switched off, and what that means is said before`, async () => {
      const { page, faults, close } = await open(language, '/rules')
      await page.getByRole('row').nth(1).waitFor()
      expect(await axe(page)).toEqual([])
      const { total } = await rules('text=T1003.001&limit=1')
      await page.getByRole('searchbox', { name: t.find }).fill('T1003.001')
      await page.waitForURL(/text=T1003\.001/)
      await expect.poll(() => page.getByRole('grid').getAttribute('aria-rowcount'), { timeout: 15_000 }).toBe(String(total + 1))
      await page.getByRole('grid').focus()
      await page.keyboard.press('j')
      await page.keyboard.press('o')
      await page.waitForURL(/rule=/)
      const id = new URL(page.url()).searchParams.get('rule')!
      const enabled = async () => (await rules(`text=${id}`)).rules[0]?.enabled
      const panel = panelOf(page, t.panel)
      await panel.getByText(id, { exact: true }).waitFor()
      expect(await axe(page)).toEqual([])
      await panel.getByRole('button', { name: t.off }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText(t.offEffect).waitFor()
      await dialog.getByText(t.undo).waitFor()
      expect(await axe(page)).toEqual([])
      expect(await enabled()).toBe(true)
      await dialog.getByRole('button', { name: t.off, exact: true }).click()
      await panel.getByText(t.offNow, { exact: true }).waitFor()
      expect(await enabled()).toBe(false)
      await page.goto(`${server.url}/rules?enabled=false`)
      await page.getByRole('row').nth(1).click()
      await panel.getByRole('button', { name: t.on }).click()
      await dialog.getByRole('button', { name: t.on, exact: true }).click()
      await expect.poll(enabled, { timeout: 15_000 }).toBe(true)
      expect(faults()).toEqual([])
      await close()
    })

    test(`${language}: a pack is installed from a directory, with what was rejected; rolled back and removed`, async () => {
      await writeFile(join(pack, 'good.yml'), good('low'))
      const { page, faults, close } = await open(language, '/rules?tab=packs', { colorScheme: 'dark' })
      const install = page.getByRole('dialog')
      await page.getByRole('button', { name: t.install }).click()
      await install.getByRole('button', { name: t.install }).click()
      await install.getByText(t.needed).first().waitFor()
      await install.getByLabel(t.name).fill(`house-${language}`)
      await install.getByLabel(t.path).fill(join(pack, 'nowhere'))
      await install.getByRole('button', { name: t.install }).click()
      await install.getByRole('alert').getByText('pack_source_unreadable').waitFor()
      await install.getByLabel(t.path).fill(pack)
      await install.getByRole('button', { name: t.install }).click()
      const panel = panelOf(page, t.panel)
      await panel.getByText('bad.yml').waitFor()
      await panel.getByText(t.line).waitFor()
      await panel.getByText(t.rejected).first().waitFor()
      expect(await axe(page)).toEqual([])
      await writeFile(join(pack, 'good.yml'), good('high'))
      await as<RulePack>(owner, 'POST', '/api/v1/rule-packs', { name: `house-${language}`, path: pack })
      await page.reload()
      await panel.getByRole('button', { name: t.rollBack }).click()
      await page.getByRole('dialog').getByRole('button', { name: t.rollBack }).click()
      await expect.poll(async () => (await rules('text=House%20rule')).rules[0]?.level, { timeout: 15_000 }).toBe('low')
      await panel.getByRole('button', { name: t.remove }).click()
      await page.getByRole('dialog').getByText(t.removeEffect).waitFor()
      expect(await axe(page)).toEqual([])
      await page.getByRole('dialog').getByRole('button', { name: t.remove }).click()
      await expect.poll(async () => (await as<{ packs: RulePack[] }>(owner, 'GET', '/api/v1/rule-packs')).packs.map(({ name }) => name), { timeout: 15_000 }).toEqual(['haechi-rules'])
      await panel.waitFor({ state: 'detached' })
      expect(faults()).toEqual([])
      await close()
    })

    test(`${language}: a correlation says what it refers to, and rules how often they were met`, async () => {
      const folder = join(pack, '..', `haechi-steps-${language}-${server.pid}`)
      await mkdir(folder)
      await writeFile(join(folder, 'many.yml'), many)
      await as<RulePack>(owner, 'POST', '/api/v1/rule-packs', { name: `steps-${language}`, path: folder })
      await rm(folder, { recursive: true })
      const key = await server.createKey({ role: 'ingest', name: `steps-${language}` })
      await fetch(`${server.url}/ingest/v1/events`, {
        method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${key.id}:${key.secret}`).toString('base64')}`, 'content-type': 'application/x-ndjson' },
        body: JSON.stringify({ Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 1, UtcTime: new Date().toISOString().replace('T', ' ').replace('Z', ''), Hostname: 'WS-1', Image: String.raw`C:\house.exe`, for: language }),
      })
      // Hits are the rule's, whichever pack it comes in.
      await expect.poll(async () => (await rules('text=One%20step')).rules[0]?.hits_7d, { timeout: 15_000 }).toBe(language === 'en' ? 1 : 2)
      const { page, faults, close } = await open(language, '/rules?kind=correlation')
      await page.getByRole('row', { name: /Many steps/ }).getByText(t.type, { exact: true }).waitFor()
      await page.getByRole('row', { name: /Many steps/ }).click()
      const panel = panelOf(page, t.panel)
      await panel.getByText(t.within).waitFor()
      expect(await axe(page)).toEqual([])
      await panel.getByRole('button', { name: 'One step' }).click()
      await panel.getByText(t.silent).waitFor()
      await page.goto(`${server.url}/rules`)
      await page.getByRole('button', { name: t.order }).click()
      await page.getByRole('menuitemradio', { name: t.byHits }).click()
      await page.waitForURL(/order=hits/)
      await expect.poll(() => page.getByRole('row').nth(1).textContent(), { timeout: 15_000 }).toContain('One step')
      expect(await axe(page)).toEqual([])
      expect(faults()).toEqual([])
      await as<unknown>(owner, 'DELETE', `/api/v1/rule-packs/steps-${language}`)
      await close()
    })

    test(`${language}: a suppression says where, why and until when; and is taken away again`, async () => {
      const wanted = (await rules('text=ssh&limit=1')).rules.at(0)!
      const { page, faults, close } = await open(language, `/rules?rule=${wanted.id}`)
      await panelOf(page, t.panel).getByRole('button', { name: t.suppress, exact: true }).click()
      const form = page.getByRole('dialog')
      await form.getByText(t.whole).waitFor()
      await form.getByLabel(t.host).fill('BASTION')
      await form.getByText(t.effect).waitFor()
      await form.getByRole('button', { name: t.suppress, exact: true }).click()
      await form.getByText(t.needed).waitFor()
      await form.getByLabel(t.reason).fill('Open to the world on purpose')
      expect(await axe(page)).toEqual([])
      await form.getByRole('button', { name: t.suppress, exact: true }).click()
      await form.waitFor({ state: 'hidden' })
      const made = (await as<{ suppressions: Suppression[] }>(owner, 'GET', '/api/v1/suppressions')).suppressions.at(0)!
      expect(made).toMatchObject({ rule_id: wanted.id, host: 'BASTION', user: null, reason: 'Open to the world on purpose' })
      expect(made.expires_at).not.toBeNull()
      await page.getByRole('link', { name: new RegExp(`^${t.suppressions}`) }).click()
      await page.getByRole('row', { name: /BASTION/ }).click()
      expect(await axe(page)).toEqual([])
      await panelOf(page, t.panel).getByRole('button', { name: t.again }).click()
      await page.getByRole('dialog').getByRole('button', { name: t.again }).click()
      await page.getByRole('heading', { name: t.none }).waitFor()
      expect(faults()).toEqual([])
      await close()
    })

    test(`${language}: whoever only reads changes nothing; nothing found, a failure and a phone say so`, async () => {
      const { page, close } = await open(language, '/rules?text=no-such-rule', { cookie: auditor, viewport: { width: 390, height: 844 } })
      await page.getByRole('heading', { name: t.empty }).waitFor()
      await page.getByRole('button', { name: t.clear }).click()
      await page.getByRole('row').first().click()
      const panel = panelOf(page, t.panel)
      await panel.getByText('Apache-2.0').waitFor()
      await page.goto(`${page.url()}&tab=packs`)
      await page.getByText('haechi rules add').waitFor()
      expect(await page.getByRole('button', { name: t.install }).count()).toBe(0)
      await page.goBack()
      await panel.getByText('Apache-2.0').waitFor()
      expect(await panel.getByRole('button', { name: t.off }).count()).toBe(0)
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      expect(await axe(page)).toEqual([])
      await answerWith(page, '/api/v1/rules', 503, { code: 'detection_unavailable', status: 503, title: 'x', detail: 'Rules are being read', retry: true, params: {}, errors: [] })
      await page.goto(`${server.url}/rules`)
      await page.getByRole('alert').getByText('detection_unavailable').waitFor()
      await page.unrouteAll()
      await page.getByRole('button', { name: t.retry }).click()
      await page.getByRole('row').first().waitFor()
      await close()
    })
  }
})
