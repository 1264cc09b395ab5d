import { useSyncExternalStore } from 'react'
import { now } from '../clock.ts'
import { useFormats } from '../texts/useTexts.ts'

// One clock for all times on a page: they move together, twice a minute.
let shown = now()
const watchers = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
export function useNow(): number {
  return useSyncExternalStore((watcher) => {
    watchers.add(watcher)
    timer ??= setInterval(() => { shown = now(); for (const each of watchers) each() }, 30_000)
    return () => {
      watchers.delete(watcher)
      if (watchers.size === 0) { clearInterval(timer); timer = undefined }
    }
  }, () => shown)
}

/** Relative with the absolute on hover (lists), or absolute with the zone (evidence, reports). */
export function Time({ at, form = 'relative' }: { at: string | number | null; form?: 'relative' | 'absolute' | 'clock' }) {
  const formats = useFormats()
  const current = useNow()
  if (at === null) return <span className="dim">–</span>
  const text = form === 'relative' ? formats.relative(at, Math.max(current, now())) : form === 'clock' ? formats.clock(at) : formats.absolute(at)
  return <time dateTime={new Date(at).toISOString()} title={form === 'absolute' ? undefined : formats.absolute(at)}>{text}</time>
}
