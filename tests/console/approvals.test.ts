// An action from the wish to the decision, on a screen and on a phone, by two people, in a real browser on a real server that was attacked.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import type { ResponseAction } from '../../apps/server/src/response/wire.ts'
import { startServer } from '../server.ts'
import type { TestServer } from '../server.ts'
import { answerWith, axe, launch, noBrowser, visit } from './browser.ts'
import { as, incidentsOf, member, tell } from './story.ts'
import type { Cookie } from './story.ts'

const words = {
  en: { request: 'Request an action', isolate: /^Request: Isolate/, touches: 'What it touches', one: /^1 host/, undo: /To undo it/, reason: 'Reason', reasonNeeded: /A reason is needed/, says: 'What the policy says', needs: 'needs an approval', done: 'Done', waiting: 'Waiting for approval', yourself: /You asked for it/, approve: /^Approve: Isolate/, reject: 'Reject', rests: 'What it rests on', matched: 'What matched', approvals: 'Approvals', empty: 'Nothing waits for approval', rejected: 'Rejected', failed: 'Failed', retry: 'Try again' },
  ko: { request: '조치 요청하기', isolate: /격리 요청하기/, touches: '영향 범위', one: /^호스트 1대/, undo: /되돌리기/, reason: '사유', reasonNeeded: /사유를 적어/, says: '정책 판단', needs: '승인 필요', done: '완료', waiting: '승인 대기', yourself: /직접 요청한 조치/, approve: /격리 승인하기$/, reject: '거절하기', rests: '근거', matched: '일치한 내용', approvals: '승인', empty: '승인을 기다리는 조치가 없습니다', rejected: '거절됨', failed: '실패', retry: '다시 시도하기' },
} as const

describe.skipIf(noBrowser !== '')(`approvals in the console${noBrowser}`, () => {
  let server: TestServer
  let browser: Browser
  let asker: Cookie
  let approver: Cookie
  beforeAll(async () => {
    server = await startServer()
    browser = await launch()
    asker = await member(server, 'mira', 'manager')
    approver = await member(server, 'hana', 'approver')
    await tell(server)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.remove()
  })

  const open = async (language: 'en' | 'ko', path: string, cookie: Cookie, viewport = { width: 1440, height: 900 }) => {
    const visited = await visit(browser, server, { language, cookie, viewport, hasTouch: viewport.width < 500 })
    await visited.page.evaluate((chosen) => localStorage.setItem('haechi.preferences', JSON.stringify({ language: chosen })), language)
    await visited.page.goto(server.url + path)
    return visited
  }
  const phone = { width: 390, height: 844 }
  const waiting = async () => (await as<{ actions: ResponseAction[] }>(approver, 'GET', '/api/v1/actions?status=awaiting_approval')).actions

  for (const language of ['en', 'ko'] as const) {
    const t = words[language]

    test(`${language}: nothing waits, and the page says what will`, async () => {
      const { page, faults, close } = await open(language, '/approvals', approver, phone)
      await page.getByRole('heading', { name: t.empty }).waitFor()
      expect(await axe(page)).toEqual([])
      expect(faults()).toEqual([])
      await close()
    })

    test(`${language}: asked for with a reason, in numbers; decided by another with a thumb; followed as it happens`, async () => {
      // At high the customer's own request asks another approver.
      const wanted = (await incidentsOf(server, 'status=open&severity=high')).find(({ affected_hosts: hosts }) => hosts.length > 0)
      const host = wanted?.affected_hosts[0]
      if (wanted === undefined || host === undefined) throw new Error('no incident of high with a host')
      const asking = await open(language, `/incidents/${wanted.id}`, asker)
      await asking.page.getByRole('button', { name: t.request }).first().click()
      const form = asking.page.getByRole('dialog')
      await form.getByRole('checkbox', { name: host }).check()
      await form.getByText(t.touches).waitFor()
      await form.getByText(t.one).waitFor()
      await form.getByText(t.undo).waitFor()
      await form.getByText(t.says).waitFor()
      await form.getByText(t.needs).waitFor()
      expect(await axe(asking.page)).toEqual([])
      await form.getByRole('button', { name: t.isolate }).click()
      await form.getByText(t.reasonNeeded).waitFor()
      expect(await waiting()).toEqual([])
      await form.getByLabel(t.reason).fill(`Seen there (${language})`)
      await form.getByRole('button', { name: t.isolate }).click()
      await form.getByRole('button', { name: t.done }).click()
      await asking.page.getByText(t.yourself).waitFor()
      expect(await asking.page.getByRole('button', { name: t.approve }).count()).toBe(0)

      const deciding = await open(language, '/approvals', approver, phone)
      const card = deciding.page.getByRole('article')
      await card.getByText(`Seen there (${language})`).waitFor()
      expect(await deciding.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      expect(await axe(deciding.page)).toEqual([])
      // What it rests on is one tap away.
      await card.locator('section, div').filter({ hasText: t.rests }).last().getByRole('button').first().tap()
      await deciding.page.getByRole('dialog').getByText(t.matched).waitFor()
      await deciding.page.keyboard.press('Escape')
      await deciding.page.getByRole('dialog').waitFor({ state: 'hidden' })
      const button = card.getByRole('button', { name: language === 'en' ? t.approve : t.reject })
      expect((await button.boundingBox())!.height).toBeGreaterThanOrEqual(44)
      await button.tap()
      await deciding.page.getByRole('heading', { name: t.empty }).waitFor()
      // With nothing connected an approved action fails and says so; a rejected one is rejected. Whoever asked sees it without a reload.
      await asking.page.getByText(language === 'en' ? t.failed : t.rejected, { exact: true }).waitFor()
      expect(await waiting()).toEqual([])
      expect([...asking.faults(), ...deciding.faults()]).toEqual([])
      await asking.close()
      await deciding.close()
    })

    test(`${language}: a failure says what, and leads on`, async () => {
      const { page, close } = await open(language, '/', approver, phone)
      const detail = language === 'ko' ? '지금 데이터베이스에 연결할 수 없습니다' : 'The database cannot be reached'
      await answerWith(page, '/api/v1/actions', 503, { code: 'database_unavailable', status: 503, title: detail, detail, retry: false, params: {}, errors: [] })
      await page.goto(`${server.url}/approvals`)
      await page.getByRole('alert').getByText('database_unavailable').waitFor()
      expect(await axe(page)).toEqual([])
      await page.unrouteAll()
      await page.getByRole('button', { name: t.retry }).click()
      await page.getByRole('heading', { name: t.empty }).waitFor()
      await close()
    })

    test(`${language}: the month's report is shown in its frame and can be kept`, async () => {
      const { page, faults, close } = await open(language, '/reports', approver)
      const report = page.frameLocator('iframe')
      await report.getByRole('heading', { level: 1 }).waitFor()
      // Its own style holds under this page's policy.
      expect(await report.locator('main').evaluate((main) => getComputedStyle(main).maxWidth)).not.toBe('none')
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /JSON/ }).click()])
      expect(download.suggestedFilename()).toMatch(/^haechi-.*-\d{4}-\d{2}\.json$/)
      expect(faults()).toEqual([])
      await close()
    })
  }
})
