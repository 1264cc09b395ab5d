import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aggregate, answersFor, ended, mayDecide, moved, transitions } from './model.ts'
import type { Asked } from './model.ts'
import type { ActionStatus } from './wire.ts'

const states = Object.keys(transitions) as ActionStatus[]
const ofTarget = states.filter((state) => state !== 'partially_succeeded')

test('every step, allowed or not', () => {
  const allowed = [
    'requested denied', 'requested awaiting_approval', 'requested approved', 'awaiting_approval approved', 'awaiting_approval rejected', 'awaiting_approval expired',
    'approved executing', 'approved failed', 'executing verifying', 'executing failed', 'verifying succeeded', 'verifying failed', 'succeeded lifting', 'lifting lifted',
  ]
  for (const from of states) {
    for (const to of states) {
      if (allowed.includes(`${from} ${to}`)) expect(moved(from, to)).toBe(to)
      else expect(() => moved(from, to), `${from} ${to}`).toThrow(TypeError)
    }
  }
})

test('any walk ends, and nothing refused is ever carried out', () => {
  fc.assert(fc.property(fc.array(fc.nat(), { minLength: 10, maxLength: 10 }), (choices) => {
    const walk: ActionStatus[] = ['requested']
    for (const choice of choices) {
      const next = transitions[walk.at(-1)!]
      if (next.length === 0) break
      walk.push(moved(walk.at(-1)!, next[choice % next.length]!))
    }
    expect(ended(walk.at(-1)!)).toBe(true)
    expect(new Set(walk).size).toBe(walk.length)
    const refused = walk.findIndex((state) => ['denied', 'rejected', 'expired'].includes(state))
    if (refused >= 0) expect(walk.slice(refused)).toHaveLength(1)
    if (walk.includes('succeeded')) expect(walk.indexOf('approved')).toBeLessThan(walk.indexOf('executing'))
    if (walk.includes('lifted')) expect(walk).toContain('succeeded')
  }))
})

describe('the status of an action', () => {
  test('of one target is the target\'s', () => { for (const state of ofTarget) expect(aggregate([state])).toBe(state) })
  test('table', () => {
    const table: [ActionStatus[], ActionStatus][] = [
      [['succeeded', 'succeeded'], 'succeeded'], [['succeeded', 'failed'], 'partially_succeeded'], [['succeeded', 'denied'], 'partially_succeeded'],
      [['denied', 'denied'], 'denied'], [['denied', 'failed'], 'failed'], [['rejected', 'denied'], 'rejected'], [['awaiting_approval', 'succeeded'], 'awaiting_approval'],
      [['approved', 'executing'], 'executing'], [['executing', 'verifying'], 'executing'], [['lifting', 'lifted'], 'lifting'], [['lifted', 'lifted'], 'lifted'], [['lifted', 'failed'], 'lifted'],
      [['succeeded', 'lifted'], 'succeeded'], [['expired', 'denied'], 'expired'], [[], 'denied'],
    ]
    for (const [of, status] of table) expect([of, aggregate(of)]).toEqual([of, status])
  })
  test('does not depend on the order, is under way exactly when a target is, and succeeds only by a success', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...ofTarget), { minLength: 1, maxLength: 6 }), (targets) => {
      const status = aggregate(targets)
      expect(aggregate([...targets].reverse())).toBe(status)
      const settled = (state: ActionStatus) => ended(state) || state === 'succeeded'
      expect(settled(status)).toBe(targets.every(settled))
      if (status === 'succeeded' || status === 'partially_succeeded') expect(targets).toContain('succeeded')
      if (status === 'succeeded') expect(targets.every((state) => state === 'succeeded' || state === 'lifted')).toBe(true)
    }))
  })
})

describe('who may decide', () => {
  const person = fc.constantFrom('anna', 'bo', 'choi')
  const side = fc.constantFrom('provider' as const, 'customer' as const)
  const site = fc.constantFrom(null, 'sit_1', 'sit_2')
  const asked: fc.Arbitrary<Asked> = fc.record({ state: fc.constantFrom(...ofTarget), approvers: fc.constantFrom('customer' as const, 'provider' as const, 'customer_other' as const, null), siteId: site })

  test('never the requester, never without the right, never what is decided, never for another site or side', () => {
    fc.assert(fc.property(person, side, site, fc.boolean(), person, fc.array(asked, { minLength: 1, maxLength: 4 }), (reader, readerSide, siteId, permitted, requester, targets) => {
      const verdict = mayDecide({ person: reader, side: readerSide, siteId, permitted }, { requester, targets, votes: [] })
      if (!verdict.allowed) return
      expect(permitted).toBe(true)
      expect(reader).not.toBe(requester)
      expect(verdict.targets.length).toBeGreaterThan(0)
      for (const at of verdict.targets) {
        const target = targets[at]!
        expect(target.state).toBe('awaiting_approval')
        expect(answersFor({ person: reader, side: readerSide, siteId }, target, requester)).toBe(true)
        expect(target.approvers === 'provider').toBe(readerSide === 'provider')
        if (siteId !== null) expect(target.siteId).toBe(siteId)
      }
    }))
  })
  test('and why not, in this order', () => {
    const reader = { person: 'bo', side: 'customer' as const, siteId: null, permitted: true }
    const waiting: Asked = { state: 'awaiting_approval', approvers: 'customer', siteId: null }
    const why = (change: object, action: object = {}) => {
      const verdict = mayDecide({ ...reader, ...change }, { requester: 'anna', targets: [waiting], votes: [], ...action })
      return verdict.allowed ? 'allowed' : verdict.reason
    }
    expect(why({})).toBe('allowed')
    expect(why({ permitted: false })).toBe('forbidden')
    expect(why({ person: 'anna' })).toBe('requester_cannot_approve')
    expect(why({}, { targets: [{ ...waiting, state: 'approved' }] })).toBe('action_decided')
    expect(why({ side: 'provider' })).toBe('not_the_approver')
    expect(why({ siteId: 'sit_1' })).toBe('not_the_approver')
    expect(why({}, { votes: ['bo'] })).toBe('already_voted')
  })
})
