import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { texts } from '../incidents/search.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'

/** `month`: 2026-11 */
export const reportsRoute = createRoute({ getParentRoute: () => shellRoute, path: '/reports', validateSearch: texts('month'), component: lazyRouteComponent(() => import('./ReportsPage.tsx'), 'ReportsPage') })

export const reports = {
  nav: [{ group: 'prove', to: '/reports', label: { en: 'Reports', ko: '보고서' }, icon: <icons.reports />, key: 'r' }],
  routes: [reportsRoute],
} as const satisfies Feature
