// One listener for the whole console. What was registered last is asked first, so a page's own keys win over the shell's; nothing fires while
// somebody types or a dialog is open. Defended by tests/console/shell.test.ts.
import { useEffect, useRef, useSyncExternalStore } from 'react'
import type { Label } from '../feature.ts'

export type Shortcut = {
  /** 'j', '?', 'Enter', 'g i' (one after the other), 'mod+k' (Ctrl or ⌘). */
  readonly keys: string
  readonly label: Label
  readonly run: (event: KeyboardEvent) => void
  /** The heading it stands under in the list of all keys. */
  readonly group: 'list' | 'incident' | 'go' | 'all'
  /** Also where somebody types. */
  readonly always?: boolean
}

const sequenceMs = 1_200
let layers: readonly (readonly Shortcut[])[] = []
const watchers = new Set<() => void>()
const setLayers = (next: typeof layers) => {
  layers = next
  for (const watcher of watchers) watcher()
}

const typing = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) && !['checkbox', 'radio', 'button'].includes((target as HTMLInputElement).type))
/** Enter and Space belong to the control that has the focus. */
const controls = (event: KeyboardEvent): boolean => (event.key === 'Enter' || event.key === ' ') && event.target instanceof Element && event.target.closest('a,button,[role=button],[role=option],[role=menuitem],[role=tab],summary') !== null

export function nameOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'code'>): string {
  // With a Korean layout the key says ㅓ where the code says KeyJ.
  const key = /^Key[A-Z]$/.test(event.code) && !/^[a-zA-Z]$/.test(event.key) ? event.code.slice(3).toLowerCase() : event.key.length === 1 ? event.key.toLowerCase() : event.key
  return `${event.ctrlKey || event.metaKey ? 'mod+' : ''}${event.altKey ? 'alt+' : ''}${key}`
}

let prefix: { key: string; at: number } | null = null

export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || (event.isComposing && !event.code.startsWith('Key'))) return
  const name = nameOf(event)
  const sequence = prefix !== null && event.timeStamp - prefix.at < sequenceMs ? `${prefix.key} ${name}` : null
  const occupied = typing(event.target) || document.querySelector('[aria-modal="true"]') !== null
  const all = layers.toReversed().flat()
  const found = all.find((shortcut) => shortcut.keys === sequence) ?? all.find((shortcut) => shortcut.keys === name)
  prefix = null
  if (found !== undefined && (found.always === true || (!occupied && !controls(event)))) {
    event.preventDefault()
    found.run(event)
  } else if (!occupied && all.some((shortcut) => shortcut.keys.startsWith(`${name} `))) prefix = { key: name, at: event.timeStamp }
}

/** While the component stands. Later calls win over earlier ones. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts)
  latest.current = shortcuts
  const signature = shortcuts.map(({ keys }) => keys).join('|')
  useEffect(() => {
    const layer = latest.current.map((shortcut, at): Shortcut => ({ ...shortcut, run: (event) => latest.current[at]?.run(event) }))
    setLayers([...layers, layer])
    return () => setLayers(layers.filter((each) => each !== layer))
  }, [signature])
}

export function useAllShortcuts(): readonly Shortcut[] {
  const current = useSyncExternalStore((watcher) => { watchers.add(watcher); return () => { watchers.delete(watcher) } }, () => layers)
  const seen = new Set<string>()
  return current.toReversed().flat().filter(({ keys }) => !seen.has(keys) && seen.add(keys))
}
