// Every room with a story in it, in both languages and both themes: no serious axe finding, nothing from outside, nothing refused by the policy of
// the page, no fault, and nothing wider than a phone.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import { startServer } from '../server.ts'
import type { TestServer } from '../server.ts'
import { axe, launch, noBrowser, signedIn, visit } from './browser.ts'

describe.skipIf(noBrowser !== '')(`every room${noBrowser}`, () => {
  let server: TestServer
  let browser: Browser
  beforeAll(async () => {
    server = await startServer({ args: ['--demo'] })
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.remove()
  })

  // Each language with each theme and each width, in pairs: all eight would say little more and take twice the time.
  for (const [language, colorScheme, width] of [['en', 'light', 1440], ['ko', 'dark', 1440], ['ko', 'light', 390], ['en', 'dark', 390]] as const) {
    test(`${language}, ${colorScheme}, ${width} px`, async () => {
      const { page, faults, close } = await visit(browser, server, { language, cookie: await signedIn(server), colorScheme, viewport: { width, height: 900 } })
      await page.evaluate((chosen) => localStorage.setItem('haechi.preferences', JSON.stringify({ language: chosen })), language)
      await page.reload()
      await page.getByRole('banner').waitFor()
      if (width < 700) await page.getByRole('button', { name: language === 'ko' ? '메뉴' : 'Menu' }).click()
      const rail = page.getByRole('navigation', { name: language === 'ko' ? '메뉴' : 'Rooms' })
      await rail.waitFor()
      // What the rail offers, so that a new room is judged without being named here; and an incident, which needs the story.
      const rooms = await rail.getByRole('link').evaluateAll((links) => [...new Set(links.map((link) => new URL((link as HTMLAnchorElement).href).pathname))])
      expect(rooms).toEqual(expect.arrayContaining(['/', '/approvals', '/incidents', '/reports']))
      await page.goto(`${server.url}/`)
      const incident = await page.getByRole('main').locator('a[href*="/incidents/inc_"]').first().getAttribute('href')
      const found: string[] = []
      for (const path of [...rooms, incident!, '/nowhere']) {
        await page.goto(new URL(path, server.url).href)
        await page.getByRole('main').getByRole('heading').first().waitFor()
        await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
        for (const finding of await axe(page)) found.push(`${path} ${finding}`)
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        if (wider > 0) found.push(`${path} is ${wider} px wider than the screen`)
      }
      expect([...found, ...faults()]).toEqual([])
      await close()
    })
  }
})
