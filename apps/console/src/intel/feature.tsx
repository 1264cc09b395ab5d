import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { texts } from '../incidents/search.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'

/** `text` is what is looked up, where it is short enough for a link; `indicator` and `feed` are in the side panel. */
export const intelRoute = createRoute({
  getParentRoute: () => shellRoute, path: '/intel', validateSearch: texts('tab', 'text', 'verdict', 'indicator', 'feed'), component: lazyRouteComponent(() => import('./IntelPage.tsx'), 'IntelPage'),
})

export const intel = {
  nav: [{ group: 'defend', to: '/intel', label: { en: 'Threat intelligence', ko: '위협 인텔리전스' }, icon: <icons.intel />, key: 't', permission: 'intel.read' }],
  routes: [intelRoute],
} as const satisfies Feature
