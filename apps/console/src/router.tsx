import type { QueryClient } from '@tanstack/react-query'
import { createRouter } from '@tanstack/react-router'
import { alerts } from './alerts/feature.tsx'
import { basePath } from './api/client.ts'
import { approvals } from './approvals/feature.tsx'
import { hosts } from './hosts/feature.tsx'
import { audit } from './audit/feature.tsx'
import { hunt } from './hunt/feature.tsx'
import { incidents } from './incidents/feature.tsx'
import { intel } from './intel/feature.tsx'
import { overview } from './overview/feature.tsx'
import { policy } from './policy/feature.tsx'
import { reports } from './reports/feature.tsx'
import { settings } from './settings/feature.tsx'
import { rules } from './rules/feature.tsx'
import { PageFault } from './shell/PageFault.tsx'
import { nowhereRoute, passwordRoute, rootRoute, shellRoute, signInRoute } from './shell/routes.ts'

const routeTree = rootRoute.addChildren([signInRoute, passwordRoute, shellRoute.addChildren([...overview.routes, ...approvals.routes, ...incidents.routes, ...alerts.routes, ...hunt.routes, ...hosts.routes, ...rules.routes, ...intel.routes, ...policy.routes, ...reports.routes, ...audit.routes, nowhereRoute, ...settings.routes])])

export const createConsoleRouter = (queryClient: QueryClient) => createRouter({
  routeTree, context: { queryClient }, basepath: basePath === '' ? '/' : basePath,
  // Parameters are plain text: what stands in the address bar is what a person would write there.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const given = Object.entries(search as Record<string, unknown>).filter(([, value]) => value !== undefined && value !== '').map(([name, value]): [string, string] => [name, String(value)])
    return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
  },
  defaultPreload: 'intent', defaultPreloadStaleTime: 0, scrollRestoration: true, scrollToTopSelectors: ['#main'], defaultErrorComponent: PageFault, defaultPendingMs: 200,
})

declare module '@tanstack/react-router' {
  interface Register { router: ReturnType<typeof createConsoleRouter> }
}
