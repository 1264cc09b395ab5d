// Who may sign in, which programs, what the tenant is called, and what all of them did: settings and the audit log in a real browser on a real server.
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import type { ApiKey, User } from '../../apps/server/src/access/wire.ts'
import { verifyAuditExport } from '../../apps/server/src/access/audit-chain.ts'
import { startServer } from '../server.ts'
import type { TestServer } from '../server.ts'
import { answerWith, axe, launch, noBrowser, password, signedIn, visit } from './browser.ts'
import { as, member } from './story.ts'
import type { Cookie } from './story.ts'

const words = {
  en: { alone: 'You are alone here', invite: 'Invite', title: 'Invite somebody', user: 'User name', bad: 'Give a name without spaces', approver: /^Approver/, oneTime: 'One-time password', done: 'Done', disable: /^Disable/, enable: 'Enable', off: 'Disabled', readOnly: /Only an owner or a manager/, people: 'People', keys: 'API keys', audit: 'Audit log', retry: 'Try again', dismiss: 'Disable' },
  ko: { alone: '승인할 다른 사람이 없습니다', invite: '초대하기', title: '사용자 초대', user: '사용자 이름', bad: '공백, 콜론, 슬래시 없이', approver: /^승인자/, oneTime: '일회용 비밀번호', done: '완료', disable: /^사용 중지하기/, enable: '다시 사용하게 하기', off: '사용 중지', readOnly: /소유자와 관리자만/, people: '사용자', keys: 'API 키', audit: '감사 로그', retry: '다시 시도하기', dismiss: '사용 중지하기' },
} as const

