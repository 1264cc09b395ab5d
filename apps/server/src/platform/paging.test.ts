import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from './http.ts'
import { cursorOf, pageOf, pageQuery } from './paging.ts'

const codec = cursorOf('things', z.tuple([z.string(), z.int()]))
const refused = expect.objectContaining({ code: 'cursor_invalid' })

test('any position comes back', () => {
  fc.assert(fc.property(fc.tuple(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger()), (position) => {
    const cursor = codec.encode(position)
    expect(cursor).toMatch(/^[\w-]+$/)
    expect(codec.decode(cursor)).toEqual(position)
  }))
  expect(codec.decode(undefined)).toBeUndefined()
})

test('anything that was not issued for this list is refused, never half read', () => {
  fc.assert(fc.property(fc.string(), (text) => { expect(() => codec.decode(text)).toThrow(refused) }))
  const cursor = codec.encode(['a', 1])
  for (const other of [cursorOf('others', z.tuple([z.string(), z.int()])).encode(['a', 1]), cursorOf('things', z.string()).encode('a'), `${cursor}=`, ` ${cursor}`, cursor.slice(0, -1), Buffer.from('["things",["a",1],2]').toString('base64url'),
    Buffer.from('["things", ["a",1]]').toString('base64url'), Buffer.from('{"0":"things","1":["a",1],"length":2}').toString('base64url')]) {
    expect(() => codec.decode(other), other).toThrow(refused)
  }
})

test('pages of any size join to the whole list, once each', () => {
  fc.assert(fc.property(fc.uniqueArray(fc.integer()), fc.integer({ min: 1, max: 10 }), (values, limit) => {
    const sorted = values.sort((a, b) => a - b)
    const position = cursorOf('numbers', z.int())
    const seen: number[] = []
    let cursor: string | null | undefined
    do {
      const after = position.decode(cursor ?? undefined)
      const rows = sorted.filter((value) => after === undefined || value > after).slice(0, limit + 1)
      const page = pageOf(rows, limit, position, (row) => row)
      seen.push(...page.items)
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(seen).toEqual(sorted)
  }))
})

test('limit', () => {
  const query = z.object(pageQuery)
  expect(query.parse({})).toEqual({ limit: 100 })
  expect(query.parse({ limit: '1000' })).toEqual({ limit: 1000 })
  for (const limit of ['0', '1001', '-1', '1.5', 'all', '', '1e9']) expect(query.safeParse({ limit }).success, limit).toBe(false)
})
