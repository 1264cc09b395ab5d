import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { texts } from '../incidents/search.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'

export const policyRoute = createRoute({ getParentRoute: () => shellRoute, path: '/policy', validateSearch: texts('tab'), component: lazyRouteComponent(() => import('./PolicyPage.tsx'), 'PolicyPage') })
/** `from`: the version to begin with instead of the one in force. */
export const policyEditRoute = createRoute({ getParentRoute: () => shellRoute, path: '/policy/edit', validateSearch: texts('from'), component: lazyRouteComponent(() => import('./EditPage.tsx'), 'EditPage') })
export const policyVersionRoute = createRoute({ getParentRoute: () => shellRoute, path: '/policy/versions/$version', component: lazyRouteComponent(() => import('./VersionPage.tsx'), 'VersionPage') })

export const policy = {
  nav: [{ group: 'defend', to: '/policy', label: { en: 'Response policy', ko: '대응 정책' }, icon: <icons.policy />, key: 'p', permission: 'policy.read' }],
  routes: [policyRoute, policyEditRoute, policyVersionRoute],
} as const satisfies Feature
