import { queryOptions, useSuspenseQuery } from '@tanstack/react-query'
import type { Session, Tenant } from '../../../server/src/access/wire.ts'
import { setAccountLanguage } from '../preferences.tsx'
import { api, chooseTenant, chosenTenant } from './client.ts'
import { ApiError } from './error.ts'

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 5 * 60_000,
  retry: false,
  queryFn: async ({ signal }): Promise<Session> => {
    const session = await api.get<Session>('/api/v1/session', { signal }).catch((error: unknown) => {
      // A tenant that was chosen here once and is no longer within reach.
      if (!(error instanceof ApiError) || error.status !== 404 || chosenTenant() === null) throw error
      chooseTenant(null)
      return api.get<Session>('/api/v1/session', { signal })
    })
    setAccountLanguage(session.language)
    // Nothing chosen yet: who filled a demo wants to see it; else what the server took, else the first within reach.
    const first = session.tenants.find(({ origin }) => origin === 'demo') ?? session.tenants.find(({ id }) => id === session.tenant_id) ?? session.tenants[0]
    if (chosenTenant() === null && first !== undefined && first.id !== session.tenant_id) {
      chooseTenant(first.id)
      return api.get<Session>('/api/v1/session', { signal })
    }
    return session
  },
})

/** Who is signed in; within the shell always there. */
export function useSession(): Session & { tenant: Tenant | null } {
  const { data } = useSuspenseQuery(sessionQuery)
  return { ...data, tenant: data.tenants.find((tenant) => tenant.id === data.tenant_id) ?? null }
}
