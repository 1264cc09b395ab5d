// The part of Elasticsearch's HTTP face that shippers and clients need to send: product check and _bulk. An item's status is the truth about that item:
// 201 was kept, 200 (index) and 409 (create) were kept before, 4xx were not. Source: the REST reference of Elasticsearch 8, "Bulk API". Defended by elastic.test.ts.
import type { EventLog } from '../platform/event-log/port.ts'
import { describe, errorEntry, HaechiError } from '../platform/errors.ts'
import type { ErrorCode, ErrorParams, Language } from '../platform/errors.ts'
import { IntakeInterrupted, isTooLong, limits, linesOf, newTotals, openChunk, readEvent, refuse } from './intake.ts'
import type { Destination, IntakeTotals } from './intake.ts'

/** Clients refuse to talk to anything that does not say this (8.x by header, 7.x by the answer to GET /). */
export const productHeaders = { 'x-elastic-product': 'Elasticsearch' } as const
export const productAnswer = {
  name: 'haechi', cluster_name: 'haechi', cluster_uuid: 'haechi',
  version: { number: '8.19.0', build_flavor: 'default', build_type: 'tar', build_hash: 'haechi', build_snapshot: false, lucene_version: '9.12.1', minimum_wire_compatibility_version: '7.17.0', minimum_index_compatibility_version: '7.0.0' },
  tagline: 'You Know, for Search',
} as const

type ItemAnswer = { _index: string; _id: string | null; status: number; result?: 'created' | 'noop'; _version?: 1; _seq_no?: number; _primary_term?: 1; _shards?: object; error?: { type: string; reason: string } }
export type BulkAnswer = { took: number; errors: boolean; items: Record<string, ItemAnswer>[] }

const shards = { total: 1, successful: 1, failed: 0 }
type Action = { verb: 'index' | 'create' | 'update'; index: string; id: string | null }

/** Errors: IntakeInterrupted when the body or the log breaks off; whoever sends again is told item by item what had been kept. */
export async function bulk(log: EventLog, body: AsyncIterable<Uint8Array>, destination: Destination, defaultIndex: string, language: Language): Promise<{ answer: BulkAnswer; totals: IntakeTotals }> {
  const totals = newTotals(destination)
  const items: Record<string, ItemAnswer>[] = []
  const chunk = openChunk(log, destination, totals)
  let pending: { at: number; action: Action; id: string }[] = []
  let errors = false
  let number = 0
  let action: Action | null = null
  const failItem = (verb: string, index: string, id: string | null, code: ErrorCode, params: ErrorParams = {}) => {
    errors = true
    refuse(totals, { code, place: `line ${number}`, params })
    items.push({ [verb]: { _index: index, _id: id, status: errorEntry(code).status, error: { type: 'document_parsing_exception', reason: `${code}: ${describe(code, params, language)}` } } })
  }
  const flush = async () => {
    const kept = pending
    pending = []
    const before = await chunk.flush(number)
    for (const [position, { at, action: { verb, index }, id }] of kept.entries()) {
      const repeated = before.has(position)
      if (repeated && verb === 'create') {
        errors = true
        items[at] = { create: { _index: index, _id: id, status: 409, error: { type: 'version_conflict_engine_exception', reason: `[${id}]: version conflict, document already exists` } } }
      } else {
        items[at] = { [verb]: { _index: index, _id: id, _version: 1, result: repeated ? 'noop' : 'created', _shards: shards, _seq_no: at, _primary_term: 1, status: repeated ? 200 : 201 } }
      }
    }
  }
  try {
    for await (const line of linesOf(body)) {
      number++
      if (line.length === 0) continue
      if (action === null) {
        const read = isTooLong(line) ? 'an action line is short' : readAction(line, defaultIndex)
        if (typeof read === 'string') throw new HaechiError('bulk_action_invalid', { reason: `line ${number}: ${read}` })
        if (read.verb === 'delete') failItem('delete', read.index, read.id, 'bulk_action_invalid', { reason: 'what was received is never deleted by a sender' })
        else action = { verb: read.verb, index: read.index, id: read.id }
        continue
      }
      const current: Action = action
      action = null
      if (current.verb === 'update') {
        failItem('update', current.index, current.id, 'bulk_action_invalid', { reason: 'what was received is never changed by a sender; use index or create' })
        continue
      }
      const read = isTooLong(line) ? { code: 'event_too_large' as const, params: { limit: limits.eventBytes } } : readEvent(line)
      if ('code' in read) {
        failItem(current.verb, current.index, current.id, read.code, read.params)
        continue
      }
      const id = chunk.add(line, current.id ?? read.senderId, number)
      pending.push({ at: items.length, action: current, id: current.id ?? Buffer.from(id).toString('hex') })
      items.push({})
      if (chunk.full()) await flush()
    }
    if (action !== null) throw new HaechiError('bulk_action_invalid', { reason: `line ${number}: the last action has no document` })
    if (items.length === 0) throw new HaechiError('body_invalid', { reason: 'empty, action and document lines expected' })
    await flush()
  } catch (error) {
    if (!(error instanceof HaechiError)) throw error
    if (!error.code.startsWith('log_')) await flush().catch((late: unknown) => { throw late instanceof HaechiError ? new IntakeInterrupted(late, totals) : late })
    throw new IntakeInterrupted(error, totals)
  }
  return { answer: { took: 0, errors, items }, totals }
}

function readAction(line: Uint8Array, defaultIndex: string): { verb: 'index' | 'create' | 'update' | 'delete'; index: string; id: string | null } | string {
  const read = readEvent(line)
  if ('code' in read) return describe(read.code, read.params, 'en')
  const entries = Object.entries(read.value)
  const [verb, target] = entries[0] ?? []
  if (entries.length !== 1 || (verb !== 'index' && verb !== 'create' && verb !== 'update' && verb !== 'delete')) return 'one of index, create expected'
  if (typeof target !== 'object' || target === null) return `${verb} needs an object`
  const { _index, _id } = target as Record<string, unknown>
  return { verb, index: typeof _index === 'string' ? _index : defaultIndex, id: typeof _id === 'string' || typeof _id === 'number' ? String(_id) : null }
}

const exceptionOf: Record<number, string> = { 400: 'illegal_argument_exception', 401: 'security_exception', 403: 'security_exception', 404: 'resource_not_found_exception', 413: 'content_too_long_exception', 415: 'media_type_header_exception', 429: 'es_rejected_execution_exception', 503: 'es_rejected_execution_exception' }

/** An error in Elasticsearch's form, with our code first in the reason. */
export function elasticError(error: HaechiError, language: Language): Response {
  const { status, retry } = errorEntry(error.code)
  const reason = { type: exceptionOf[status] ?? 'exception', reason: `${error.code}: ${describe(error.code, error.params, language)}` }
  return Response.json({ error: { root_cause: [reason], ...reason }, status }, {
    status,
    headers: { ...productHeaders, ...(status === 401 ? { 'www-authenticate': 'Basic realm="haechi", ApiKey' } : {}), ...(retry && status === 503 ? { 'retry-after': '2' } : {}) },
  })
}
