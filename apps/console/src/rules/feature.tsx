import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { texts } from '../incidents/search.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'

/** `tab` is packs or suppressions; `rule`, `opened` (a pack) and `suppression` are in the side panel. */
export const rulesRoute = createRoute({
  getParentRoute: () => shellRoute, path: '/rules', validateSearch: texts('tab', 'text', 'pack', 'level', 'enabled', 'kind', 'order', 'rule', 'opened', 'suppression'), component: lazyRouteComponent(() => import('./RulesPage.tsx'), 'RulesPage'),
})

export const rules = {
  nav: [{ group: 'defend', to: '/rules', label: { en: 'Rules', ko: '탐지 규칙' }, icon: <icons.rules />, key: 'r', permission: 'rule.read' }],
  routes: [rulesRoute],
} as const satisfies Feature
