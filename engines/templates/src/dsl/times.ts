// Functions on points in time. UTC throughout.
import type { Value } from '../model.ts'
import { toText } from './convert.ts'
import { EvaluationError, type Scope } from './evaluation.ts'
import { formatTime, parseTime } from './go-time.ts'
import { helper, unreadable, wholeOf, type HelperFunction } from './helper-function.ts'

const two = (value: number): string => String(value).padStart(2, '0')

/** Seconds since 1970, or now. */
function momentOf(value: Value | undefined, scope: Scope): number {
  if (value === undefined || value === null) return scope.environment.now()
  const seconds = typeof value === 'number' ? Math.trunc(value) : typeof value === 'string' && /^[+-]?\d{1,15}$/.test(value) ? Number(value) : Number.NaN
  if (!(Math.abs(seconds) < 8.64e12)) throw new EvaluationError('wrong_type', 'A point in time is a number of seconds since 1970.')
  return seconds * 1000
}

function simpleFormat(format: string, moment: number): string {
  const time = new Date(moment)
  return format.replaceAll(/%([A-Za-z])/g, (piece, letter: string) => {
    switch (letter) {
      case 'Y': case 'y': return String(time.getUTCFullYear())
      case 'M': return two(time.getUTCMonth() + 1)
      case 'D': case 'd': return two(time.getUTCDate())
      case 'H': case 'h': return two(time.getUTCHours())
      case 'm': return two(time.getUTCMinutes())
      case 'S': case 's': return two(time.getUTCSeconds())
      default: throw new EvaluationError('wrong_arguments', `date_time() knows no ${piece}.`)
    }
  })
}

const layouts = ['2006-01-02T15:04:05Z07:00', '2006-01-02 15:04:05 Z07:00', '2006-01-02 15:04:05', '2006-01-02 15:04 Z07:00', '2006-01-02 15:04', '2006-01-02 Z07:00', '2006-01-02']

export const times: Readonly<Record<string, HelperFunction>> = {
  date_time: helper(1, 2, ([format, at], scope) => {
    const layout = toText(format!)
    const moment = momentOf(at, scope)
    return /%[A-Za-z]/.test(layout) ? simpleFormat(layout, moment) : formatTime(layout, moment)
  }),
  unix_time: helper(0, 1, ([later], scope) => Math.floor(scope.environment.now() / 1000) + (later === undefined ? 0 : wholeOf(later, 'The seconds'))),
  to_unix_time: helper(1, 2, ([value, layout]) => {
    const written = toText(value!)
    if (/^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(written)) return Math.trunc(Number(written))
    for (const one of layout === undefined ? layouts : [toText(layout)]) {
      const time = parseTime(one, written)
      if (time !== null) return Math.floor(time / 1000)
    }
    throw unreadable('to_unix_time() was given what is no date of that layout.')
  }),
  wait_for: helper(1, 1, ([seconds], scope) => {
    scope.environment.wait?.(Math.max(0, wholeOf(seconds, 'wait_for()')))
    return true
  }),
}
