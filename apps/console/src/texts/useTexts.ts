import { useMemo } from 'react'
import { usePreferences } from '../preferences.tsx'
import { translator } from './catalogue.ts'
import type { Catalogue, Translate } from './catalogue.ts'
import { formats } from './formats.ts'
import type { Formats } from './formats.ts'

/** `const t = useTexts(incidentTexts); t('count', { count: 3 })` */
export function useTexts<C extends Catalogue>(texts: C): Translate<C['en']> {
  const { language } = usePreferences()
  return useMemo(() => translator(texts as Catalogue<C['en']>, language), [texts, language])
}

/** Numbers, times and durations in the reader's language and zone. */
export function useFormats(): Formats {
  const { language, timeZone } = usePreferences()
  return useMemo(() => formats(language, timeZone), [language, timeZone])
}
