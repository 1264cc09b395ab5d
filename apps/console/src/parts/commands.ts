import { useEffect, useRef, useSyncExternalStore } from 'react'
import type { ReactNode } from 'react'

/** An entry of the command palette (Ctrl/⌘-K). `group` heads it, e.g. the name of what is selected. */
export type Command = { readonly id: string; readonly label: string; readonly group: string; readonly icon?: ReactNode; readonly keys?: string; readonly run: () => void }

let layers: readonly (readonly Command[])[] = []
const watchers = new Set<() => void>()
const setLayers = (next: typeof layers) => {
  layers = next
  for (const watcher of watchers) watcher()
}

/** What can be done on this page, while the component stands. */
export function useCommands(commands: readonly Command[]): void {
  const latest = useRef(commands)
  latest.current = commands
  const signature = commands.map(({ id, label }) => `${id}:${label}`).join('|')
  useEffect(() => {
    const layer = latest.current.map((command, at): Command => ({ ...command, run: () => latest.current[at]?.run() }))
    setLayers([...layers, layer])
    return () => setLayers(layers.filter((each) => each !== layer))
  }, [signature])
}

export function useAllCommands(): readonly Command[] {
  return useSyncExternalStore((watcher) => { watchers.add(watcher); return () => { watchers.delete(watcher) } }, () => layers).toReversed().flat()
}
