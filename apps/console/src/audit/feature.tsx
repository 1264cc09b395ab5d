import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { texts } from '../incidents/search.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'

export const auditRoute = createRoute({ getParentRoute: () => shellRoute, path: '/audit', validateSearch: texts('what', 'who', 'outcome', 'when', 'record'), component: lazyRouteComponent(() => import('./AuditPage.tsx'), 'AuditPage') })

export const audit = {
  nav: [{ group: 'prove', to: '/audit', label: { en: 'Audit log', ko: '감사 로그' }, icon: <icons.audit />, key: 'u', permission: 'audit.read' }],
  routes: [auditRoute],
} as const satisfies Feature
