// Sums that neither drift nor depend on order: a fixed-point number as wide as doubles reach (Kulisch), in a block of a heap; what was added can be taken away again.
// Invariant: `sumIn` is the sum of all that is in, rounded once. exact-sum.test.ts has BigInt as its oracle.
import type { Heap } from './heap.ts'

/** Digits of 32 bits from 2^-1074 up, each a double that holds many carries before they must be moved; then how many additions ago they were. */
const DIGITS = 68
const SINCE = DIGITS
export const SUM_BYTES = (DIGITS + 1) * 8
const BASE = 2 ** 32
/** A digit grows by less than 2^32 an addition: after so many it is still below 2^53. */
const MANY = 2 ** 20

const double = new Float64Array(1)
const halves = new Uint32Array(double.buffer)

export function clearSum(heap: Heap, sum: number): void {
  heap.f64.fill(0, sum >> 1, (sum >> 1) + DIGITS + 1)
}

/** Adds a finite number `times` 1 or -1. */
export function addTo(heap: Heap, sum: number, number: number, times: 1 | -1): void {
  const { f64 } = heap
  const first = sum >> 1
  double[0] = number
  const low = halves[0] as number
  const high = halves[1] as number
  const exponent = high >>> 20 & 0x7ff
  const sign = number < 0 ? -times : times
  // The 53 bits in units of 2^-1074, moved up by the exponent: parts of three digits.
  const upper = (high & 0xfffff) | (exponent === 0 ? 0 : 0x100000)
  const up = exponent === 0 ? 0 : exponent - 1
  const digit = first + (up >>> 5)
  const shift = 2 ** (up & 31)
  const lowMoved = low * shift
  const lowCarry = Math.floor(lowMoved / BASE)
  const highMoved = upper * shift + lowCarry
  const highCarry = Math.floor(highMoved / BASE)
  f64[digit] = (f64[digit] as number) + sign * (lowMoved - lowCarry * BASE)
  f64[digit + 1] = (f64[digit + 1] as number) + sign * (highMoved - highCarry * BASE)
  f64[digit + 2] = (f64[digit + 2] as number) + sign * highCarry
  const since = (f64[first + SINCE] as number) + 1
  f64[first + SINCE] = since
  if (since >= MANY) carry(f64, first)
}

/** All digits but the last from 0 to 2^32; the last has the sign. */
function carry(f64: Float64Array, first: number): void {
  let over = 0
  for (let at = first; at < first + DIGITS - 1; at++) {
    const digit = (f64[at] as number) + over
    over = Math.floor(digit / BASE)
    f64[at] = digit - over * BASE
  }
  f64[first + DIGITS - 1] = (f64[first + DIGITS - 1] as number) + over
  f64[first + SINCE] = 0
}

export function sumIn(heap: Heap, sum: number): number {
  const { f64 } = heap
  const first = sum >> 1
  carry(f64, first)
  const negative = (f64[first + DIGITS - 1] as number) < 0
  if (negative) negate(f64, first)
  let top = first + DIGITS - 1
  while (top > first && f64[top] === 0) top -= 1
  const from = Math.max(first, top - 2)
  let bits = 0n
  for (let at = top; at >= from; at--) bits = bits << 32n | BigInt(f64[at] as number)
  // What lies below the three first digits only matters in that it is something.
  let something = 0n
  for (let at = from - 1; at >= first; at--) if (f64[at] !== 0) something = 1n
  const scale = (from - first) * 32 - 1074
  const half = Math.floor(scale / 2)
  const size = from === first ? Number(bits) * 2 ** half * 2 ** (scale - half) : Number(bits << 1n | something) * 2 ** half * 2 ** (scale - half - 1)
  if (negative) negate(f64, first)
  return negative ? -size : size
}

function negate(f64: Float64Array, first: number): void {
  for (let at = first; at < first + DIGITS; at++) f64[at] = -(f64[at] as number) + 0
  carry(f64, first)
}
