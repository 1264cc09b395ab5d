// A hunt as an analyst runs it: words, time, the bars, the record; and the hosts and users that it leads from. In a real browser on a real server.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import type { Asset } from '../../apps/server/src/assets/wire.ts'
import { searchable, startServer } from '../server.ts'
import type { TestServer } from '../server.ts'
import { answerWith, axe, launch, noBrowser, visit } from './browser.ts'
import { as, member } from './story.ts'
import type { Cookie } from './story.ts'

const words = {
  en: { query: 'What to look for', events: (count: number) => `${count} events`, record: 'As it was sent', only: 'Only Host WS-3', panel: 'Details', zoomOut: 'Zoom out', table: 'Show as table', these: 'Only these', range: /^Time range:/, hour: 'Last hour', all: 'All that is kept', empty: 'Nothing happened here', wider: 'Look at the last 30 days', views: 'Views', viewName: 'Name of the view', save: 'Save this view', retry: 'Try again', help: 'How to write a search', critical: 'Critical', unsaved: 'Not saved yet', saveAsset: 'Save', whatItDid: 'What it did', users: 'Users' },
  ko: { query: '찾을 내용', events: (count: number) => `이벤트 ${count}건`, record: '받은 그대로의 원본', only: '호스트 WS-3만 보기', panel: '상세', zoomOut: '기간 넓히기', table: '표로 보기', these: '이 구간만', range: /^기간:/, hour: '최근 1시간', all: '보관 중인 전체', empty: '해당하는 이벤트가 없습니다', wider: '최근 30일 보기', views: '보기', viewName: '보기 이름', save: '이 보기 저장하기', retry: '다시 시도하기', help: '검색어 쓰는 방법', critical: '핵심', unsaved: '아직 저장하지 않았습니다', saveAsset: '저장하기', whatItDid: '활동 보기', users: '사용자' },
} as const

const total = 600
/** One every two minutes, the last a minute ago, by ten hosts in turn; every hundredth starts a program that nothing else starts. */
const records = (now: number) => Array.from({ length: total }, (_, at) => JSON.stringify({
  '@timestamp': new Date(now - 60_000 - at * 120_000).toISOString(), host: { name: `WS-${at % 10}` }, event: { code: '1', provider: 'Microsoft-Windows-Sysmon' },
  winlog: { channel: 'Microsoft-Windows-Sysmon/Operational', event_id: '1', computer_name: `WS-${at % 10}`, record_id: at, event_data: { Image: at % 100 === 3 ? 'C:\\Program Files\\Odd Tool\\odd.exe' : 'C:\\Windows\\System32\\svchost.exe', CommandLine: `run ${at}`, User: 'CORP\\mina', ParentImage: 'C:\\Windows\\explorer.exe' } },
})).join('\n')

