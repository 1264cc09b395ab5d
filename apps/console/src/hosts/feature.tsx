import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { texts } from '../incidents/search.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'

/** `kind` is user or address; without it hosts. `peek` is in the side panel. */
export const hostsRoute = createRoute({
  getParentRoute: () => shellRoute, path: '/hosts', validateSearch: texts('kind', 'text', 'criticality', 'exposure', 'peek'), component: lazyRouteComponent(() => import('./HostsPage.tsx'), 'HostsPage'),
})

export const hosts = {
  nav: [{ group: 'defend', to: '/hosts', label: { en: 'Hosts and users', ko: '호스트·사용자' }, icon: <icons.host />, key: 's', permission: 'asset.read' }],
  routes: [hostsRoute],
} as const satisfies Feature
