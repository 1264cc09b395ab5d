import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import type { Feature } from '../feature.ts'
import { texts } from '../incidents/search.ts'
import { icons } from '../parts/icons.tsx'
import { shellRoute } from '../shell/routes.ts'

export const settingsHomeRoute = createRoute({ getParentRoute: () => shellRoute, path: '/settings', component: lazyRouteComponent(() => import('./SettingsPage.tsx'), 'SettingsHome') })
/** `invite`: the role that somebody is to be invited for, e.g. `approver` where there is no second one. */
export const settingsRoute = createRoute({ getParentRoute: () => shellRoute, path: '/settings/$section', validateSearch: texts('invite'), component: lazyRouteComponent(() => import('./SettingsPage.tsx'), 'SettingsPage') })

export const settings = {
  nav: [{ group: 'foot', to: '/settings', label: { en: 'Settings', ko: '설정' }, icon: <icons.settings />, key: 's' }],
  routes: [settingsHomeRoute, settingsRoute],
} as const satisfies Feature
