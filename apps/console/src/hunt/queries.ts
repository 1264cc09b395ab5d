import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { EventHistogram, StoredEvent } from '../../../server/src/telemetry/wire.ts'
import { api } from '../api/client.ts'
import type { Window } from './range.ts'

type Page = { events: StoredEvent[]; next_cursor: string | null }
export type Looked = { readonly query: string | undefined; readonly window: Window }

const asked = ({ query, window: { from, to } }: Looked) => ({ query, from: iso(from), to: iso(to) })
const iso = (at: number | null) => at === null ? undefined : new Date(at).toISOString()

/** What rows show. The records themselves are large and read one at a time. */
const columns = 'event_id,time,received_at,host,user,process,parent_process,command_line,src_ip,src_port,dst_ip,dst_port,event_code,log_source,source,message'
const still = { staleTime: Infinity, gcTime: 60_000, retry: false, refetchOnWindowFocus: false, placeholderData: keepPreviousData, meta: { live: 'told' } } as const

export const eventsQuery = (looked: Looked) => infiniteQueryOptions({
  queryKey: ['events', 'list', asked(looked)],
  queryFn: ({ pageParam, signal }) => api.get<Page>('/api/v1/events', { query: { ...asked(looked), fields: columns, limit: 200, cursor: pageParam }, signal }),
  initialPageParam: null as string | null, getNextPageParam: (page: Page) => page.next_cursor, ...still,
})
export const histogramQuery = (looked: Looked) => queryOptions({
  queryKey: ['events', 'histogram', asked(looked)], queryFn: ({ signal }) => api.get<EventHistogram>('/api/v1/events/histogram', { query: { ...asked(looked), buckets: 80 }, signal }), ...still,
})
/** One record, whole: those of its millisecond are asked for, since a record has no address of its own. null where it is not kept any more. */
export const recordQuery = (eventId: string, at: string) => queryOptions({
  queryKey: ['events', 'record', eventId, at], staleTime: Infinity,
  queryFn: async ({ signal }): Promise<StoredEvent | null> => {
    const from = Date.parse(at)
    if (Number.isNaN(from)) return null
    for (let cursor: string | null = null; ;) {
      const page: Page = await api.get<Page>('/api/v1/events', { query: { from: iso(from), to: iso(from + 1), limit: 100, cursor }, signal })
      const found = page.events.find(({ event_id: id }) => id === eventId)
      if (found !== undefined) return found
      if (page.next_cursor === null) return null
      cursor = page.next_cursor
    }
  },
})
