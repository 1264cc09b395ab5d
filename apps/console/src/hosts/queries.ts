import { infiniteQueryOptions, queryOptions, useQueryClient } from '@tanstack/react-query'
import type { InfiniteData } from '@tanstack/react-query'
import type { Asset, AssetChange, AssetKind } from '../../../server/src/assets/wire.ts'
import { api } from '../api/client.ts'

type Page = { assets: Asset[]; next_cursor: string | null }

export type AssetSearch = { readonly kind: AssetKind; readonly text?: string | undefined; readonly criticality?: string | undefined; readonly exposure?: string | undefined }

export const assetsQuery = (search: AssetSearch) => infiniteQueryOptions({
  queryKey: ['assets', 'list', search], queryFn: ({ pageParam, signal }) => api.get<Page>('/api/v1/assets', { query: { ...search, limit: 500, cursor: pageParam }, signal }),
  initialPageParam: null as string | null, getNextPageParam: (page: Page) => page.next_cursor,
})
/** One that the loaded list may not hold: a link leads to it. */
export const assetQuery = (id: string) => queryOptions({
  queryKey: ['assets', 'one', id], queryFn: async ({ signal }) => (await api.get<{ asset: Asset | null }>('/api/v1/assets/resolve', { query: { name: id }, signal })).asset,
})

export function useClassify() {
  const client = useQueryClient()
  /** Errors: ApiError. */
  return async (id: string, change: AssetChange): Promise<Asset> => {
    const asset = await api.patch<Asset>(`/api/v1/assets/${encodeURIComponent(id)}`, change)
    client.setQueryData(assetQuery(id).queryKey, asset)
    // Rows are changed where they stand: the list keeps its order under the reader.
    client.setQueriesData<InfiniteData<Page>>({ queryKey: ['assets', 'list'] }, (data) => data === undefined ? undefined : { ...data, pages: data.pages.map((page) => ({ ...page, assets: page.assets.map((row) => row.id === id ? asset : row) })) })
    await client.invalidateQueries({ queryKey: ['incidents'] })
    return asset
  }
}
