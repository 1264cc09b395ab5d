import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { auditHeader, auditLine, auditOrigin, canonical, hashOf, verifyAuditExport } from './audit-chain.ts'

const chain = (details: readonly object[]): string[] => {
  let prev_hash = auditOrigin
  return [canonical(auditHeader('ten_1')), ...details.map((detail, index) => {
    const text = canonical({
      chain: 'ten_1', sequence: index + 1, at: new Date(1_700_000_000_000 + index).toISOString(), actor: { kind: 'user', id: 'usr_1', person: 'usr_1', name: '김' },
      action: 'key.create', resource: null, outcome: 'success', detail, prev_hash,
    })
    prev_hash = hashOf(text)
    return auditLine(text, prev_hash)
  })]
}
const details = fc.array(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string()))), { minLength: 2, maxLength: 12 })

describe('verify', () => {
  test('a sound chain, and where it ends', async () => {
    await fc.assert(fc.asyncProperty(details, async (records) => {
      const lines = chain(records)
      const head = (JSON.parse(lines.at(-1)!) as { hash: string }).hash
      expect(await verifyAuditExport(lines)).toEqual({ ok: true, chain: 'ten_1', records: records.length, first: '2023-11-14T22:13:20.000Z', last: new Date(1_700_000_000_000 + records.length - 1).toISOString(), head })
    }))
  })
  test('a line dropped, doubled or moved is found at that line', async () => {
    await fc.assert(fc.asyncProperty(details, fc.nat(), async (records, pick) => {
      const lines = chain(records)
      const at = 1 + (pick % (records.length - 1)) // never the last: that is a cut at the end
      const line = at + 1
      expect(await verifyAuditExport(lines.toSpliced(at, 1))).toEqual({ ok: false, line, reason: 'record_missing' })
      expect(await verifyAuditExport(lines.toSpliced(at, 0, lines[at]!))).toEqual({ ok: false, line: line + 1, reason: 'record_repeated' })
      expect(await verifyAuditExport(lines.toSpliced(at, 2, lines[at + 1]!, lines[at]!))).toEqual({ ok: false, line, reason: 'record_missing' })
      expect(await verifyAuditExport(lines.toSpliced(at, 1, lines[at]!.slice(0, -3)))).toMatchObject({ ok: false, line })
    }))
  })
  test('any other character in any line but the last is found, whoever recomputes the hash of that line', async () => {
    await fc.assert(fc.asyncProperty(details, fc.nat(), fc.nat(), fc.constantFrom('x', '0', '"', ' ', '\\', '}'), async (records, pick, position, character) => {
      const lines = chain(records)
      const at = pick % lines.length
      const place = position % lines[at]!.length
      const edited = lines[at]!.slice(0, place) + character + lines[at]!.slice(place + 1)
      fc.pre(edited !== lines[at])
      expect(await verifyAuditExport(lines.toSpliced(at, 1, edited))).toMatchObject({ ok: false })
    }), { numRuns: 300 })
    // With the hash made good again the next line gives it away.
    const lines = chain([{}, {}, {}])
    const record = { ...(JSON.parse(lines[1]!) as { record: object }).record, action: 'key.revoke' }
    expect(await verifyAuditExport(lines.toSpliced(1, 1, auditLine(canonical(record), hashOf(canonical(record)))))).toEqual({ ok: false, line: 3, reason: 'chain_broken' })
  })
  test('a cut at the end is a shorter chain: its head tells', async () => {
    const lines = chain([{}, {}, {}])
    const [whole, cut] = [await verifyAuditExport(lines), await verifyAuditExport(lines.slice(0, -1))]
    expect([whole, cut]).toMatchObject([{ ok: true, records: 3 }, { ok: true, records: 2 }])
    expect((whole as { head: string }).head).not.toBe((cut as { head: string }).head)
  })
  test.each([
    ['nothing', [], 'header_missing'],
    ['no header', chain([{}]).slice(1), 'header_missing'],
    ['not JSON', ['hello'], 'header_missing'],
    ['another algorithm', [canonical({ ...auditHeader('ten_1'), algorithm: 'md5' })], 'algorithm_unknown'],
    ['a record of another chain', [canonical(auditHeader('ten_2')), ...chain([{}]).slice(1)], 'chain_mixed'],
    ['an array for a line', [canonical(auditHeader('ten_1')), '[]'], 'line_unreadable'],
    ['a field beside the record', [canonical(auditHeader('ten_1')), chain([{}])[1]!.replace(/\}$/, ',"note":1}')], 'record_changed'],
  ])('%s', async (_, lines, reason) => { expect(await verifyAuditExport(lines)).toMatchObject({ ok: false, reason }) })
  test('an empty chain is sound', async () => {
    expect(await verifyAuditExport([canonical(auditHeader('ten_1'))])).toEqual({ ok: true, chain: 'ten_1', records: 0, first: null, last: null, head: auditOrigin })
  })
})

test('canonical JSON does not depend on the order of keys, and reads back as what it was', () => {
  expect(canonical({ b: 1, a: [true, null, { d: 'ü', c: undefined }] })).toBe('{"a":[true,null,{"d":"ü"}],"b":1}')
  fc.assert(fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
    const text = canonical(value)
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
    expect(canonical(JSON.parse(text))).toBe(text)
  }))
})
