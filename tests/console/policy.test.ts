// The response policy from reading to signing, in a real browser on a real server: what is in force, what decides it, a draft as a difference, the
// signature, and what would happen.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from 'playwright-core'
import type { Policy, PolicyOverview } from '../../apps/server/src/response/wire.ts'
import { startServer } from '../server.ts'
import type { TestServer } from '../server.ts'
import { answerWith, axe, launch, noBrowser, signedIn, visit } from './browser.ts'
import { as, member } from './story.ts'
import type { Cookie } from './story.ts'

const words = {
  en: { title: 'Response policy', atOnce: 'Critical: done at once', few: 'Only one person may approve here', invite: 'Invite an approver', inviting: 'Invite somebody', cell: 'Every action, Detection rule and MDR team, Critical: At once', preset: /the preset “Critical at once” decides/, change: 'Change the policy', always: /^Ask always/, addRow: 'Add a row', name: 'Name', never: 'Never', apply: 'Apply', list: 'Never-isolate list', taken: 'Another row has this name.', changes: 'What changes', save: 'Save as draft', sign: 'Sign', waits: 'A draft waits', checked: /computed again in this browser/, versions: 'Versions', holds: 'Holds', tryIt: 'Try it', targets: 'Targets', ask: 'Ask the policy', unknown: 'Nothing is known here by this name', mayNot: /Your role may read the policy/, missing: 'There is no such version', retry: 'Try again', leave: 'Keep editing', missingTargets: 'Name at least one target.' },
  ko: { title: '대응 정책', atOnce: '심각: 누가 요청하든 즉시', few: '승인할 수 있는 사람이 한 명뿐입니다', invite: '승인자 초대하기', inviting: '사용자 초대', cell: '모든 조치, 탐지 규칙 및 MDR 팀, 심각: 즉시 실행', preset: /프리셋 “심각은 즉시 실행”에 따라/, change: '정책 변경하기', always: /^항상 승인/, addRow: '조항 추가하기', name: '이름', never: '조치 안 함', apply: '적용하기', list: '격리 금지 목록', taken: '같은 이름의 조항이 있습니다.', changes: '변경 내용', save: '초안으로 저장하기', sign: '서명하기', waits: '서명을 기다리는 초안', checked: /이 브라우저에서 다이제스트를 다시 계산/, versions: '버전', holds: '유효', tryIt: '미리 판단해 보기', targets: '대상', ask: '판단 확인하기', unknown: '이 이름으로 알려진 대상이 없습니다', mayNot: /서명할 수 없는 역할/, missing: '없는 버전입니다', retry: '다시 시도하기', leave: '계속 편집하기', missingTargets: '대상을 하나 이상 입력하십시오.' },
} as const

