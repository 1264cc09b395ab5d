// Threat intelligence as an analyst asks it: pasted indicators, and the feeds that answer. In a real browser on a real server.
import { Buffer } from 'node:buffer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import type { Feed } from '../../apps/server/src/intel/wire.ts'
import { startServer } from '../server.ts'
import type { TestServer } from '../server.ts'
import { answerWith, axe, launch, noBrowser, visit } from './browser.ts'
import { as, member } from './story.ts'
import type { Cookie } from './story.ts'

const words = {
  en: { noFeeds: /No feeds are in force/, import: 'Import a feed', needed: 'This is needed.', rejected: 'line 4', taken: '3', indicators: 'Indicators', lookUp: 'Look up', malicious: 'Malicious', suspicious: 'Suspicious', notOne: 'Not an indicator', hunt: 'Hunt for it', remove: 'Remove', forgets: /3 indicators are forgotten/, empty: 'No feeds', panel: 'Details', tooMany: '1,001 indicators, 1,000 at most', results: 'Results', retry: 'Try again' },
  ko: { noFeeds: /적용 중인 피드가 없어/, import: '피드 가져오기', needed: '입력해 주십시오.', rejected: 'line 4', taken: '3', indicators: '침해지표', lookUp: '조회하기', malicious: '악성', suspicious: '의심', notOne: '침해지표 아님', hunt: '이벤트에서 찾기', remove: '삭제하기', forgets: /침해지표 3개를 잊습니다/, empty: '피드가 없습니다', panel: '상세', tooMany: '침해지표 1,001개, 최대 1,000개', results: '조회 결과', retry: '다시 시도하기' },
} as const

const feed = 'indicator,type,verdict,confidence,tags\n203.0.113.12,ip,malicious,90,"c2, cobaltstrike"\nupdate.example.net,domain,suspicious,60,phishing\n1.2.3,ip,malicious,80,broken\n198.51.100.0/24,cidr,benign,70,own scanners\n'

describe.skipIf(noBrowser !== '')(`threat intelligence in the console${noBrowser}`, () => {
  let server: TestServer
  let browser: Browser
  let analyst: Cookie
  beforeAll(async () => {
    server = await startServer()
    browser = await launch()
    analyst = await member(server, 'mira', 'analyst')
  })
  afterAll(async () => {
    await browser?.close()
    await server?.remove()
  })
  const feeds = async () => (await as<{ feeds: Feed[] }>(analyst, 'GET', '/api/v1/threat-intel/feeds')).feeds

  for (const language of ['en', 'ko'] as const) {
    const t = words[language]

    test(`${language}: a feed comes in with what it could not take, answers for what is pasted, and goes again`, async () => {
      const { page, faults, close } = await visit(browser, server, { language, cookie: analyst, colorScheme: language === 'en' ? 'light' : 'dark' })
      await page.evaluate((chosen) => localStorage.setItem('haechi.preferences', JSON.stringify({ language: chosen })), language)
      await page.goto(`${server.url}/intel`)
      await page.getByText(t.noFeeds).waitFor()
      expect(await axe(page)).toEqual([])

      await page.goto(`${server.url}/intel?tab=feeds`)
      await page.getByRole('heading', { name: t.empty }).waitFor()
      await page.getByRole('button', { name: t.import }).first().click()
      const form = page.getByRole('dialog')
      await form.getByRole('button', { name: t.import }).click()
      await form.getByText(t.needed).first().waitFor()
      expect(await axe(page)).toEqual([])
      await page.locator('input[type=file]').setInputFiles({ name: 'Our Feed.csv', mimeType: 'text/csv', buffer: Buffer.from(feed) })
      await form.getByRole('button', { name: t.import }).click()
      const panel = page.getByRole('complementary', { name: t.panel })
      await panel.getByText(t.rejected, { exact: true }).waitFor()
      expect(await axe(page)).toEqual([])
      expect(await feeds()).toMatchObject([{ name: 'our-feed', indicators: 3, rejected_count: 1, format: 'csv' }])

      await page.goto(`${server.url}/intel`)
      const box = page.getByRole('textbox', { name: t.indicators })
      await box.fill('nonsense\n 203[.]0[.]113[.]12 \nhxxp://update[.]example[.]net/a, update.example.net\n\n198.51.100.9')
      await page.keyboard.press('Control+Enter')
      const grid = page.getByRole('grid', { name: t.results })
      await grid.getByRole('row', { name: /203/ }).waitFor()
      expect(await grid.getByRole('row').nth(1).textContent()).toContain(t.malicious)
      await grid.getByText(t.notOne, { exact: true }).waitFor()
      expect(await axe(page)).toEqual([])
      await page.getByRole('button', { name: new RegExp(`^${t.suspicious}`) }).click()
      await page.waitForURL(/verdict=suspicious/)
      await grid.getByRole('row', { name: /203/ }).waitFor({ state: 'detached' })
      // What was asked is a link.
      await page.goto(page.url().replace('verdict=suspicious', 'verdict=malicious'))
      await grid.getByRole('row', { name: /203/ }).click()
      await panel.getByText('c2, cobaltstrike').waitFor()
      expect(await axe(page)).toEqual([])
      await panel.getByRole('link', { name: t.hunt }).click()
      await page.waitForURL(/\/hunt\?query=address%3A203\.0\.113\.12/)

      await page.goto(`${server.url}/intel?tab=feeds&feed=our-feed`)
      await panel.getByRole('button', { name: t.remove }).click()
      await page.getByRole('dialog').getByText(t.forgets).waitFor()
      await page.getByRole('dialog').getByRole('button', { name: t.remove }).click()
      await page.getByRole('heading', { name: t.empty }).waitFor()
      expect(await feeds()).toEqual([])
      expect(faults()).toEqual([])
      await close()
    })

    test(`${language}: a thousand at once, one too many, a failure, a phone`, async () => {
      const { page, close } = await visit(browser, server, { language, cookie: analyst, viewport: { width: 390, height: 844 } })
      await page.evaluate((chosen) => localStorage.setItem('haechi.preferences', JSON.stringify({ language: chosen })), language)
      await page.goto(`${server.url}/intel`)
      const box = page.getByRole('textbox', { name: t.indicators })
      const many = (count: number) => Array.from({ length: count }, (_, at) => `10.0.${Math.floor(at / 250)}.${at % 250}`).join('\n')
      await box.fill(many(1_001))
      await page.getByText(t.tooMany).waitFor()
      expect(await page.getByRole('button', { name: t.lookUp }).isDisabled()).toBe(true)
      await answerWith(page, '/api/v1/threat-intel/lookup', 503, { code: 'database_unavailable', status: 503, title: 'x', detail: 'Away', retry: true, params: {}, errors: [] })
      await box.fill(many(1_000))
      await page.getByRole('button', { name: t.lookUp }).click()
      await page.getByRole('alert').getByText('database_unavailable').waitFor()
      await page.unrouteAll()
      await page.getByRole('button', { name: t.retry }).click()
      await expect.poll(() => page.getByRole('grid', { name: t.results }).getAttribute('aria-rowcount'), { timeout: 15_000 }).toBe('1001')
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      expect(await axe(page)).toEqual([])
      await close()
    })
  }
})
