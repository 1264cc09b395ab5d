import { infiniteQueryOptions, queryOptions, useQueryClient } from '@tanstack/react-query'
import type { RulePack, RuleSummary, Suppression } from '../../../server/src/detection/wire.ts'
import { api } from '../api/client.ts'
import { useSession } from '../api/session.ts'

type Page = { rules: RuleSummary[]; total: number; next_cursor: string | null }
export type RuleSearch = { readonly text?: string | undefined; readonly pack?: string | undefined; readonly level?: string | undefined; readonly enabled?: string | undefined; readonly kind?: string | undefined; readonly order?: string | undefined }

export const rulesQuery = (search: RuleSearch) => infiniteQueryOptions({
  queryKey: ['rules', 'list', search], queryFn: ({ pageParam, signal }) => api.get<Page>('/api/v1/rules', { query: { ...search, limit: 500, cursor: pageParam }, signal }),
  initialPageParam: null as string | null, getNextPageParam: (page: Page) => page.next_cursor,
})
/** One rule; null where none in force has the id. */
export const ruleQuery = (id: string) => queryOptions({
  queryKey: ['rules', 'one', id], queryFn: async ({ signal }) => (await api.get<Page>('/api/v1/rules', { query: { text: id.slice(0, 200), limit: 20 }, signal })).rules.find((rule) => rule.id === id) ?? null,
})
/** All of them, to choose from and to name what stands under an id. */
export const allRulesQuery = queryOptions({
  queryKey: ['rules', 'all'], staleTime: 300_000,
  queryFn: async ({ signal }) => {
    const rules: RuleSummary[] = []
    for (let cursor: string | null = null; ;) {
      const page: Page = await api.get<Page>('/api/v1/rules', { query: { limit: 1_000, cursor }, signal })
      rules.push(...page.rules)
      if (page.next_cursor === null) return rules
      cursor = page.next_cursor
    }
  },
})
export const packsQuery = queryOptions({ queryKey: ['rule-packs'], queryFn: async ({ signal }) => (await api.get<{ packs: RulePack[] }>('/api/v1/rule-packs', { signal })).packs })
export const suppressionsQuery = queryOptions({ queryKey: ['suppressions'], queryFn: async ({ signal }) => (await api.get<{ suppressions: Suppression[] }>('/api/v1/suppressions', { signal })).suppressions })

/** A pack of all tenants and one of this tenant may bear one name. */
export const packId = ({ name, tenant_id }: Pick<RulePack, 'name' | 'tenant_id'>): string => tenant_id === null ? `*/${name}` : name

/** `install`: packs come from the server's own directories, and may be for all tenants. */
export function useMay(): { readonly write: boolean; readonly install: boolean } {
  const { permissions } = useSession()
  return { write: permissions.includes('rule.write'), install: permissions.includes('platform.administer') }
}

export type NewPack = { name: string; path: string; license?: string; all_tenants: boolean }
export type NewSuppression = Pick<Suppression, 'rule_id' | 'host' | 'user' | 'field' | 'value' | 'reason' | 'expires_at'>

/** Each answers when the server has it and what is shown was marked stale. Errors: ApiError. */
export function useRuleChanges() {
  const client = useQueryClient()
  const after = async <Answer>(answer: Promise<Answer>, ...keys: string[]) => {
    const given = await answer
    await Promise.all(keys.map((key) => client.invalidateQueries({ queryKey: [key] })))
    return given
  }
  const ofPack = (pack: RulePack, rest = '') => `/api/v1/rule-packs/${encodeURIComponent(pack.name)}${rest}`
  const scope = (pack: RulePack) => ({ query: { all_tenants: pack.tenant_id === null ? 'true' : 'false' } })
  return {
    enable: (id: string, enabled: boolean) => after(api.patch<RuleSummary>(`/api/v1/rules/${encodeURIComponent(id)}`, { enabled }), 'rules'),
    install: (pack: NewPack) => after(api.post<RulePack>('/api/v1/rule-packs', pack), 'rule-packs', 'rules'),
    rollBack: (pack: RulePack) => after(api.post<RulePack>(ofPack(pack, '/rollback'), {}, scope(pack)), 'rule-packs', 'rules'),
    remove: (pack: RulePack) => after(api.delete<unknown>(ofPack(pack), scope(pack)), 'rule-packs', 'rules'),
    suppress: (suppression: NewSuppression) => after(api.post<Suppression>('/api/v1/suppressions', suppression), 'suppressions'),
    unsuppress: (id: string) => after(api.delete<unknown>(`/api/v1/suppressions/${encodeURIComponent(id)}`), 'suppressions'),
  }
}