describe.skipIf(noBrowser !== '')(`the response policy in the console${noBrowser}`, () => {
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
  const phone = { width: 390, height: 844 }

  for (const language of ['en', 'ko'] as const) {
    const t = words[language]

    test(`${language}: what is in force is said first, an answer says what decides it, and one approver is too few`, async () => {
      const { page, faults, close } = await open(language, '/policy', owner)
      await page.getByRole('heading', { level: 1, name: t.title }).waitFor()
      await page.getByText(t.atOnce).waitFor()
      await page.getByText(t.few).waitFor()
      // By keys alone: the focus is enough.
      await page.getByRole('button', { name: /(At once|즉시 실행)/ }).first().focus()
      await page.getByText(t.preset).waitFor()
      expect(await axe(page)).toEqual([])
      await page.getByRole('link', { name: t.invite }).click()
      await page.getByRole('dialog').getByText(t.inviting).waitFor()
      expect(faults()).toEqual([])
      await close()
    })

    test(`${language}: a failure says what, an unknown version says so`, async () => {
      const { page, close } = await open(language, '/policy/versions/999', owner)
      await page.getByRole('heading', { name: t.missing }).waitFor()
      await answerWith(page, '/api/v1/policy', 503, { code: 'database_unavailable', status: 503, title: '-', detail: '-', retry: true, params: {}, errors: [] })
      await page.goto(`${server.url}/policy`)
      await page.getByRole('alert').getByText('database_unavailable').waitFor()
      expect(await axe(page)).toEqual([])
      await page.unrouteAll()
      await page.getByRole('button', { name: t.retry }).click()
      await page.getByRole('heading', { level: 1, name: t.title }).waitFor()
      await close()
    })
  }

  test('a change is drafted as a difference, signed by name and digest, and in force', async () => {
    const t = words.en
    const { page, faults, close } = await open('en', '/policy', owner)
    await page.getByRole('button', { name: t.change }).click()
    await page.getByRole('radio', { name: t.always }).check()
    const changes = page.getByRole('complementary', { name: t.changes })
    await changes.getByText('Preset: Critical at once → Ask always').waitFor()
    for (const [name, answer] of [['no hosts', t.never], ['files', 'At once']] as const) {
      await page.getByRole('button', { name: t.addRow }).click()
      const form = page.getByRole('dialog')
      await form.getByRole('radio', { name: answer }).check()
      if (name === 'files') {
        await form.getByLabel(t.name, { exact: true }).fill('no hosts')
        await form.getByRole('button', { name: t.apply }).click()
        await form.getByText(t.taken).waitFor()
      } else await form.getByRole('checkbox', { name: 'Isolate a host' }).check()
      await form.getByLabel(t.name, { exact: true }).fill(name)
      if (name === 'files') {
        await form.getByRole('checkbox', { name: 'Quarantine a file' }).check()
        expect(await axe(page)).toEqual([])
      }
      await form.getByRole('button', { name: t.apply }).click()
      await form.waitFor({ state: 'hidden' })
    }
    await page.getByRole('button', { name: 'Move up: files' }).click()
    await page.getByRole('textbox', { name: t.list }).fill('DC-*\nVPN-01\n\nDC-*')
    await changes.getByText('On the never-isolate list: DC-* and VPN-01').waitFor()
    await page.getByText('Changes 33 of 60 answers').waitFor()
    expect(await axe(page)).toEqual([])
    // What was changed is not lost by a wrong key.
    await page.getByRole('link', { name: 'Incidents' }).click()
    await page.getByRole('button', { name: t.leave }).click()
    await changes.getByRole('button', { name: t.save }).click()

    await page.getByText(t.checked).waitFor()
    await page.getByText('New row “no hosts”: Isolate a host → Never').waitFor()
    expect(await axe(page)).toEqual([])
    const { in_force: before, drafts } = await as<PolicyOverview>(owner, 'GET', '/api/v1/policy')
    expect(before.version).toBe(0)
    expect(drafts[0]).toMatchObject({ preset: 'ask-always', rows: [{ id: 'files' }, { id: 'no hosts' }], never_isolate: ['DC-*', 'VPN-01'] })
    await page.getByRole('button', { name: /^Sign version 1/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(drafts.at(0)?.digest.slice(0, 8) ?? 'no draft').waitFor()
    await dialog.getByRole('button', { name: t.sign, exact: true }).click()
    await page.getByText('Version 1 is in force').waitFor()
    await page.getByText(t.holds, { exact: true }).waitFor()
    // The row behind an answer is marked where it stands.
    await page.getByRole('button', { name: /^Isolate a host, Whoever asks, Critical: Never/ }).focus()
    await page.getByText('Row “no hosts” decides.').waitFor()
    expect(await page.locator('[data-deciding]').textContent()).toContain('no hosts')
    await page.getByRole('tab', { name: t.versions }).click()
    const row = page.getByRole('row', { name: /Version 1/ })
    await row.getByText(t.holds, { exact: true }).waitFor()
    expect(await as<PolicyOverview>(owner, 'GET', '/api/v1/policy')).toMatchObject({ in_force: { version: 1, fault: null }, verified: { ok: true }, drafts: [] })
    expect(faults()).toEqual([])
    await close()
  })

  test('whoever may not change the policy reads it, on a phone too, and is told who may', async () => {
    const t = words.ko
    const analyst = await member(server, 'mira', 'analyst')
    const { preset, caps } = (await as<PolicyOverview>(owner, 'GET', '/api/v1/policy')).in_force
    const draft = await as<Policy>(owner, 'POST', '/api/v1/policy', { preset, caps, rows: [], never_isolate: [] })
    const { page, faults, close } = await open('ko', '/policy', analyst, phone)
    await page.getByText(t.waits).waitFor()
    expect(await page.getByRole('button', { name: t.change }).count()).toBe(0)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    expect(await axe(page)).toEqual([])
    await page.goto(`${server.url}/policy/versions/${draft.version}`)
    await page.getByText(t.mayNot).waitFor()
    expect(await page.getByRole('button', { name: new RegExp(`${t.sign}…?$`) }).count()).toBe(0)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    expect(await axe(page)).toEqual([])
    expect(faults()).toEqual([])
    await close()
  })

  test('what would happen is asked without anything happening', async () => {
    const t = words.en
    const { page, faults, close } = await open('en', '/policy?tab=try', owner)
    await page.getByRole('button', { name: t.ask }).click()
    await page.getByText(t.missingTargets).waitFor()
    await page.getByLabel(t.targets).fill('nowhere-1')
    await page.getByRole('button', { name: t.ask }).click()
    await page.getByText(t.unknown).waitFor()
    expect(await axe(page)).toEqual([])
    expect((await as<{ actions: unknown[] }>(owner, 'GET', '/api/v1/actions')).actions).toEqual([])
    expect(faults()).toEqual([])
    await close()
  })
})
