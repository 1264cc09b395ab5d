import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import { openAccessFixture, testKeyring } from './access.fixture.ts'
import type { AccessFixture } from './access.fixture.ts'
import { openKeyDirectory } from './key-directory.ts'

let at: AccessFixture
let keyId: string
beforeAll(async () => {
  at = await openAccessFixture()
  keyId = (await at.operate('POST', '/api/v1/keys', { name: 'k', role: 'analyst' })).body.key_id
})
afterAll(() => at.close())

const node = (database: Database = at.database) => openKeyDirectory(database, testKeyring.sealer('access'), at.clock)
const replay = (text: string) => ({ signature: Buffer.from(text), expiresAt: at.clock.now() + 1_000 })
const code = (error: unknown) => (error instanceof HaechiError ? error.code : String(error))

test('what arrives together shares transactions, and each gets its own answer', async () => {
  let transactions = 0
  const directory = node({ ...at.database, platform: (work) => { transactions++; return at.database.platform(work) } })
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => directory.use(n % 4 === 3 ? 'key_unknown' : keyId, (key) => {
    if (n % 4 === 1) throw new RangeError(`mine ${n}`)
    return { value: [n, key?.name], ...(n % 4 === 2 ? { replay: replay(`shared ${n}`) } : {}) }
  }).catch((error: Error) => error.message)))
  expect(answers).toEqual(Array.from({ length: 200 }, (_, n) => (n % 4 === 1 ? `mine ${n}` : [n, n % 4 === 3 ? undefined : 'k'])))
  expect(transactions).toBe(1)
})

test('more than a batch, on two nodes at once, in any order: each signature is taken exactly once, and nobody waits in a circle', async () => {
  const nodes = [node(), node()]
  let run = 0
  await fc.assert(fc.asyncProperty(fc.shuffledSubarray(Array.from({ length: 300 }, (_, n) => n), { minLength: 300 }), async (order) => {
    const prefix = run++
    const sent = nodes.flatMap((directory, which) => (which === 0 ? order : order.toReversed()).map((n) => ({ n, answer: directory.use(keyId, () => ({ value: 'ok', replay: replay(`${prefix} ${n}`) })).catch(code) })))
    const taken = new Map<number, string[]>()
    for (const { n, answer } of sent) taken.set(n, [...(taken.get(n) ?? []), await answer])
    for (const answers of taken.values()) expect(answers.sort()).toEqual(['ok', 'signature_replayed'])
  }), { numRuns: 5 })
})

test('a database that is away fails those who wait, coded, and serves the next', async () => {
  let away = true
  const directory = node({ ...at.database, platform: (work) => (away ? Promise.reject(new HaechiError('database_unavailable')) : at.database.platform(work)) })
  const use = () => directory.use(keyId, (key) => ({ value: key?.keyId })).catch(code)
  expect(await Promise.all([use(), use(), use()])).toEqual(Array.from({ length: 3 }, () => 'database_unavailable'))
  away = false
  expect(await use()).toBe(keyId)
})

test('what the judge sees holds no secret that ended and no key of a gone owner', async () => {
  await at.operate('POST', '/api/v1/users', { name: 'leaver', role: 'analyst' })
  const owned = (await at.operate('POST', '/api/v1/keys', { name: 'o', role: 'analyst', owner: 'leaver' })).body
  const look = () => node().use(owned.key_id, (key) => ({ value: { dead: key?.dead, secrets: key?.secrets.length, ownerRole: key?.ownerRole } }))
  expect(await look()).toEqual({ dead: false, secrets: 1, ownerRole: 'analyst' })
  await at.operate('POST', `/api/v1/keys/${owned.key_id}/rotate`, { overlap_hours: 1 })
  expect(await look()).toMatchObject({ secrets: 2 })
  at.clock.advance(3_600_000)
  expect(await look()).toMatchObject({ secrets: 1 })
  await at.operate('PATCH', '/api/v1/users/leaver', { disabled: true })
  expect(await look()).toMatchObject({ dead: true, ownerRole: null })
})
