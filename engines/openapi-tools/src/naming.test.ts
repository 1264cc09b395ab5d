import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nameOfPath, sanitised, shortened, uniqueNames } from './naming.ts'

test('a name is what can be kept of an operationId, or nothing where too little can', () => {
  expect(sanitised('repos/list-for-org')).toBe('repos_list-for-org')
  expect(sanitised('Users.Get (v2)')).toBe('Users_Get_v2')
  expect(sanitised('사용자조회')).toBe('')
  expect(sanitised('get사용자')).toBe('')
  expect(sanitised('...')).toBe('')
})

test('a path reads as a name', () => {
  expect(nameOfPath('GET', '/users/{id}/repos')).toBe('get_users_by_id_repos')
  expect(nameOfPath('GET', '/')).toBe('get')
  expect(nameOfPath('POST', '/#Action=RunInstances')).toBe('post_Action_RunInstances')
  expect(nameOfPath('GET', '/사용자')).toMatch(/^get_[0-9a-f]{8}$/)
  expect(nameOfPath('GET', '/사용자')).not.toBe(nameOfPath('GET', '/주문'))
  expect(nameOfPath('GET', '/사용자/{id}')).toMatch(/^get_by_id_[0-9a-f]{8}$/)
})

test('a long name keeps its beginning and differs by what was cut off', () => {
  const [one, other] = ['a', 'b'].map((end) => shortened(`${'list_'.repeat(20)}${end}`, `GET /${end}`))
  expect(one).toMatch(/^(list_)+list_[0-9a-f]{8}$/)
  expect(one!.length).toBeLessThanOrEqual(64)
  expect(one).not.toBe(other)
})

test('a name of megabytes costs no time, and differs from the next by its hash', () => {
  const begin = performance.now()
  expect(sanitised(`${'_'.repeat(1e7)}x`)).toBe('')
  expect(nameOfPath('GET', '/'.repeat(1e7))).toMatch(/^get_[0-9a-f]{8}$/)
  expect(nameOfPath('GET', `/${'a'.repeat(1e7)}`)).not.toBe(nameOfPath('GET', `/${'a'.repeat(1e7)}b`))
  expect(performance.now() - begin).toBeLessThan(10_000)
})

test('who wishes for the same name gets none of it alone', () => {
  const names = uniqueNames([{ key: 'GET /a', wish: 'list' }, { key: 'GET /b', wish: 'list' }, { key: 'GET /c', wish: 'get' }])
  expect(names[2]).toBe('get')
  expect(names.slice(0, 2).every((name) => /^list_[0-9a-f]{8}$/.test(name))).toBe(true)
})

test('names are unique, legal and the same in any order, even where one is made to collide', () => {
  const wish = fc.constantFrom('list', 'get', 'a'.repeat(64), 'b'.repeat(60))
  fc.assert(fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 12 }), fc.infiniteStream(wish), fc.infiniteStream(fc.nat()), (keys, wishes, ranks) => {
    const all: { key: string; wish: string }[] = keys.map((key) => ({ key, wish: wishes.next().value as string }))
    // Somebody who has read this file names an operation as another one's hash.
    const stolen = uniqueNames(all).filter((name) => name.length <= 64)[0]!
    all.push({ key: `${keys.join('')}!`, wish: stolen })
    const names = uniqueNames(all)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    const order = all.map((one, index) => ({ one, index, rank: ranks.next().value as number })).sort((a, b) => a.rank - b.rank)
    const again = uniqueNames(order.map(({ one }) => one))
    expect(order.map(({ index }) => names[index])).toEqual(again)
  }))
})
