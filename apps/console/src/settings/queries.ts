import { queryOptions } from '@tanstack/react-query'
import type { ApiKey, Site, User } from '../../../server/src/access/wire.ts'
import { api } from '../api/client.ts'

const pageSize = 200
/** Lists of settings are read whole: people, keys and sites of one tenant. */
async function all<Row>(path: string, name: string, signal: AbortSignal): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | null = null
  do {
    const page: Record<string, unknown> = await api.get<Record<string, unknown>>(path, { query: { limit: pageSize, cursor }, signal })
    rows.push(...page[name] as Row[])
    cursor = page['next_cursor'] as string | null
  } while (cursor !== null)
  return rows
}

export const peopleQuery = queryOptions({ queryKey: ['people'], queryFn: ({ signal }) => all<User>('/api/v1/users', 'users', signal) })
export const keysQuery = queryOptions({ queryKey: ['keys'], queryFn: ({ signal }) => all<ApiKey>('/api/v1/keys', 'keys', signal) })
export const sitesQuery = queryOptions({ queryKey: ['sites'], queryFn: ({ signal }) => all<Site>('/api/v1/sites', 'sites', signal), staleTime: 300_000 })
