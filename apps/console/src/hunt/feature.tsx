import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { texts } from '../incidents/search.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'

/** A hunt is a link: what is looked for and when (`range`, or `from` and `to` as ISO 8601), and the record that is open (`event`, received by the log at `at`). */
export const huntRoute = createRoute({
  getParentRoute: () => shellRoute, path: '/hunt', validateSearch: texts('query', 'range', 'from', 'to', 'event', 'at'), component: lazyRouteComponent(() => import('./HuntPage.tsx'), 'HuntPage'),
})

export const hunt = {
  nav: [{ group: 'defend', to: '/hunt', label: { en: 'Hunt', ko: '헌팅' }, icon: <icons.hunt />, key: 'h', permission: 'event.read' }],
  routes: [huntRoute],
} as const satisfies Feature
