import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Held } from './held.ts'

it('holds what a set would', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9))), (steps) => {
    const items = Array.from({ length: 10 }, (_, name) => ({ name, place: -1 }))
    const held = new Held<{ name: number; place: number }>()
    const plain = new Set<{ name: number }>()
    for (const [adds, which] of steps) {
      const item = items[which]!
      if (!adds) {
        held.delete(item)
        plain.delete(item)
      } else if (item.place === -1) {
        held.add(item)
        plain.add(item)
      }
      expect(held.size).toBe(plain.size)
      for (const one of items) expect(one.place !== -1).toBe(plain.has(one))
      expect(new Set(held)).toEqual(plain)
    }
  }))
})
