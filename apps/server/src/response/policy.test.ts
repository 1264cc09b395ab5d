import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { onNeverList, presetContent, presets, rule, within } from './policy.ts'
import type { Circumstances, PolicyContent } from './policy.ts'
import { readNetwork } from './targets.ts'
import type { PolicyRow } from './wire.ts'

const monday = Date.parse('2026-03-02T03:00:00Z') // Monday noon in Seoul
const usual: Circumstances = {
  action: 'isolate_host', severity: 'high', requester: 'provider', at: monday, timeZone: 'Asia/Seoul', staleEvidence: false, blast: { inAction: 1, inHour: 1 }, providerExists: true, verified: true,
  target: { names: ['ws-12.corp.local', 'WS-12', 'ast_1'], network: null, siteId: 'sit_1', class: 'workstation', tags: ['finance'], criticality: 'normal' },
}
const policy = (change: Partial<PolicyContent> = {}): PolicyContent => ({ ...presetContent('ask-always'), ...change })
const decide = (content: PolicyContent, change: Partial<Circumstances> = {}) => {
  const { decision, rule: by, approvers } = rule(content, { ...usual, ...change })
  return `${decision} ${by} ${approvers ?? '-'}`
}

describe('presets', () => {
  const severities = ['critical', 'high', 'medium', 'low', 'informational'] as const
  const requesters = ['rule', 'provider', 'customer'] as const
  test('critical-at-once', () => {
    for (const requester of requesters) expect(decide(presetContent('critical-at-once'), { severity: 'critical', requester })).toBe('allow preset:critical-at-once -')
    for (const severity of severities.slice(1)) {
      expect(decide(presetContent('critical-at-once'), { severity, requester: 'rule' })).toBe('ask preset:critical-at-once customer')
      expect(decide(presetContent('critical-at-once'), { severity, requester: 'provider' })).toBe('ask preset:critical-at-once customer')
      expect(decide(presetContent('critical-at-once'), { severity, requester: 'customer' })).toBe('ask preset:critical-at-once provider')
      expect(decide(presetContent('critical-at-once'), { severity, requester: 'customer', providerExists: false })).toBe('ask preset:critical-at-once customer_other')
    }
  })
  test('ask-always asks, observe-only denies, whatever it is', () => {
    for (const severity of severities) {
      for (const requester of requesters) {
        expect(decide(presetContent('ask-always'), { severity, requester })).toMatch(/^ask /)
        expect(rule(presetContent('observe-only'), { ...usual, severity, requester })).toMatchObject({ decision: 'deny', reasonCode: 'observe_only' })
      }
    }
  })
  test('collaborate-then-act asks, and acts when nobody answers', () => {
    expect(rule({ ...presetContent('collaborate-then-act'), collaborate_minutes: 7 }, usual)).toMatchObject({ decision: 'ask', timeoutMinutes: 7, onTimeout: 'act', reasonCode: 'approval_required' })
  })
})

