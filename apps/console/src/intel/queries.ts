import { queryOptions, useQueryClient } from '@tanstack/react-query'
import type { Feed, IndicatorVerdict, LookupResult } from '../../../server/src/intel/wire.ts'
import { api, send } from '../api/client.ts'
import { useSession } from '../api/session.ts'

export const lookupMost = 1_000

export const lookupQuery = (indicators: readonly string[]) => queryOptions({
  queryKey: ['intel', 'lookup', indicators], enabled: indicators.length > 0, staleTime: 60_000, retry: false,
  queryFn: async ({ signal }) => (await api.post<{ results: LookupResult[] }>('/api/v1/threat-intel/lookup', { indicators }, { signal })).results,
})
export const feedsQuery = queryOptions({ queryKey: ['intel', 'feeds'], queryFn: async ({ signal }) => (await api.get<{ feeds: Feed[] }>('/api/v1/threat-intel/feeds', { signal })).feeds })

/** A feed of all tenants and one of this tenant may bear one name. */
export const feedId = ({ name, tenant_id }: Pick<Feed, 'name' | 'tenant_id'>): string => tenant_id === null ? `*/${name}` : name

export function useMay(): { readonly write: boolean; readonly everywhere: boolean } {
  const { permissions } = useSession()
  return { write: permissions.includes('intel.write'), everywhere: permissions.includes('platform.administer') }
}

export type NewFeed = { name: string; format: Feed['format']; verdict: IndicatorVerdict | null; confidence: number | null; all: boolean }

/** Errors: ApiError. */
export function useFeedChanges() {
  const client = useQueryClient()
  const changed = () => client.invalidateQueries({ queryKey: ['intel'] })
  return {
    async importFeed({ name, format, verdict, confidence, all }: NewFeed, file: Blob): Promise<Feed> {
      const feed = await (await send('POST', '/api/v1/threat-intel/feeds', file, { query: { name, format, verdict, confidence, all_tenants: all } })).json() as Feed
      await changed()
      return feed
    },
    async remove({ name, tenant_id }: Feed): Promise<void> {
      await api.delete<unknown>(`/api/v1/threat-intel/feeds/${encodeURIComponent(name)}`, { query: { all_tenants: tenant_id === null } })
      await changed()
    },
  }
}
