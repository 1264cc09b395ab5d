import type { Bytes } from '../model.ts'
import { EvaluationError } from './evaluation.ts'
import { unreadable } from './helper-function.ts'

const octal = (part: number): string => (part === 0 ? '0' : `0${part.toString(8)}`)
const hexadecimal = (part: number): string => `0x${part.toString(16)}`

/** An address of version 4 in one of the eleven ways in which some software reads it, as mapcidr writes them (github.com/projectdiscovery/mapcidr, -ip-format). */
export function ipFormat(address: Bytes, format: Bytes): Bytes {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)
  const [a, b, c, d] = (match?.slice(1).map(Number) ?? []) as [number, number, number, number]
  if (match === null || [a, b, c, d].some((part) => part > 255)) throw unreadable('ip_format() takes an address such as 192.0.2.1.')
  const parts = [a, b, c, d]
  // As the address of version 6 that stands for it.
  const whole = 0xffff00000000 + parts.reduce((sum, part) => sum * 256 + part, 0)
  switch (format) {
    case '1': return parts.join('.')
    case '2': return parts.join('.').replaceAll(/\b0+\./g, '').replace(/\.0+$/, '')
    case '3': return [`0${a.toString(8).padStart(3, '0')}`, octal(b), octal(c), octal(d)].join('.')
    case '4': return parts.map(hexadecimal).join('.')
    case '5': return String(whole)
    case '6': return whole.toString(2)
    case '7': return [hexadecimal(a), b, octal(c), hexadecimal(d)].join('.')
    case '8': return `::ffff:${[a * 256 + b, c * 256 + d].map((group) => group.toString(16).padStart(4, '0')).join(':')}`
    case '9': return address.replaceAll(/./g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    case '10': return parts.map((part) => String(part).padStart(3, '0')).join('.')
    case '11':
      if (d !== 0) throw new EvaluationError('wrong_arguments', 'ip_format() overflows addresses that end in 0 only.')
      return `${a}.${b}.${c + 255}`
    default: throw new EvaluationError('wrong_arguments', 'ip_format() knows the formats 1 to 11.')
  }
}