describe('rows', () => {
  const row = (id: string, change: Partial<PolicyRow> = {}): PolicyRow => ({ id, decision: 'allow', ...change })
  test('each selector, matching and not', () => {
    const cases: [Partial<PolicyRow>, Partial<Circumstances>, boolean][] = [
      [{}, {}, true],
      [{ site: 'sit_1' }, {}, true], [{ site: 'sit_2' }, {}, false],
      [{ action_types: ['block_ip', 'isolate_host'] }, {}, true], [{ action_types: ['block_ip'] }, {}, false],
      [{ severities: ['high'] }, {}, true], [{ severities: ['critical'] }, {}, false],
      [{ requesters: ['provider'] }, {}, true], [{ requesters: ['customer', 'rule'] }, {}, false],
      [{ assets: { classes: ['workstation'] } }, {}, true], [{ assets: { classes: ['server'] } }, {}, false],
      [{ assets: { tags: ['vip', 'Finance'] } }, {}, true], [{ assets: { classes: ['WORKSTATION'] } }, {}, true], [{ assets: { tags: ['vip'] } }, {}, false],
      [{ assets: { criticality: ['normal'] } }, {}, true], [{ assets: { criticality: ['critical'] } }, {}, false],
      [{ assets: { names: ['WS-12'] } }, {}, true], [{ assets: { names: ['ws-*'] } }, {}, true], [{ assets: { names: ['ast_1'] } }, {}, true], [{ assets: { names: ['ws-13'] } }, {}, false],
      [{ assets: { tags: ['finance'], classes: ['server'] } }, {}, false],
      [{ assets: { classes: ['workstation'] } }, { target: { ...usual.target, class: null } }, false],
      [{ assets: { criticality: ['normal'] } }, { target: { ...usual.target, criticality: null } }, false],
      [{ hours: { days: [1], from: '09:00', to: '18:00' } }, {}, true], [{ hours: { days: [2], from: '09:00', to: '18:00' } }, {}, false],
      [{ assets: { names: ['203.0.113.0/24'] } }, { action: 'block_ip', target: { ...usual.target, names: ['203.0.113.7'], network: readNetwork('203.0.113.7') } }, true],
    ]
    for (const [selectors, change, matches] of cases) {
      expect([selectors, decide(policy({ rows: [row('r', selectors)] }), change)]).toEqual([selectors, matches ? 'allow row:r -' : expect.stringMatching(/^ask preset/)])
    }
  })
  test('the most specific decides, among equals the first, over it only a locked parent', () => {
    const tenant = row('tenant', { decision: 'deny' })
    const site = row('site', { site: 'sit_1', decision: 'ask' })
    const group = row('group', { assets: { tags: ['finance'] } })
    const asset = row('asset', { assets: { names: ['ws-12'] }, decision: 'deny' })
    expect(decide(policy({ rows: [tenant, site, group, asset] }))).toBe('deny row:asset -')
    expect(decide(policy({ rows: [tenant, site, group] }))).toBe('allow row:group -')
    expect(decide(policy({ rows: [tenant, site] }))).toBe('ask row:site customer')
    expect(decide(policy({ rows: [row('first'), tenant] }))).toBe('allow row:first -')
    expect(decide(policy({ rows: [group, { ...site, locked: true }, asset] }))).toBe('ask row:site customer')
    expect(decide(policy({ rows: [{ ...asset, locked: true }, { ...site, locked: true }, { ...tenant, locked: true }] }))).toBe('deny row:tenant -')
  })
  test('what an asking row says', () => {
    expect(rule(policy({ rows: [row('r', { decision: 'ask', approvers: 'provider', needed: 2, timeout_minutes: 5, on_timeout: 'act' })] }), usual))
      .toEqual({ decision: 'ask', rule: 'row:r', reasonCode: 'approval_required', approvers: 'provider', needed: 2, timeoutMinutes: 5, onTimeout: 'act' })
    expect(decide(policy({ rows: [row('r', { decision: 'ask', approvers: 'customer' })] }), { requester: 'customer' })).toBe('ask row:r customer_other')
    expect(decide(policy({ rows: [row('r', { decision: 'ask', approvers: 'provider' })] }), { providerExists: false })).toBe('ask row:r customer')
    expect(rule(policy({ rows: [row('r', { decision: 'deny' })] }), usual)).toMatchObject({ decision: 'deny', reasonCode: 'policy_denied' })
  })
})

describe('hours', () => {
  const at = (iso: string, hours: NonNullable<PolicyRow['hours']>, zone = 'Asia/Seoul') => within(hours, Date.parse(iso), zone)
  test('are local, end before `to`, and over midnight belong to the day on which they began', () => {
    const office = { days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }
    expect(at('2026-03-02T00:00:00Z', office)).toBe(true) // Monday 09:00 in Seoul
    expect(at('2026-03-01T23:59:59Z', office)).toBe(false)
    expect(at('2026-03-02T09:00:00Z', office)).toBe(false) // 18:00
    expect(at('2026-03-02T00:00:00Z', office, 'UTC')).toBe(false)
    const night = { days: [5], from: '22:00', to: '06:00' }
    expect(at('2026-03-06T14:00:00Z', night)).toBe(true) // Friday 23:00
    expect(at('2026-03-06T20:59:00Z', night)).toBe(true) // Saturday 05:59
    expect(at('2026-03-06T21:00:00Z', night)).toBe(false)
    expect(at('2026-03-05T20:00:00Z', night)).toBe(false) // Friday 05:00 is Thursday's night
    expect(at('2026-03-08T18:00:00Z', { days: [7], from: '22:00', to: '06:00' })).toBe(true) // Monday 03:00 is Sunday's night
    expect(at('2026-03-02T03:00:00Z', { days: [1], from: '00:00', to: '00:00' })).toBe(true)
  })
  test('over the two changes of summer time', () => {
    const hours = { days: [7], from: '02:30', to: '03:30' }
    expect(at('2026-03-29T01:10:00Z', hours, 'Europe/Berlin')).toBe(true) // 03:10, the hour before does not exist
    expect(at('2026-10-25T00:40:00Z', hours, 'Europe/Berlin')).toBe(true) // 02:40, the first time
    expect(at('2026-10-25T01:40:00Z', hours, 'Europe/Berlin')).toBe(true) // 02:40, the second
  })
})

