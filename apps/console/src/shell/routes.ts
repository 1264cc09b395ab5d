import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { ApiError } from '../api/error.ts'
import { sessionQuery } from '../api/session.ts'
import { NotFound } from './NotFound.tsx'
import { Root } from './Root.tsx'

export const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({ component: Root, notFoundComponent: NotFound })

/** What needs a signed-in person: every room is a child of it. */
export const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: lazyRouteComponent(() => import('./Shell.tsx'), 'Shell'),
  beforeLoad: async ({ context: { queryClient }, location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 401) throw redirect({ to: '/sign-in', search: { next: location.href, ...(error.code === 'session_ended' ? { ended: '1' } : {}) } })
      throw error
    })
    if (session.must_change_password) throw redirect({ to: '/password', search: { next: location.href } })
  },
})

type Next = { readonly next?: string; readonly ended?: string }
/** Only a path of our own: the address bar must not lead elsewhere. */
const readNext = (search: Record<string, unknown>): Next => ({
  ...(typeof search['next'] === 'string' && /^\/(?![/\\])/.test(search['next']) ? { next: search['next'] } : {}),
  ...(search['ended'] === undefined ? {} : { ended: '1' }),
})
export const signInRoute = createRoute({ getParentRoute: () => rootRoute, path: '/sign-in', validateSearch: readNext, component: lazyRouteComponent(() => import('./SignIn.tsx'), 'SignIn') })
export const passwordRoute = createRoute({ getParentRoute: () => rootRoute, path: '/password', validateSearch: readNext, component: lazyRouteComponent(() => import('./Password.tsx'), 'Password') })
/** Within the shell, so that whoever mistyped an address keeps the rail. */
export const nowhereRoute = createRoute({ getParentRoute: () => shellRoute, path: '$', component: NotFound })
