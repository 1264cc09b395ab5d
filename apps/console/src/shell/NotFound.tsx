import { Link, useLocation } from '@tanstack/react-router'
import { EmptyState } from '../parts/states.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { shellTexts } from './texts.ts'

export function NotFound() {
  const t = useTexts(shellTexts)
  const { pathname } = useLocation()
  return <EmptyState title={t('not_found')} why={t('not_found_why', { path: pathname })} next={<Link to="/">{t('to_overview')}</Link>} />
}
