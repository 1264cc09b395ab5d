import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { texts } from '../incidents/search.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'

/** `alert` and `event` open the evidence. */
export const alertsRoute = createRoute({
  getParentRoute: () => shellRoute, path: '/alerts', validateSearch: texts('status', 'severity', 'kind', 'host', 'user', 'rule', 'alert', 'event'), component: lazyRouteComponent(() => import('./AlertsPage.tsx'), 'AlertsPage'),
})

export const alerts = {
  nav: [{ group: 'defend', to: '/alerts', label: { en: 'Alerts', ko: '경보' }, icon: <icons.alerts />, key: 'l' }],
  routes: [alertsRoute],
} as const satisfies Feature
