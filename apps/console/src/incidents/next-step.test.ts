import { describe, expect, test } from 'vitest'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import { actionOf, alertOf, detail } from './incidents.fixture.ts'
import { blastRadius, candidates, hostsToContain, nextStep } from './next-step.ts'

const may = { write: true, request: true }
const incident = (change: Partial<IncidentDetail>): IncidentDetail => ({ ...detail, ...change })
const elsewhere = { may_decide: { allowed: false, reason_code: 'requester_cannot_approve' } }
const fresh = incident({ status: 'new', actions: [], next_statuses: ['investigating', 'closed'] })

describe('what happens next', () => {
  test('a decision that the reader may make comes first, before one that he may not', () => {
    const actions = [actionOf({ action_id: 'act_a', ...elsewhere }), actionOf({ action_id: 'act_b' })]
    expect(nextStep(incident({ actions }), may)).toMatchObject({ kind: 'decide', action: { action_id: 'act_b' } })
    const sooner = actionOf({ action_id: 'act_s', expires_at: '2026-11-22T02:59:00Z' })
    expect(nextStep(incident({ actions: [...actions, sooner] }), may)).toMatchObject({ kind: 'decide', action: { action_id: 'act_s' } })
    expect(nextStep(incident({ actions: actions.slice(0, 1) }), may)).toMatchObject({ kind: 'wait', action: { action_id: 'act_a' } })
    expect(nextStep(incident({ actions: [actionOf({ action_id: 'act_c', status: 'executing' })] }), may).kind).toBe('watch')
  })

  test('without an action: contain what is bad, worst first, but nothing from history and nothing twice', () => {
    expect(nextStep(fresh, may)).toEqual({ kind: 'contain', hosts: ['WS-12', 'DC-01'] })
    expect(hostsToContain(incident({ actions: [], backfill: true }))).toEqual([])
    expect(hostsToContain(incident({ actions: [actionOf({ action_id: 'a', status: 'failed' })] }))).toEqual(['DC-01'])
    expect(hostsToContain(incident({ actions: [actionOf({ action_id: 'a', status: 'lifted' })] }))).toEqual(['WS-12', 'DC-01'])
    expect(hostsToContain(incident({ actions: [], alerts: [alertOf({ id: 'x', severity: 'medium' })] }))).toEqual([])
  })

  test('nothing is offered that the reader may not do or the server would refuse', () => {
    expect(nextStep(fresh, { write: true, request: false }).kind).toBe('investigate')
    expect(nextStep(fresh, { write: false, request: false }).kind).toBe('carry_on')
    expect(nextStep(incident({ status: 'resolved', actions: [], next_statuses: ['investigating'] }), may).kind).toBe('carry_on')
  })

  test('contained leads to resolved, and says which action lifts; resolved to a verdict; closed to nothing', () => {
    const standing = actionOf({ action_id: 'a', status: 'succeeded' })
    expect(nextStep(incident({ status: 'contained', actions: [standing], next_statuses: ['resolved'] }), may)).toEqual({ kind: 'resolve', lifts: standing })
    expect(nextStep(incident({ status: 'resolved', actions: [], next_statuses: ['closed', 'investigating'] }), may).kind).toBe('close')
    expect(nextStep(incident({ status: 'closed', actions: [], next_statuses: ['investigating'] }), may).kind).toBe('closed')
  })
})

describe('targets and what an action touches', () => {
  test('targets come from the incident, and say where the same is asked for already', () => {
    expect(candidates(detail, 'isolate_host')).toEqual([{ target: 'WS-12', taken: true }, { target: 'DC-01', taken: false }])
    expect(candidates(detail, 'block_ip').map(({ target }) => target)).toEqual(['203.0.113.66'])
    expect(candidates(detail, 'disable_account').map(({ target }) => target)).toEqual(['CORP\\j.kim', 'CORP\\svc-backup'])
    expect(candidates(detail, 'quarantine_file')).toHaveLength(1)
  })

  test('the blast radius counts hosts, what of them matters, and users seen there', () => {
    expect(blastRadius(detail, 'isolate_host', ['ws-12', 'DC-01'])).toEqual({ targets: 2, critical: 1, internet: 0, users: 2 })
    expect(blastRadius(detail, 'isolate_host', ['unknown'])).toEqual({ targets: 1, critical: 0, internet: 0, users: 0 })
    expect(blastRadius(detail, 'block_ip', ['203.0.113.66'])).toEqual({ targets: 1, critical: 0, internet: 0, users: 0 })
  })
})
