// What the server and the store's process say to each other.
import type { ErrorCode, ErrorParams } from '../errors.ts'
import type { EventQuery, SearchQuery } from './port.ts'
import type { Limits } from './tenant-store.ts'

/** What can be asked of one tenant's store. */
export type Question =
  | { readonly ask: 'search'; readonly query: SearchQuery }
  | { readonly ask: 'count'; readonly query: EventQuery }
  | { readonly ask: 'histogram'; readonly query: EventQuery; readonly bucketMs: number }
  | { readonly ask: 'entities'; readonly from: number; readonly end: number }
  | { readonly ask: 'statistics' }
  | { readonly ask: 'rebuild'; readonly logStart: number }
  | { readonly ask: 'dropBefore'; readonly receivedBefore: number }
  | { readonly ask: 'roll' }
  | { readonly ask: 'erase' }

export type Failure = { readonly code: ErrorCode; readonly params: ErrorParams } | { readonly code: null; readonly message: string }

export type ToStore =
  | { readonly kind: 'start'; readonly folder: string; readonly logFolder: string; readonly memory: string; readonly threads: number; readonly limits: Limits; readonly killAt: string | null }
  | { readonly kind: 'durable'; readonly tenant: string; readonly end: number }
  | { readonly kind: 'question'; readonly id: number; readonly tenant: string; readonly question: Question }
  | { readonly kind: 'key'; readonly id: number; readonly key: Uint8Array | null }
  | { readonly kind: 'close' }

export type FromStore =
  | { readonly kind: 'ready' }
  | { readonly kind: 'searchable'; readonly tenant: string; readonly from: number; readonly end: number; readonly lost: number }
  | { readonly kind: 'stalled'; readonly tenant: string; readonly reason: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown; readonly failure?: Failure }
  | { readonly kind: 'openKey'; readonly id: number; readonly wrapped: Uint8Array; readonly place: string }
  | { readonly kind: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly fields: object; readonly message: string }
