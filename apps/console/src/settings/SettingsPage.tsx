import { Link, Navigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useSession } from '../api/session.ts'
import { useBreadcrumb } from '../parts/trail.ts'
import { useTexts } from '../texts/useTexts.ts'
import { Account } from './Account.tsx'
import { settingsRoute } from './feature.tsx'
import { Keys } from './Keys.tsx'
import { People } from './People.tsx'
import { TenantSettings } from './TenantSettings.tsx'
import { settingsTexts } from './texts.ts'
import classes from './Settings.module.css'

const sections = [
  { id: 'people', permission: 'user.read' }, { id: 'keys', permission: 'key.read' }, { id: 'tenant', permission: 'tenant.read' }, { id: 'account', permission: null },
] as const
type Section = typeof sections[number]['id']

function useSections(): readonly Section[] {
  const { permissions, tenant } = useSession()
  return sections.filter(({ permission }) => permission === null || (tenant !== null && permissions.includes(permission))).map(({ id }) => id)
}

export function SettingsHome() {
  const [first = 'account'] = useSections()
  return <Navigate to="/settings/$section" params={{ section: first }} replace />
}

const contents: Readonly<Record<Section, () => ReactNode>> = { people: () => <People />, keys: () => <Keys />, tenant: () => <TenantSettings />, account: () => <Account /> }

export function SettingsPage() {
  const t = useTexts(settingsTexts)
  const { section } = settingsRoute.useParams()
  const offered = useSections()
  const chosen = offered.find((each) => each === section)
  useBreadcrumb(chosen === undefined ? null : t(chosen))
  if (chosen === undefined) return <SettingsHome />
  return (
    <div className={classes['page']}>
      <nav className={classes['nav']} aria-label={t('sections')}>
        <p className={classes['navTitle']}>{t('title')}</p>
        <ul>{offered.map((each) => <li key={each}><Link to="/settings/$section" params={{ section: each }} activeProps={{ 'aria-current': 'page' }}>{t(each)}</Link></li>)}</ul>
      </nav>
      <div className={classes['content']}>
        <header className={classes['head']}><div><h1>{t(chosen)}</h1><p>{t(`${chosen}_why`)}</p></div></header>
        {contents[chosen]()}
      </div>
    </div>
  )
}
