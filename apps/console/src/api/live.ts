// What happens on the server, as it happens (GET /api/v1/live). Read with fetch and not EventSource, so that the tenant's header goes along.
// A broken connection comes back by itself with growing pauses; after it whoever shows data asks anew, since nothing tells what was missed.
import { useEffect, useSyncExternalStore } from 'react'
import type { LiveMessage } from '../../../server/src/views/wire.ts'
import { headersOf, urlOf } from './client.ts'
import { eventStream } from './event-stream.ts'

export type LiveState = { readonly connection: 'connecting' | 'open' | 'lost'; /** When the last event of the estate was received. */ readonly lastEventAt: number | null }
export type LiveListener = (message: LiveMessage | { readonly type: 'resumed' }) => void

let state: LiveState = { connection: 'connecting', lastEventAt: null }
const watchers = new Set<() => void>()
const listeners = new Set<LiveListener>()
const update = (change: Partial<LiveState>) => {
  state = { ...state, ...change }
  for (const watcher of watchers) watcher()
}

const firstPause = 1_000
const longestPause = 30_000

/** Keeps the stream open until the signal says stop. */
async function follow(signal: AbortSignal): Promise<void> {
  let pause = firstPause
  let resumed = false
  while (!signal.aborted) {
    try {
      const response = await fetch(urlOf('/api/v1/live'), { headers: headersOf({ accept: 'text/event-stream' }), credentials: 'same-origin', signal })
      if (response.status === 401 || response.status === 403) { update({ connection: 'lost' }); return }
      if (!response.ok || response.body === null) throw new Error(`live: ${response.status}`)
      update({ connection: 'open' })
      pause = firstPause
      if (resumed) for (const listener of listeners) listener({ type: 'resumed' })
      resumed = true
      for await (const { data } of eventStream(response.body)) {
        let message: LiveMessage
        try { message = JSON.parse(data) as LiveMessage } catch { continue }
        if (message.type === 'events') update({ lastEventAt: new Date(message.last_received_at).getTime() })
        for (const listener of listeners) listener(message)
      }
    } catch { /* Told by the state below. */ }
    if (signal.aborted) return
    update({ connection: 'lost' })
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pause * (0.75 + Math.random() / 2))
      signal.addEventListener('abort', () => { clearTimeout(timer); resolve() }, { once: true })
    })
    pause = Math.min(longestPause, pause * 2)
  }
}

/** One stream for the whole console, while the shell stands and for the tenant that is chosen. */
export function useLiveConnection(tenantId: string | null): void {
  useEffect(() => {
    const stop = new AbortController()
    update({ connection: 'connecting', lastEventAt: null })
    void follow(stop.signal)
    return () => stop.abort()
  }, [tenantId])
}

export function useLiveState(): LiveState {
  return useSyncExternalStore((watcher) => { watchers.add(watcher); return () => { watchers.delete(watcher) } }, () => state)
}

/** Calls `listen` with each message. `listen` should be stable (useCallback) or cheap to swap. */
export function useLive(listen: LiveListener): void {
  useEffect(() => {
    listeners.add(listen)
    return () => { listeners.delete(listen) }
  }, [listen])
}

/** The overview says when the last event arrived before the stream does. */
export function noteLastEvent(at: string | null): void {
  const time = at === null ? null : new Date(at).getTime()
  if (time !== null && (state.lastEventAt === null || time > state.lastEventAt)) update({ lastEventAt: time })
}
