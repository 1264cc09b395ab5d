import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'

export const incidentsRoute = createRoute({ getParentRoute: () => shellRoute, path: '/incidents', component: lazyRouteComponent(() => import('./IncidentsPage.tsx'), 'IncidentsPage') })

export const incidents = {
  nav: [{ group: 'defend', to: '/incidents', label: { en: 'Incidents', ko: '인시던트' }, icon: <icons.incidents />, key: 'i' }],
  routes: [incidentsRoute],
} as const satisfies Feature
