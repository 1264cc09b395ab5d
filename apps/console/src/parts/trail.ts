import { useEffect, useSyncExternalStore } from 'react'

let trail: string | null = null
const watchers = new Set<() => void>()
const set = (next: string | null) => {
  trail = next
  for (const watcher of watchers) watcher()
}

/** What the breadcrumb says after the room's name, while the page stands; null while it is not known. */
export function useBreadcrumb(title: string | null): void {
  useEffect(() => {
    set(title)
    return () => set(null)
  }, [title])
}
export const useTrail = (): string | null => useSyncExternalStore((watcher) => { watchers.add(watcher); return () => { watchers.delete(watcher) } }, () => trail)
