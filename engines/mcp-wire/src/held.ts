// What is held for a short while, in places that are used again. A Set would do, but V8 makes a set that is added to and taken from anew every few entries, and
// each table it leaves behind refers to the next: once one of them is old, whatever was in any later one lives until the next full collection, and copying all
// those calls was a third of what a call cost. Invariant: nothing that was taken out is referred to. Defended by held.test.ts.

export class Held<Item extends { place: number }> {
  readonly #items: (Item | null)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#items.length - this.#free.length
  }

  /** `item.place` is -1 as long as it is not held. */
  add(item: Item): void {
    item.place = this.#free.pop() ?? this.#items.length
    this.#items[item.place] = item
  }

  delete(item: Item): void {
    if (item.place === -1) return
    this.#items[item.place] = null
    this.#free.push(item.place)
    item.place = -1
  }

  *[Symbol.iterator](): Generator<Item> {
    for (const item of this.#items) if (item !== null) yield item
  }
}
