import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'
import { texts } from './search.ts'

export const incidentsRoute = createRoute({
  getParentRoute: () => shellRoute, path: '/incidents', validateSearch: texts('status', 'severity', 'analyst', 'detected', 'peek'), component: lazyRouteComponent(() => import('./IncidentsPage.tsx'), 'IncidentsPage'),
})
/** `alert` and `event` open the evidence, so that a claim can be sent as a link. */
export const incidentRoute = createRoute({
  getParentRoute: () => shellRoute, path: '/incidents/$incidentId', validateSearch: texts('alert', 'event'), component: lazyRouteComponent(() => import('./IncidentPage.tsx'), 'IncidentPage'),
})

export const incidents = {
  nav: [{ group: 'defend', to: '/incidents', label: { en: 'Incidents', ko: '인시던트' }, icon: <icons.incidents />, key: 'i' }],
  routes: [incidentsRoute, incidentRoute],
} as const satisfies Feature
