// What a live message makes stale. Messages of one second are one refresh, so that a storm on the server is none in the browser.
import type { QueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'
import { useLive } from '../api/live.ts'
import type { LiveListener } from '../api/live.ts'

declare module '@tanstack/react-query' {
  interface Register {
    /** `told`: the page itself tells of new rows and fetches them when asked. */
    queryMeta: { live?: 'told' }
  }
}

const touched: Record<Parameters<LiveListener>[0]['type'], readonly string[] | 'all'> = {
  incident: ['incidents', 'overview'],
  action: ['actions', 'incidents', 'overview'],
  alerts: ['alerts', 'overview'],
  events: [],
  resumed: 'all',
}
const pauseMs = 1_000

export function useFreshData(queryClient: QueryClient): void {
  const pending = useRef<{ keys: Set<string>; all: boolean; timer: ReturnType<typeof setTimeout> | undefined }>({ keys: new Set(), all: false, timer: undefined })
  useLive(useCallback<LiveListener>(({ type }) => {
    const keys = touched[type]
    if (keys === 'all') pending.current.all = true
    else if (keys.length === 0) return
    else for (const key of keys) pending.current.keys.add(key)
    pending.current.timer ??= setTimeout(() => {
      const { keys, all } = pending.current
      pending.current = { keys: new Set(), all: false, timer: undefined }
      void queryClient.invalidateQueries({ predicate: ({ queryKey: [first], meta }) => meta?.live !== 'told' && first !== 'session' && (all || keys.has(String(first))) })
    }, pauseMs)
  }, [queryClient]))
  useEffect(() => () => clearTimeout(pending.current.timer), [])
}
