// A multiset of numbers that knows its k-th: a treap with sizes (Aragon and Seidel 1989) in the blocks of a heap. order-statistics.test.ts has a sorted array as its oracle.
import type { Heap } from './heap.ts'

/** A node: the number (a double), left, right, how many below and in it, how often the number is there, the priority. */
const LEFT = 2
const RIGHT = 3
const SIZE = 4
const TIMES = 5
const PRIORITY = 6
const NODE_BYTES = 28

/** The root with one more number in it; -1 when there is no room, and then nothing has changed. Numbers are finite. */
export function withNumber(heap: Heap, root: number, number: number): number {
  for (let at = root; at !== 0;) {
    const here = heap.f64[at >> 1] as number
    if (here === number) {
      changeSizes(heap, root, number, 1)
      heap.i32[at + TIMES] = (heap.i32[at + TIMES] as number) + 1
      return root
    }
    at = heap.i32[at + (number < here ? LEFT : RIGHT)] as number
  }
  const node = heap.alloc(NODE_BYTES)
  if (node === 0) return -1
  heap.f64[node >> 1] = number
  heap.i32[node + LEFT] = 0
  heap.i32[node + RIGHT] = 0
  heap.i32[node + SIZE] = 1
  heap.i32[node + TIMES] = 1
  heap.i32[node + PRIORITY] = (Math.random() * 2 ** 31) | 0
  return inserted(heap, root, node, number)
}

/** The root without one of a number that is in it. */
export function withoutNumber(heap: Heap, root: number, number: number): number {
  let at = root
  while (heap.f64[at >> 1] !== number) at = heap.i32[at + (number < (heap.f64[at >> 1] as number) ? LEFT : RIGHT)] as number
  changeSizes(heap, root, number, -1)
  const times = (heap.i32[at + TIMES] as number) - 1
  heap.i32[at + TIMES] = times
  return times > 0 ? root : removed(heap, root, number)
}

/** The k-th number from 0 in ascending order; k is below the count. */
export function numberAt(heap: Heap, root: number, k: number): number {
  const { i32, f64 } = heap
  let at = root
  let left = k
  for (;;) {
    const below = i32[at + LEFT] as number
    const smaller = below === 0 ? 0 : i32[below + SIZE] as number
    if (left < smaller) at = below
    else if (left < smaller + (i32[at + TIMES] as number)) return f64[at >> 1] as number
    else {
      left -= smaller + (i32[at + TIMES] as number)
      at = i32[at + RIGHT] as number
    }
  }
}

export function freeNumbers(heap: Heap, root: number): void {
  if (root === 0) return
  freeNumbers(heap, heap.i32[root + LEFT] as number)
  freeNumbers(heap, heap.i32[root + RIGHT] as number)
  heap.free(root)
}

function changeSizes(heap: Heap, root: number, number: number, by: number): void {
  const { i32, f64 } = heap
  for (let at = root; ;) {
    i32[at + SIZE] = (i32[at + SIZE] as number) + by
    const here = f64[at >> 1] as number
    if (here === number) return
    at = i32[at + (number < here ? LEFT : RIGHT)] as number
  }
}

function measured(heap: Heap, at: number): number {
  const { i32 } = heap
  const left = i32[at + LEFT] as number
  const right = i32[at + RIGHT] as number
  i32[at + SIZE] = (i32[at + TIMES] as number) + (left === 0 ? 0 : i32[left + SIZE] as number) + (right === 0 ? 0 : i32[right + SIZE] as number)
  return at
}

function inserted(heap: Heap, at: number, node: number, number: number): number {
  if (at === 0) return node
  const { i32, f64 } = heap
  const [near, far] = number < (f64[at >> 1] as number) ? [LEFT, RIGHT] : [RIGHT, LEFT]
  const child = inserted(heap, i32[at + near] as number, node, number)
  i32[at + near] = child
  if ((i32[child + PRIORITY] as number) <= (i32[at + PRIORITY] as number)) return measured(heap, at)
  i32[at + near] = i32[child + far] as number
  i32[child + far] = measured(heap, at)
  return measured(heap, child)
}

function removed(heap: Heap, at: number, number: number): number {
  const { i32, f64 } = heap
  const here = f64[at >> 1] as number
  if (here !== number) {
    const side = number < here ? LEFT : RIGHT
    i32[at + side] = removed(heap, i32[at + side] as number, number)
    return at
  }
  const joined = join(heap, i32[at + LEFT] as number, i32[at + RIGHT] as number)
  heap.free(at)
  return joined
}

function join(heap: Heap, left: number, right: number): number {
  if (left === 0) return right
  if (right === 0) return left
  const { i32 } = heap
  if ((i32[left + PRIORITY] as number) > (i32[right + PRIORITY] as number)) {
    i32[left + RIGHT] = join(heap, i32[left + RIGHT] as number, right)
    return measured(heap, left)
  }
  i32[right + LEFT] = join(heap, left, i32[right + LEFT] as number)
  return measured(heap, right)
}
