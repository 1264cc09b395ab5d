import { infiniteQueryOptions, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { DryRun, Policy, PolicyOverview } from '../../../server/src/response/wire.ts'
import { api } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import { partTexts } from '../parts/texts.ts'
import { sitesQuery } from '../settings/queries.ts'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import type { PolicyContent } from './matrix.ts'
import { policyTexts } from './texts.ts'
import type { Say } from './words.ts'

export const policyQuery = queryOptions({ queryKey: ['policy'], queryFn: ({ signal }) => api.get<PolicyOverview>('/api/v1/policy', { signal }), staleTime: 300_000, refetchOnMount: 'always' })
type Versions = { versions: Policy[]; next_cursor: string | null }
export const versionsQuery = infiniteQueryOptions({
  queryKey: ['policy', 'history'], queryFn: ({ pageParam, signal }) => api.get<Versions>('/api/v1/policy/history', { query: { limit: 100, cursor: pageParam }, signal }),
  initialPageParam: null as string | null, getNextPageParam: (page: Versions) => page.next_cursor,
})
/** One version; null where the tenant has none of that number. There is no route for one: it is found in the history. */
export const versionQuery = (version: number) => queryOptions({
  queryKey: ['policy', 'version', version],
  queryFn: async ({ signal }): Promise<Policy | null> => {
    let cursor: string | null = null
    do {
      const page: Versions = await api.get<Versions>('/api/v1/policy/history', { query: { limit: 100, cursor }, signal })
      const found = page.versions.find((each) => each.version === version)
      if (found !== undefined) return found
      cursor = page.versions.some((each) => each.version < version) ? null : page.next_cursor
    } while (cursor !== null)
    return null
  },
})

export const contentOf = ({ preset, rows, never_isolate, caps, containment_hours, collaborate_minutes }: PolicyContent): PolicyContent => ({ preset, rows, never_isolate, caps, containment_hours, collaborate_minutes })

export function usePolicyChanges() {
  const client = useQueryClient()
  const settled = <Answer,>(answer: Promise<Answer>) => answer.finally(() => { void client.invalidateQueries({ queryKey: ['policy'] }) })
  return {
    draft: (content: PolicyContent) => settled(api.post<Policy>('/api/v1/policy', content)),
    sign: (version: number, digest: string) => settled(api.post<Policy>(`/api/v1/policy/${version}/sign`, { digest })),
  }
}
export type Question = { readonly action_type: string; readonly targets: readonly string[]; readonly severity: string; readonly requester: string; readonly version?: number; readonly at?: string }
export const ask = (question: Question) => api.post<DryRun>('/api/v1/policy/verdict', question)

/** How policies are said here: the reader's language, and sites by their names. */
export function useSay(): Say {
  const t = useTexts(policyTexts)
  const part = useTexts(partTexts)
  const f = useFormats()
  const { permissions } = useSession()
  const sites = useQuery({ ...sitesQuery, enabled: permissions.includes('site.read') }).data
  return useMemo(() => ({ t, part, f, siteName: (id: string) => sites?.find((site) => site.id === id || site.name === id)?.name ?? id }), [t, part, f, sites])
}
