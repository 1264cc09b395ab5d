// What a person chose for this browser: language, time zone, theme, rail. Kept in localStorage; another tab follows at once.
import { createContext, use, useCallback, useEffect, useMemo, useSyncExternalStore } from 'react'
import type { ReactNode } from 'react'
import type { Language } from './texts/catalogue.ts'

export type Preferences = {
  readonly language: Language
  /** IANA name. */
  readonly timeZone: string
  readonly rail: 'wide' | 'narrow'
}

const storageKey = 'haechi.preferences'
const listeners = new Set<() => void>()
let cached: { text: string | null; value: Partial<Preferences> } = { text: null, value: {} }

function stored(): Partial<Preferences> {
  const text = localStorage.getItem(storageKey)
  if (text !== cached.text) {
    let value: Partial<Preferences> = {}
    try {
      value = JSON.parse(text ?? '{}') as Partial<Preferences>
    } catch { /* What another version wrote is forgotten. */ }
    cached = { text, value }
  }
  return cached.value
}

export function savePreferences(change: Partial<Preferences>): void {
  localStorage.setItem(storageKey, JSON.stringify({ ...stored(), ...change }))
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('storage', listener)
  return () => { listeners.delete(listener); removeEventListener('storage', listener) }
}

const browserLanguage = (): Language => (navigator.languages.find((tag) => /^(ko|en)\b/i.test(tag)) ?? 'en').toLowerCase().startsWith('ko') ? 'ko' : 'en'
export const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** The language of requests and texts: what was chosen here, else the account's, else the browser's. */
export function currentLanguage(): Language {
  return stored().language ?? accountLanguage ?? browserLanguage()
}
let accountLanguage: Language | null = null
export function setAccountLanguage(language: Language | null): void {
  if (language === accountLanguage) return
  accountLanguage = language
  for (const listener of listeners) listener()
}

const PreferencesContext = createContext<Preferences | null>(null)

export function PreferencesProvider({ children }: { children: ReactNode }) {
  const chosen = useSyncExternalStore(subscribe, stored)
  const language = useSyncExternalStore(subscribe, currentLanguage)
  const value = useMemo((): Preferences => ({ language, timeZone: chosen.timeZone ?? browserZone, rail: chosen.rail ?? 'wide' }), [chosen, language])
  useEffect(() => { document.documentElement.lang = language }, [language])
  return <PreferencesContext value={value}>{children}</PreferencesContext>
}

export function usePreferences(): Preferences {
  const value = use(PreferencesContext)
  if (value === null) throw new Error('usePreferences outside of PreferencesProvider')
  return value
}

/** State kept in this browser under `key`, e.g. chosen columns and saved views. */
export function useStored<Value>(key: string, otherwise: Value): [Value, (value: Value) => void] {
  const name = `haechi.${key}`
  const text = useSyncExternalStore(subscribe, useCallback(() => localStorage.getItem(name), [name]))
  const value = useMemo((): Value => {
    if (text === null) return otherwise
    try {
      return JSON.parse(text) as Value
    } catch {
      return otherwise
    }
  // `otherwise` is a literal at most callers: only what is stored decides.
  }, [text])
  const save = useCallback((next: Value) => {
    localStorage.setItem(name, JSON.stringify(next))
    for (const listener of listeners) listener()
  }, [name])
  return [value, save]
}
