import { encode } from 'dns-packet'
import type { Answer } from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryRun } from './network.fixture.ts'
import type { Answerer } from './network.fixture.ts'
import { transferZone } from './transfer.ts'
import type { Transfer } from './transfer.ts'

const soa = { name: 'lab.example', type: 'SOA', ttl: 1, data: { mname: 'ns.lab.example', rname: 'a.lab.example', serial: 1 } } as Answer
const a = (name: string): Answer => ({ name, type: 'A', ttl: 1, data: '192.0.2.1' })
const transfer = (answerer: Answerer): Promise<Transfer> => transferZone('lab.example', '192.0.2.53', memoryRun(answerer))
const names = ({ records }: Transfer): string[] => records.map(({ name }) => name)

describe('a transfer', () => {
  it('is whole with the second SOA record, in one message or in many without their question', async () => {
    expect(await transfer(() => ({ answers: [soa, a('www.lab.example'), soa] }))).toMatchObject({ status: 'whole', foreign: 0, fault: null })
    const many = await transfer(() => [{ answers: [soa] }, { questions: [], answers: [a('a.lab.example'), a('b.lab.example')] }, { questions: [], answers: [a('c.lab.example'), soa] }])
    expect([many.status, names(many)]).toEqual(['whole', ['lab.example.', 'a.lab.example.', 'b.lab.example.', 'c.lab.example.']])
  })

  it('goes to port 53 over TCP', async () => {
    const run = memoryRun(() => ({ answers: [soa, soa] }))
    expect(await transferZone('lab.example', '192.0.2.53', run)).toMatchObject({ status: 'empty' })
    expect([run.dialled, run.asked[0]!.over]).toEqual([['192.0.2.53:53'], 'tcp'])
  })

  it('is refused by a return code, by nothing and by hanging up', async () => {
    expect(await transfer(() => ({ flags: 5 }))).toMatchObject({ status: 'refused', fault: null })
    expect(await transfer(() => ({ answers: [] }))).toMatchObject({ status: 'refused' })
    expect(await transfer(() => [])).toMatchObject({ status: 'refused' })
  })

  it('that cannot be tried, or is something else, has failed', async () => {
    expect(await transfer(() => 'out_of_scope')).toMatchObject({ status: 'failed', fault: { fault: 'out_of_scope', place: 'lab.example AXFR @192.0.2.53' } })
    expect(await transfer(() => ({ answers: [a('www.lab.example'), soa] }))).toMatchObject({ status: 'failed', records: [], fault: { fault: 'protocol_error' } })
    expect(await transfer(() => ({ id: 1, answers: [soa, soa] }))).toMatchObject({ status: 'failed', fault: { fault: 'protocol_error' } })
    expect(await transfer(({ id }) => encode({ id: id ^ 1, type: 'response', answers: [soa, soa] }))).toMatchObject({ status: 'failed' })
  })

  it('keeps what came before it broke off', async () => {
    expect(await transfer(() => [{ answers: [soa, a('a.lab.example')] }])).toMatchObject({ status: 'cut', records: [{}, {}], fault: { fault: 'closed' } })
    expect(await transfer(() => [{ answers: [soa, a('a.lab.example')] }, { flags: 2 }])).toMatchObject({ status: 'cut', fault: { fault: 'protocol_error' } })
    expect(await transfer(() => [{ answers: [soa, a('a.lab.example')] }, new Uint8Array(3)])).toMatchObject({ status: 'cut', records: [{}, {}] })
  })

  it('takes no records of other zones', async () => {
    const given = await transfer(() => ({ answers: [soa, a('www.bank.example'), a('badlab.example'), a('www.lab.example'), { ...soa, name: 'other.example' }, soa] }))
    expect([given.status, given.foreign, names(given)]).toEqual(['whole', 3, ['lab.example.', 'www.lab.example.']])
  })

  it('without an end is ended', async () => {
    const message = (id: number): Uint8Array => encode({ id, type: 'response', questions: [{ name: 'lab.example', type: 'AXFR' }], answers: [soa] })
    const more = (id: number): Uint8Array => encode({ id, type: 'response', answers: Array.from({ length: 1_000 }, (_, at) => a(`h${at}.lab.example`)) })
    const given = await transfer(({ id }) => [message(id), ...Array.from({ length: 300 }, () => more(id))])
    expect(given).toMatchObject({ status: 'cut', fault: { fault: 'budget_exceeded' } })
    expect(given.records.length).toBeLessThanOrEqual(101_001)
    let time = 0
    const slow = await transferZone('lab.example', '192.0.2.53', memoryRun(({ id }) => [message(id), ...Array.from({ length: 95 }, () => more(id))], { clock: () => (time += 25) }))
    expect(slow).toMatchObject({ status: 'cut', fault: { fault: 'budget_exceeded' } })
  })

  it('with any byte wrong is read or refused', async () => {
    const good = (id: number): Buffer => Buffer.from(encode({ id, type: 'response', questions: [{ name: 'lab.example', type: 'AXFR' }], answers: [soa, a('www.lab.example'), soa] }))
    await fc.assert(fc.asyncProperty(fc.nat(good(1).length - 1), fc.nat(255), async (at, byte) => {
      const { status, records } = await transfer(({ id }) => {
        const bytes = good(id)
        bytes[at] = byte
        return bytes
      })
      expect(['whole', 'cut', 'empty', 'refused', 'failed']).toContain(status)
      expect(records.length).toBeLessThanOrEqual(3)
    }), { numRuns: 300 })
  })
})
