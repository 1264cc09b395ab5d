import { useQuery } from '@tanstack/react-query'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { waitingQuery } from '../incidents/queries.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'

export const approvalsRoute = createRoute({ getParentRoute: () => shellRoute, path: '/approvals', component: lazyRouteComponent(() => import('./ApprovalsPage.tsx'), 'ApprovalsPage') })

export const approvals = {
  nav: [{ group: 'now', to: '/approvals', label: { en: 'Approvals', ko: '승인' }, icon: <icons.approvals />, key: 'a', useCount: () => useQuery(waitingQuery).data?.actions.length }],
  routes: [approvalsRoute],
} as const satisfies Feature
