import fc from 'fast-check'
import { expect, test } from 'vitest'
import { queueOf } from './incidents.fixture.ts'
import { withNews } from './queue.ts'

const queue = queueOf(30, Date.parse('2026-11-22T03:00:00Z'))

test('news changes rows in place, counts those that are not shown, and moves nothing', () => {
  const shown = queue.slice(3, 9)
  const head = [queue[0]!, { ...queue[4]!, status: 'closed' as const, updated_at: '2030-01-01T00:00:00Z' }, queue[20]!]
  const { rows, fresh } = withNews(shown, head)
  expect(rows.map(({ id }) => id)).toEqual(shown.map(({ id }) => id))
  expect(rows[1]?.status).toBe('closed')
  expect(fresh).toEqual([queue[0]!.id, queue[20]!.id])
})

test('without news the rows are the very same', () => {
  expect(withNews(queue, queue).rows).toBe(queue)
  expect(withNews(queue, null)).toEqual({ rows: queue, fresh: [] })
})

test('whatever comes: ids and order stay, and everything of the head is shown or counted', () => {
  const some = fc.subarray(queue)
  fc.assert(fc.property(some, some, (shown, head) => {
    const { rows, fresh } = withNews(shown, head)
    expect(rows.map(({ id }) => id)).toEqual(shown.map(({ id }) => id))
    expect(fresh.length + head.filter(({ id }) => shown.some((row) => row.id === id)).length).toBe(head.length)
  }))
})
