// The console's frame as a person meets it: sign-in, language, theme, keys, links, failure, in a real browser on a real server.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import { startServer } from '../server.ts'
import type { TestServer } from '../server.ts'
import { answerWith, axe, firstUser, launch, noBrowser, password, signedIn, visit } from './browser.ts'

const words = {
  en: { signIn: 'Sign in', user: 'User', password: 'Password', next: 'New password', again: 'New password again', change: 'Change password', overview: 'Overview', incidents: 'Incidents', search: 'Search or go to', keys: 'All keys', settings: 'Settings', dark: 'Dark', signOut: 'Sign out', retry: 'Try again', nowhere: 'There is no such page', ended: 'Your session has ended', skip: 'Skip to content' },
  ko: { signIn: '로그인하기', user: '사용자', password: '비밀번호', next: '새 비밀번호', again: '새 비밀번호 확인', change: '비밀번호 변경하기', overview: '현황', incidents: '인시던트', search: '검색 또는 이동', keys: '모든 단축키', settings: '설정', dark: '어둡게', signOut: '로그아웃하기', retry: '다시 시도하기', nowhere: '없는 화면입니다', ended: '세션이 끝났습니다', skip: '본문으로 건너뛰기' },
} as const

describe.skipIf(noBrowser !== '')(`the console's frame${noBrowser}`, () => {
  let server: TestServer
  let browser: Browser
  let known: ReturnType<typeof signedIn> | undefined
  const session = () => known ??= signedIn(server)
  beforeAll(async () => {
    server = await startServer()
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.remove()
  })

  test('a one-time password is exchanged for an own one, and the place that was wanted is kept', async () => {
    const t = words.en
    const { page, faults, close } = await visit(browser, server)
    const { name, oneTimePassword } = firstUser(server)
    await page.goto(`${server.url}/incidents?severity=critical`)
    await page.getByRole('button', { name: t.signIn }).waitFor()
    expect(await axe(page)).toEqual([])
    await page.getByRole('button', { name: t.signIn }).click()
    expect(await page.getByRole('alert').textContent()).toContain('user and a password')
    await page.getByLabel(t.user).fill(name)
    await page.getByLabel(t.password, { exact: true }).fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('sign_in_failed').waitFor()
    await page.getByLabel(t.password, { exact: true }).fill(oneTimePassword)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: t.change }).waitFor()
    expect(await axe(page)).toEqual([])
    // Nothing else can be reached before the change.
    await page.goto(`${server.url}/`)
    await page.getByRole('button', { name: t.change }).waitFor()
    await page.getByLabel('One-time password').fill(oneTimePassword)
    await page.getByLabel(t.next, { exact: true }).fill('short')
    await page.getByLabel(t.again).fill('short')
    await page.getByRole('button', { name: t.change }).click()
    await page.getByText('password_too_short').waitFor()
    await page.getByLabel(t.next, { exact: true }).fill(password)
    await page.getByLabel(t.again).fill(password)
    await page.getByRole('button', { name: t.change }).click()
    await page.getByRole('navigation', { name: 'Rooms' }).waitFor()
    expect(faults()).toEqual([])
    await close()
  })

  test('a session that ends in the middle leads to sign-in and back to the same place', async () => {
    const t = words.en
    const { page, context, close } = await visit(browser, server, { cookie: await signedIn(server) })
    await page.goto(`${server.url}/incidents?severity=high`)
    await page.getByRole('heading', { level: 1, name: new RegExp(t.incidents) }).waitFor()
    await context.clearCookies()
    await page.reload()
    await page.getByRole('button', { name: t.signIn }).waitFor()
    await page.getByLabel(t.user).fill(firstUser(server).name)
    await page.getByLabel(t.password, { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/incidents?severity=high')
    // While the page stands: the next request says so.
    await context.addCookies([{ ...await session(), value: 'ended' }])
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    await page.getByText(t.ended).waitFor()
    // Whichever request was first to hear it: the place is one of the two.
    expect(new URL(page.url()).searchParams.get('next')).toMatch(/^\/(incidents\?severity=high)?$/)
    await close()
  })

  for (const language of ['en', 'ko'] as const) {
    test(`${language}: language and theme are chosen, kept and followed`, async () => {
      const t = words[language]
      const other = words[language === 'en' ? 'ko' : 'en']
      const { page, faults, close } = await visit(browser, server, { language, cookie: await session() })
      // The account's language is English until somebody chooses another here.
      await page.getByRole('button', { name: /^(Language|언어)/ }).click()
      await page.getByRole('menuitemradio', { name: language === 'ko' ? '한국어' : 'English' }).click()
      const rail = page.getByRole('navigation', { name: language === 'ko' ? '메뉴' : 'Rooms' })
      await rail.getByRole('link', { name: t.overview }).waitFor()
      await page.locator(`html[lang="${language}"]`).waitFor()
      await page.getByRole('button', { name: new RegExp(`^${t.settings}`) }).click()
      await page.getByRole('menuitemradio', { name: t.dark }).click()
      await page.locator('html[data-mantine-color-scheme="dark"]').waitFor()
      await page.keyboard.press('Escape')
      await page.reload()
      await rail.getByRole('link', { name: t.incidents }).waitFor()
      expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark')
      expect(await page.getByText(other.overview, { exact: true }).count()).toBe(0)
      expect(faults()).toEqual([])
      await close()
    })

    test(`${language}: everything by keyboard`, async () => {
      const t = words[language]
      const { page, faults, close } = await visit(browser, server, { language, cookie: await session() })
      await page.evaluate((chosen) => localStorage.setItem('haechi.preferences', JSON.stringify({ language: chosen })), language)
      await page.reload()
      await page.getByRole('navigation').first().waitFor()
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(t.skip)
      await page.keyboard.press('Enter')
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('main')
      await page.keyboard.press('g')
      await page.keyboard.press('i')
      await page.waitForURL('**/incidents')
      expect(await page.title()).toContain(t.incidents)
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: t.keys }).waitFor()
      expect(await axe(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      await page.keyboard.press('/')
      const search = page.getByRole('combobox')
      await search.fill(language === 'ko' ? 'ㅎㅎ' : 'overv')
      await page.getByRole('option', { name: t.overview }).waitFor()
      expect(await axe(page)).toEqual([])
      await page.keyboard.press('Enter')
      await page.waitForURL(`${server.url}/`)
      // Where somebody types, a letter is a letter.
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox').pressSequentially('gi')
      expect(new URL(page.url()).pathname).toBe('/')
      expect(faults()).toEqual([])
      await close()
    })

    test(`${language}: what fails says what, whether to try again, and under which code; the data that was there stays`, async () => {
      const t = words[language]
      const { page, close } = await visit(browser, server, { language, cookie: await session() })
      await page.evaluate((chosen) => localStorage.setItem('haechi.preferences', JSON.stringify({ language: chosen })), language)
      const detail = language === 'ko' ? '지금 데이터베이스에 연결할 수 없습니다' : 'The database cannot be reached'
      await answerWith(page, '/api/v1/overview', 503, { code: 'database_unavailable', status: 503, title: detail, detail, retry: false, params: {}, errors: [] })
      await page.reload()
      await page.getByRole('alert').getByText(detail).waitFor()
      await page.getByRole('alert').getByText('database_unavailable').waitFor()
      expect(await axe(page)).toEqual([])
      await page.unrouteAll()
      await page.getByRole('button', { name: t.retry }).click()
      await page.getByRole('alert').waitFor({ state: 'hidden' })
      await close()
    })
  }

  test('a server that does not answer at the first request is said on the whole page, and tried again', async () => {
    const { page, close } = await visit(browser, server, { cookie: await session() })
    await page.route((url) => url.pathname === '/api/v1/session', (route) => route.abort())
    await page.goto(`${server.url}/incidents`)
    await page.getByRole('alert').getByText('unreachable').waitFor()
    await page.unrouteAll()
    await page.getByRole('button', { name: words.en.retry }).click()
    await page.getByRole('heading', { level: 1, name: words.en.incidents }).waitFor()
    await close()
  })

  test('an unknown address says so and leads back', async () => {
    const { page, faults, close } = await visit(browser, server, { cookie: await session() })
    await page.goto(`${server.url}/no/such/page`)
    await page.getByRole('heading', { name: words.en.nowhere }).waitFor()
    await page.getByRole('link', { name: 'Go to the overview' }).click()
    await page.waitForURL(`${server.url}/`)
    expect(faults()).toEqual([])
    await close()
  })

  test('nothing is wider than a phone', async () => {
    const { page, close } = await visit(browser, server, { cookie: await session(), viewport: { width: 390, height: 844 }, hasTouch: true })
    for (const path of ['/', '/incidents', '/approvals', '/reports']) {
      await page.goto(server.url + path)
      await page.getByRole('heading').first().waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0)
    }
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('dialog').getByRole('link', { name: words.en.incidents }).click()
    await page.waitForURL('**/incidents')
    await close()
  })
})
