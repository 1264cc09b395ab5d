import '@mantine/core/styles/baseline.css'
import '@mantine/core/styles/default-css-variables.css'
import '@mantine/core/styles/global.css'
import './theme/mantine.css'
import './theme/fonts.css'
import './theme/tokens.css'
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api/error.ts'
import { whenUnauthenticated } from './api/client.ts'
import { sessionQuery } from './api/session.ts'
import { handleKey } from './parts/keyboard.ts'
import { PreferencesProvider } from './preferences.tsx'
import { createConsoleRouter } from './router.tsx'
import { theme, variables } from './theme/theme.ts'

// The nonce of this answer's Content-Security-Policy: for Mantine's variables, and (by the name that the scroll lock's library knows) for its style.
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''
Object.assign(globalThis, { __webpack_nonce__: nonce })

const queryClient = new QueryClient({
  defaultOptions: { queries: { staleTime: 15_000, retry: (count, error) => count < 2 && (!(error instanceof ApiError) || error.retry), refetchOnWindowFocus: true } },
})
const router = createConsoleRouter(queryClient)
whenUnauthenticated(() => {
  if (router.state.location.pathname === '/sign-in') return
  queryClient.removeQueries({ queryKey: sessionQuery.queryKey })
  void router.navigate({ to: '/sign-in', search: { next: router.state.location.href, ended: '1' } })
})

document.addEventListener('keydown', handleKey)

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <PreferencesProvider>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </PreferencesProvider>
    </MantineProvider>
  </StrictMode>,
)
