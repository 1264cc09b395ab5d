import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'

const overviewRoute = createRoute({ getParentRoute: () => shellRoute, path: '/', component: lazyRouteComponent(() => import('./OverviewPage.tsx'), 'OverviewPage') })

export const overview = {
  nav: [{ group: 'now', to: '/', label: { en: 'Overview', ko: '현황' }, icon: <icons.overview />, key: 'o' }],
  routes: [overviewRoute],
} as const satisfies Feature
