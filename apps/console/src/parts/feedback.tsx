// What is said without being asked: announcements for screen readers, and toasts. Both stand once, in the shell.
import { useEffect, useState, useSyncExternalStore } from 'react'
import { ApiError } from '../api/error.ts'
import { useTexts } from '../texts/useTexts.ts'
import { icons } from './icons.tsx'
import { partTexts } from './texts.ts'
import classes from './feedback.module.css'

export type Toast = { readonly tone: 'good' | 'bad' | 'neutral'; readonly title: string; readonly text?: string; readonly action?: { readonly label: string; readonly run: () => void } }
type Standing = Toast & { readonly id: number }

let toasts: readonly Standing[] = []
let said = { text: '', count: 0 }
let nextId = 1
const watchers = new Set<() => void>()
const tell = () => { for (const watcher of watchers) watcher() }
const subscribe = (watcher: () => void) => { watchers.add(watcher); return () => { watchers.delete(watcher) } }

/** Read out politely; shown nowhere. */
export function announce(text: string): void {
  said = { text, count: said.count + 1 }
  tell()
}

export function toast(message: Toast): void {
  toasts = [...toasts.slice(-3), { ...message, id: nextId++ }]
  tell()
}
/** What went wrong with something that was asked for, with the code to quote. */
export function toastError(title: string, error: unknown): void {
  toast({ tone: 'bad', title, text: error instanceof ApiError ? `${error.detail} (${error.code})`.trim() : String(error) })
}
const dismiss = (id: number) => {
  toasts = toasts.filter((each) => each.id !== id)
  tell()
}

export function Feedback() {
  const standing = useSyncExternalStore(subscribe, () => toasts)
  const spoken = useSyncExternalStore(subscribe, () => said)
  return (
    <>
      {/* A text said twice is read twice: the two regions take turns. */}
      <div className="unseen" aria-live="polite">{spoken.count % 2 === 0 ? spoken.text : ''}</div>
      <div className="unseen" aria-live="polite">{spoken.count % 2 === 1 ? spoken.text : ''}</div>
      <div className={classes['stack']} role="region" aria-label="Toasts" hidden={standing.length === 0}>
        {standing.map((each) => <ToastCard key={each.id} toast={each} />)}
      </div>
    </>
  )
}

function ToastCard({ toast: { id, tone, title, text, action } }: { toast: Standing }) {
  const t = useTexts(partTexts)
  const [held, setHeld] = useState(false)
  // A failure stays until it is read; all others leave when nobody rests on them.
  useEffect(() => {
    if (tone === 'bad' || held) return
    const timer = setTimeout(() => dismiss(id), 6_000)
    return () => clearTimeout(timer)
  }, [id, tone, held])
  const Icon = tone === 'bad' ? icons.warning : tone === 'good' ? icons.check : icons.info
  return (
    <div className={classes['toast']} data-tone={tone} role={tone === 'bad' ? 'alert' : 'status'} onMouseEnter={() => setHeld(true)} onMouseLeave={() => setHeld(false)}>
      <Icon size={18} />
      <div><strong>{title}</strong>{text === undefined ? null : <p>{text}</p>}{action === undefined ? null : <button type="button" onClick={() => { action.run(); dismiss(id) }}>{action.label}</button>}</div>
      <button type="button" className={classes['close']} aria-label={t('close')} onClick={() => dismiss(id)}><icons.close size={16} /></button>
    </div>
  )
}