describe.skipIf(noBrowser !== '')(`hunting in the console${noBrowser}`, () => {
  let server: TestServer
  let browser: Browser
  let analyst: Cookie
  beforeAll(async () => {
    server = await startServer()
    browser = await launch()
    analyst = await member(server, 'mira', 'analyst')
    const answer = await server.api('/ingest/v1/events?source=laptops', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: records(Date.now()) })
    await searchable(server, ((await answer.json()) as { end: number }).end)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.remove()
  })
  const open = async (language: 'en' | 'ko', path: string, options: { viewport?: { width: number; height: number }; colorScheme?: 'light' | 'dark' } = {}) => {
    const visited = await visit(browser, server, { language, cookie: analyst, ...options })
    await visited.page.evaluate((chosen) => localStorage.setItem('haechi.preferences', JSON.stringify({ language: chosen })), language)
    await visited.page.goto(server.url + path)
    return visited
  }
  const count = (from: Page) => new URL(from.url()).searchParams
  const counted = async (page: Page): Promise<number> => {
    const search = new URLSearchParams([...count(page)].filter(([name]) => ['query', 'from', 'to'].includes(name)))
    return (await as<{ count: number }>(analyst, 'GET', `/api/v1/events/count?${search.toString()}`)).count
  }

  for (const language of ['en', 'ko'] as const) {
    const t = words[language]

    test(`${language}: from a word to the record, by keyboard, and narrower by what it says`, async () => {
      const { page, faults, close } = await open(language, '/hunt')
      await page.getByText(t.events(total), { exact: true }).waitFor()
      expect(await axe(page)).toEqual([])
      await page.keyboard.press('q')
      await page.keyboard.type('process:odd.exe')
      await page.keyboard.press('Enter')
      await page.getByText(t.events(6), { exact: true }).waitFor()
      expect(count(page).get('query')).toBe('process:odd.exe')
      await page.getByRole('grid').focus()
      await page.keyboard.press('j')
      await page.keyboard.press('o')
      const panel = page.getByRole('complementary', { name: t.panel })
      await panel.getByText(t.record, { exact: true }).waitFor()
      expect(await panel.locator('pre').textContent()).toContain('"CommandLine": "run 3"')
      expect(await axe(page)).toEqual([])
      // The link leads to the same record again.
      await page.reload()
      await panel.locator('pre').waitFor()
      await page.keyboard.press('Escape')
      await panel.waitFor({ state: 'detached' })
      await page.getByRole('row').nth(1).click()
      await panel.getByRole('button', { name: t.only }).click()
      await page.waitForURL(/host%3AWS-3/)
      await page.getByText(t.events(6), { exact: true }).waitFor()
      expect(count(page).get('query')).toBe('process:odd.exe host:WS-3')
      expect(faults()).toEqual([])
      await close()
    })

    test(`${language}: the bars narrow the time, with a pointer and without`, async () => {
      const { page, faults, close } = await open(language, '/hunt')
      await page.getByText(t.events(total), { exact: true }).waitFor()
      const box = (await page.getByRole('img').first().boundingBox())!
      await page.mouse.move(box.x + box.width * 0.6, box.y + 20)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width * 0.8, box.y + 20, { steps: 4 })
      await page.mouse.up()
      await page.waitForURL(/from=/)
      const narrow = await counted(page)
      expect(narrow).toBeGreaterThan(50)
      expect(narrow).toBeLessThan(400)
      await page.getByText(t.events(narrow), { exact: true }).waitFor()
      await page.getByRole('button', { name: t.zoomOut }).click()
      await expect.poll(() => counted(page), { timeout: 15_000 }).toBeGreaterThan(narrow)
      await page.getByRole('button', { name: t.table }).click()
      expect(await axe(page)).toEqual([])
      const one = page.getByRole('table').getByRole('row').nth(2)
      const said = Number(await one.getByRole('cell').first().textContent())
      await one.getByRole('button').press('Enter')
      await expect.poll(() => counted(page), { timeout: 15_000 }).toBe(said)
      await page.getByText(language === 'en' && said === 1 ? '1 event' : t.events(said), { exact: true }).waitFor()
      await page.getByRole('button', { name: t.range }).click()
      await page.getByRole('button', { name: t.hour, exact: true }).click()
      await page.waitForURL(/range=1h/)
      expect(count(page).get('from')).toBeNull()
      expect(faults()).toEqual([])
      await close()
    })

    test(`${language}: all rows by scrolling, a search that is wrong, one that finds nothing, one that fails, one that is kept`, async () => {
      const { page, faults, close } = await open(language, '/hunt?range=all', { colorScheme: 'dark' })
      await page.getByText(t.events(total), { exact: true }).waitFor()
      const grid = page.getByRole('grid')
      await expect.poll(async () => { await grid.focus(); await page.keyboard.press('End'); return grid.getAttribute('aria-rowcount') }, { interval: 300, timeout: 20_000 }).toBe(String(total + 1))
      const box = page.getByRole('searchbox', { name: t.query })
      await box.fill('user:"open')
      await box.press('Enter')
      await page.getByRole('alert').getByText('query_syntax').waitFor()
      await box.fill('nobody-says-this')
      await box.press('Enter')
      await page.getByRole('heading', { name: t.empty }).waitFor()
      expect(await axe(page)).toEqual([])
      await answerWith(page, '/api/v1/events', 503, { code: 'event_store_unavailable', status: 503, title: 'x', detail: 'The store is away', retry: true, params: {}, errors: [] })
      await box.fill('odd.exe')
      await box.press('Enter')
      await page.getByRole('alert').getByText('event_store_unavailable').waitFor()
      await page.unrouteAll()
      await page.getByRole('button', { name: t.retry }).click()
      await page.getByText(t.events(6), { exact: true }).waitFor()
      await page.getByRole('button', { name: t.views, exact: true }).click()
      await page.getByLabel(t.viewName).fill('odd')
      await page.getByRole('button', { name: t.save }).click()
      await page.goto(`${server.url}/hunt`)
      await page.getByRole('button', { name: t.views, exact: true }).click()
      await page.getByRole('button', { name: 'odd', exact: true }).click()
      await page.waitForURL(/query=odd\.exe/)
      await page.getByText(t.events(6), { exact: true }).waitFor()
      expect(faults()).toEqual([])
      await close()
    })

    test(`${language}: on a phone; and what a host is worth is said, and leads to what it did`, async () => {
      const { page, faults, close } = await open(language, '/hunt?query=odd.exe', { viewport: { width: 390, height: 844 } })
      await page.getByText(t.events(6), { exact: true }).waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      await page.getByRole('row').first().click()
      await page.getByRole('complementary', { name: t.panel }).locator('pre').waitFor()
      expect(await axe(page)).toEqual([])
      const name = language === 'en' ? 'WS-4' : 'WS-5'
      await page.setViewportSize({ width: 1440, height: 900 })
      await expect.poll(async () => (await as<{ assets: Asset[] }>(analyst, 'GET', `/api/v1/assets?kind=host&text=${name}`)).assets.length, { timeout: 15_000 }).toBe(1)
      await page.goto(`${server.url}/hosts?text=${name}`)
      await page.getByRole('row', { name: new RegExp(name) }).click()
      const panel = page.getByRole('complementary', { name: t.panel })
      await panel.getByRole('radiogroup').first().getByText(t.critical, { exact: true }).click()
      await panel.getByText(t.unsaved).waitFor()
      expect(await axe(page)).toEqual([])
      await panel.getByRole('button', { name: t.saveAsset, exact: true }).click()
      await expect.poll(async () => (await as<{ assets: Asset[] }>(analyst, 'GET', `/api/v1/assets?text=${name}`)).assets[0]?.criticality, { timeout: 15_000 }).toBe('critical')
      await page.getByRole('row', { name: new RegExp(`${name}.*${t.critical}`) }).waitFor()
      await panel.getByRole('link', { name: t.whatItDid }).click()
      await page.waitForURL(/\/hunt\?/)
      await page.getByText(t.events(60), { exact: true }).waitFor()
      expect(faults()).toEqual([])
      await close()
    })
  }
})