const names = fc.constantFrom('ws-12', 'ws-12.corp.local', 'dc01', 'WS-*', '*', 'srv-9', 'ast_1')
const row: fc.Arbitrary<PolicyRow> = fc.record({
  id: fc.uuid(), decision: fc.constantFrom('allow', 'ask', 'deny'), locked: fc.boolean(), site: fc.constantFrom('sit_1', 'sit_2'), assets: fc.record({ names: fc.array(names, { minLength: 1 }) }),
  severities: fc.array(fc.constantFrom('critical', 'high', 'medium', 'low', 'informational'), { minLength: 1 }), requesters: fc.array(fc.constantFrom('rule', 'provider', 'customer'), { minLength: 1 }),
  on_timeout: fc.constantFrom('expire', 'escalate', 'act'), needed: fc.integer({ min: 1, max: 3 }), timeout_minutes: fc.integer({ min: 1, max: 60 }), approvers: fc.constantFrom('customer', 'provider'),
}, { requiredKeys: ['id', 'decision'] })
const anyPolicy: fc.Arbitrary<PolicyContent> = fc.record({
  preset: fc.constantFrom(...presets), rows: fc.array(row, { maxLength: 6 }), never_isolate: fc.array(names, { maxLength: 3 }), collaborate_minutes: fc.nat(60), containment_hours: fc.nat(72),
  caps: fc.record({ targets_per_action: fc.integer({ min: 1, max: 20 }), targets_per_hour: fc.integer({ min: 1, max: 20 }) }),
})
const anyCase: fc.Arbitrary<Circumstances> = fc.record({
  action: fc.constantFrom('isolate_host', 'disable_account'), severity: fc.constantFrom('critical', 'high', 'medium', 'low', 'informational'), requester: fc.constantFrom('rule', 'provider', 'customer'),
  at: fc.integer({ min: 1.7e12, max: 1.9e12 }), timeZone: fc.constantFrom('Asia/Seoul', 'America/New_York', 'UTC'), staleEvidence: fc.boolean(), providerExists: fc.boolean(), verified: fc.boolean(),
  blast: fc.record({ inAction: fc.integer({ min: 1, max: 30 }), inHour: fc.integer({ min: 1, max: 30 }) }),
  target: fc.record({ names: fc.constantFrom(['ws-12.corp.local', 'ast_1'], ['dc01'], ['srv-9']), network: fc.constant(null), siteId: fc.constantFrom(null, 'sit_1'), class: fc.constant(null), tags: fc.constant([]), criticality: fc.constantFrom(null, 'critical') }),
})

describe('rails: no policy whatsoever', () => {
  const holds = (property: (content: PolicyContent, of: Circumstances) => void) => fc.assert(fc.property(anyPolicy, anyCase, property), { numRuns: 2_000 })
  test('lets a target of the never-isolate list be acted on or even asked about', () => {
    let met = 0
    holds((content, of) => {
      if (!onNeverList(content, of)) return
      met++
      expect(rule(content, of)).toMatchObject({ decision: 'deny', reasonCode: 'never_isolate' })
    })
    expect(met).toBeGreaterThan(50)
  })
  test('allows over a cap', () => holds((content, of) => {
    if (of.blast.inAction > content.caps.targets_per_action || of.blast.inHour > content.caps.targets_per_hour) expect(rule(content, of).decision).not.toBe('allow')
  }))
  test('allows on stale evidence or under a broken signature', () => holds((content, of) => {
    if (of.staleEvidence || !of.verified) expect(rule(content, of).decision).not.toBe('allow')
  }))
  test('acts by itself later on what a rail held back', () => holds((content, of) => {
    const over = of.blast.inAction > content.caps.targets_per_action || of.blast.inHour > content.caps.targets_per_hour
    if (of.staleEvidence || !of.verified || over) expect(rule(content, of).onTimeout).not.toBe('act')
  }))
  test('and no rail turns a denial of a policy that verifies into anything else', () => holds((content, of) => {
    const calm = { ...of, staleEvidence: false, blast: { inAction: 1, inHour: 1 } }
    if (of.verified && rule(content, calm).decision === 'deny') expect(rule(content, of).decision).toBe('deny')
  }))
  test('rails only ever make it stricter', () => {
    const strict = { allow: 0, ask: 1, deny: 2 }
    holds((content, of) => {
      const calm = { ...of, staleEvidence: false, blast: { inAction: 1, inHour: 1 } }
      expect(strict[rule(content, of).decision]).toBeGreaterThanOrEqual(strict[rule(content, calm).decision])
    })
  })
})

test('a cap is reached by its last target and passed by the next', () => {
  const capped = { ...presetContent('critical-at-once'), caps: { targets_per_action: 3, targets_per_hour: 5 } }
  const of = (inAction: number, inHour: number) => rule(capped, { ...usual, severity: 'critical', blast: { inAction, inHour } })
  expect(of(3, 5)).toMatchObject({ decision: 'allow', reasonCode: null })
  expect(of(4, 5)).toMatchObject({ decision: 'ask', rule: 'rail:caps', reasonCode: 'over_cap' })
  expect(of(3, 6)).toMatchObject({ decision: 'ask', rule: 'rail:caps', reasonCode: 'over_cap' })
})

test('quarantining a file of a host that must not be isolated is a question for the policy', () => {
  expect(decide(policy({ never_isolate: ['ws-12'], rows: [{ id: 'r', decision: 'allow' }] }), { action: 'quarantine_file' })).toBe('allow row:r -')
})