describe.skipIf(noBrowser !== '')(`settings and the audit log in the console${noBrowser}`, () => {
  let server: TestServer
  let browser: Browser
  let owner: Cookie
  beforeAll(async () => {
    server = await startServer()
    browser = await launch()
    owner = await signedIn(server)
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

  for (const language of ['en', 'ko'] as const) {
    const t = words[language]
    const name = `second-${language}`

    test(`${language}: a second approver is invited, signs in with the password shown once, is disabled and enabled`, async () => {
      const { page, faults, close } = await open(language, '/settings', owner)
      if (language === 'en') {
        await page.getByText(t.alone).waitFor()
        await page.getByText(t.alone).locator('xpath=ancestor::*[button]').last().getByRole('button', { name: t.invite }).click()
      } else await page.goto(`${server.url}/settings/people?invite=approver`)
      const dialog = page.getByRole('dialog', { name: t.title })
      expect(await dialog.getByRole('radio', { name: t.approver }).isChecked()).toBe(true)
      await dialog.getByLabel(t.user).fill('two words')
      await dialog.getByRole('button', { name: new RegExp(t.invite) }).click()
      await dialog.getByText(t.bad).waitFor()
      await dialog.getByLabel(t.user).fill(name)
      expect(await axe(page)).toEqual([])
      await dialog.getByRole('button', { name: new RegExp(t.invite) }).click()
      const oneTime = await page.getByRole('textbox', { name: t.oneTime }).textContent()
      expect(await axe(page)).toEqual([])
      const answer = await fetch(`${server.url}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user: name, password: oneTime }) })
      expect(answer.status).toBe(200)
      await page.getByRole('button', { name: t.done }).click()
      expect(await page.getByText(oneTime!).count()).toBe(0)
      expect(await page.getByText(t.alone).count()).toBe(0)

      const more = page.getByRole('row', { name: new RegExp(name) }).getByRole('button')
      await more.click()
      await page.getByRole('menuitem', { name: t.disable }).click()
      await page.getByRole('dialog').getByRole('button', { name: t.dismiss }).click()
      await page.getByRole('row', { name: new RegExp(`${name}.*${t.off}`) }).waitFor()
      await more.click()
      await page.getByRole('menuitem', { name: t.enable }).click()
      await page.getByRole('row', { name: new RegExp(`${name}.*${t.off}`) }).waitFor({ state: 'hidden' })
      expect((await as<{ users: User[] }>(owner, 'GET', '/api/v1/users')).users.find((user) => user.name === name)).toMatchObject({ role: 'approver', side: 'customer', disabled: false })
      expect(faults()).toEqual([])
      await close()
    })

    test(`${language}: who may only read is offered nothing to change, on a phone`, async () => {
      const analyst = await member(server, `reader-${language}`, 'analyst')
      const { page, faults, close } = await open(language, '/settings', analyst, { width: 390, height: 844 })
      await page.getByText(t.readOnly).waitFor()
      expect(await page.getByRole('button', { name: t.invite }).count()).toBe(0)
      expect(await page.getByRole('link', { name: t.keys, exact: true }).count()).toBe(0)
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      expect(await axe(page)).toEqual([])
      // What is not offered is refused all the same.
      await page.goto(`${server.url}/audit`)
      await page.getByRole('alert').getByText('forbidden').waitFor()
      expect(faults()).toEqual([])
      await close()
    })
  }

  test('a key is made, its secret shown once, rotated and revoked', async () => {
    const { page, faults, close } = await open('en', '/settings/keys', owner)
    await page.getByRole('heading', { name: 'No keys yet' }).waitFor()
    await page.getByRole('button', { name: 'Create a key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Create a key' }).click()
    await dialog.getByText('Give it a name.').waitFor()
    await dialog.getByLabel('Name', { exact: true }).fill('ticket system')
    await dialog.getByRole('radio', { name: /^Scheme 1/ }).check()
    await dialog.getByLabel('Only from these addresses').fill('nonsense')
    await dialog.getByRole('button', { name: 'Create “ticket system”' }).click()
    await dialog.getByText('parameter_invalid').waitFor()
    await dialog.getByLabel('Only from these addresses').fill('127.0.0.1\n10.0.0.0/8')
    expect(await axe(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Create “ticket system”' }).click()
    const secret = (await page.getByRole('textbox', { name: 'Secret' }).textContent())!
    const id = (await page.getByRole('textbox', { name: 'Key id' }).textContent())!
    expect((await fetch(`${server.url}/api/v1/session`, { headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` } })).status).toBe(200)
    await page.getByRole('button', { name: 'Done' }).click()
    expect(await page.getByText(secret).count()).toBe(0)
    const row = page.getByRole('row', { name: /ticket system/ })
    await row.getByText('2 addresses').waitFor()
    expect(await axe(page)).toEqual([])
    await row.getByRole('button').click()
    await page.getByRole('menuitem', { name: /^Rotate/ }).click()
    await page.getByRole('button', { name: 'Make a new secret' }).click()
    expect(await page.getByRole('textbox', { name: 'Secret' }).textContent()).not.toBe(secret)
    await page.getByRole('button', { name: 'Done' }).click()
    await row.getByRole('button').click()
    await page.getByRole('menuitem', { name: /^Revoke/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await row.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Show 1 revoked or expired' }).click()
    await row.getByText(/^Revoked/).waitFor()
    expect((await as<{ keys: ApiKey[] }>(owner, 'GET', '/api/v1/keys')).keys.filter(({ name, revoked_at: at }) => name === 'ticket system' && at !== null)).toHaveLength(1)
    expect(faults()).toEqual([])
    await close()
  })

  test('the tenant gets a name and a time zone, the account a password and a theme', async () => {
    const { page, faults, close } = await open('en', '/settings/tenant', owner)
    await page.getByLabel('Name', { exact: true }).fill('Hanbit Electronics')
    await page.getByRole('combobox', { name: 'Time zone' }).click()
    await page.getByRole('combobox', { name: 'Time zone' }).fill('Tokyo')
    await page.getByRole('option', { name: 'Asia/Tokyo' }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('navigation', { name: 'Rooms' }).getByText('Hanbit Electronics').waitFor()
    await page.getByRole('textbox', { name: 'Name of the site' }).fill('Busan')
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('listitem').filter({ hasText: 'Busan' }).waitFor()
    expect(await axe(page)).toEqual([])
    await page.getByRole('link', { name: 'Your account' }).click()
    await page.getByLabel('Present password').fill('wrong')
    await page.getByLabel('New password', { exact: true }).fill(`${password}!`)
    await page.getByLabel('New password again').fill('other')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('The two do not match.').waitFor()
    await page.getByLabel('New password again').fill(`${password}!`)
    await page.getByRole('button', { name: 'Change password' }).click()
    // A wrong password is said here, and is no end of the session.
    await page.getByRole('alert').getByText('sign_in_failed').waitFor()
    await page.getByText('Dark', { exact: true }).click()
    expect(await page.evaluate(() => document.documentElement.dataset['mantineColorScheme'])).toBe('dark')
    expect(await axe(page)).toEqual([])
    expect(faults()).toEqual([])
    await close()
  })

  test('what was done is found, checked and taken along', async () => {
    const { key_id: id } = await as<ApiKey>(owner, 'POST', '/api/v1/keys', { name: 'audited', role: 'ingest' })
    await as(owner, 'DELETE', `/api/v1/keys/${id}`)
    await as(owner, 'POST', '/api/v1/sites', { name: 'Audited' })
    const { page, faults, close } = await open('ko', '/audit', owner)
    const table = page.getByRole('grid', { name: '감사 로그' })
    await table.getByText('사이트 추가').first().waitFor()
    await page.getByRole('button', { name: '내용', exact: true }).click()
    await page.getByRole('menuitemradio', { name: 'API 키' }).click()
    await table.getByText('API 키 폐기').first().waitFor()
    expect(await table.getByText('사이트 추가').count()).toBe(0)
    expect(new URL(page.url()).searchParams.get('what')).toBe('key')
    await page.getByRole('button', { name: '기록 검증하기' }).click()
    await page.locator('#main').getByText(/기록 \d+건 모두 온전합니다/).waitFor()
    await table.focus()
    await page.keyboard.press('j')
    await page.keyboard.press('o')
    await page.getByRole('complementary').getByText('key.revoke').waitFor()
    expect(await axe(page)).toEqual([])
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '내보내기' }).click()])
    expect(download.suggestedFilename()).toMatch(/^haechi-audit-.*\.ndjson$/)
    expect(await verifyAuditExport((await readFile(await download.path(), 'utf8')).trimEnd().split('\n'))).toMatchObject({ ok: true })
    await answerWith(page, '/api/v1/audit', 200, { records: [], next_cursor: null })
    await page.goto(`${server.url}/audit?outcome=failure`)
    await page.getByRole('heading', { name: '조건에 맞는 기록이 없습니다' }).waitFor()
    expect(await axe(page)).toEqual([])
    expect(faults()).toEqual([])
    await close()
  })
})
