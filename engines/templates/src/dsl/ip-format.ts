import type { Bytes } from '../model.ts'
import { EvaluationError } from './evaluation.ts'
import { unreadable } from './helper-function.ts'

/** An address of version 4 in one of the eleven ways in which it may be written (docs.projectdiscovery.io, ip_format). */
export function ipFormats(address: Bytes, format: Bytes): Bytes {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)
  const parts = match?.slice(1).map(Number) ?? []
  if (match === null || parts.some((part) => part > 255)) throw unreadable('ip_format() takes an address such as 192.0.2.1.')
  const whole = parts.reduce((sum, part) => sum * 256 + part, 0)
  switch (format) {
    case '1': return parts.join('.')
    default: throw new EvaluationError('wrong_arguments', `ip_format() knows no format but 1 to 11: ${whole}.`)
  }
}
