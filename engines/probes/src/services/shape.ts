// Beginnings of binary messages, as they are written down in standards.
import type { Bytes } from '../bytes.ts'

type Allowed = readonly [least: number, most: number]

/** Whether bytes begin so: '16 03 00-04 .. .. 02': a byte, a range of bytes, any byte. */
export function beginning(shape: string): (heard: Bytes) => boolean {
  const bytes = shape.trim().split(/\s+/).map((each): Allowed => {
    if (each === '..') return [0, 255]
    const [least = '', most = least] = each.split('-')
    return [Number.parseInt(least, 16), Number.parseInt(most, 16)]
  })
  return heard => heard.length >= bytes.length && bytes.every(([least, most], at) => heard.charCodeAt(at) >= least && heard.charCodeAt(at) <= most)
}
