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
    const first = session.tenants[0]
    if (session.tenant_id === null && first !== undefined && chosenTenant() === null) {
      chooseTenant(first.id)
      return { ...session, tenant_id: first.id }
    }
    return session
  },
})

/** Who is signed in; within the shell always there. */
export function useSession(): Session & { tenant: Tenant | null } {
  const { data } = useSuspenseQuery(sessionQuery)
  return { ...data, tenant: data.tenants.find((tenant) => tenant.id === data.tenant_id) ?? null }
}
