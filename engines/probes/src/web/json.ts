import type { HttpResponse } from '../network.ts'
import { textOf } from './visitor.ts'

/** The object that an answer is in JSON; null: it is none. */
export function parsed(response: HttpResponse | null): Readonly<Record<string, unknown>> | null {
  if (response === null || !/^\s*\{/.test(response.body)) return null
  try {
    const value: unknown = JSON.parse(textOf(response))
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)
