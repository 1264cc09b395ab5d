// What clients keep for the server: signed, bound to a purpose and a caller, with an end. Readable by the client, so never anything secret.
// Invariant: only texts that this key made for this purpose and caller, and whose time has not come, are opened. Defended by seal.test.ts.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Json } from './model.ts'

export interface Seal {
  close(value: Json, purpose: string, milliseconds: number): string
  /** undefined: not from here, not for this, or too late. */
  open(text: string, purpose: string): Json | undefined
}

export function createSeal(key: Uint8Array, clock: { now(): number }): Seal {
  const sign = (payload: string, purpose: string) => createHmac('sha256', key).update(`${purpose.length}:${purpose}:`).update(payload).digest()
  return {
    close(value, purpose, milliseconds) {
      const payload = Buffer.from(JSON.stringify([clock.now() + milliseconds, value])).toString('base64url')
      return `${payload}.${sign(payload, purpose).toString('base64url')}`
    },
    open(text, purpose) {
      const dot = text.indexOf('.')
      const payload = text.slice(0, dot)
      // Compared as bytes of the whole text behind the dot: base64url has more than one spelling for the same bytes.
      const expected = Buffer.from(sign(payload, purpose).toString('base64url'))
      const given = Buffer.from(text.slice(dot + 1))
      if (dot < 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
      const [end, value] = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as [number, Json]
      return clock.now() < end ? value : undefined
    },
  }
}
