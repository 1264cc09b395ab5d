import { Menu, Tooltip } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { chooseTenant } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import type { NavEntry, NavGroup } from '../feature.ts'
import { features } from '../features.ts'
import { icons } from '../parts/icons.tsx'
import { savePreferences, usePreferences } from '../preferences.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { AccountMenu } from './AccountMenu.tsx'
import { shellTexts } from './texts.ts'
import classes from './Rail.module.css'

const groups: readonly Exclude<NavGroup, 'foot'>[] = ['now', 'defend', 'surface', 'apis', 'prove']
const allEntries = features.flatMap(({ nav }): readonly NavEntry[] => nav)
/** The entries that the reader may use. */
export function useEntries(): readonly NavEntry[] {
  const { permissions } = useSession()
  return allEntries.filter(({ permission }) => permission === undefined || permissions.includes(permission))
}

export function Rail({ narrow, foldable }: { narrow: boolean; foldable: boolean }) {
  const t = useTexts(shellTexts)
  const entries = useEntries()
  return (
    <nav className={classes['rail']} data-narrow={narrow || undefined} aria-label={t('navigation')}>
      <Link to="/" className={classes['brand']} aria-label="Haechi"><Mark />{narrow ? null : <span>Haechi</span>}</Link>
      <div className={classes['groups']}>
        {groups.map((group) => {
          const inside = entries.filter((entry) => entry.group === group)
          return inside.length === 0 ? null : (
            <div key={group} role="group" aria-labelledby={`group-${group}`}>
              <h2 id={`group-${group}`} className={narrow ? 'unseen' : classes['group']}>{t(`group_${group}`)}</h2>
              <ul>{inside.map((entry) => <li key={entry.to}><Entry entry={entry} narrow={narrow} /></li>)}</ul>
            </div>
          )
        })}
      </div>
      <div className={classes['foot']}>
        <TenantSwitch narrow={narrow} />
        {entries.filter(({ group }) => group === 'foot').map((entry) => <Entry key={entry.to} entry={entry} narrow={narrow} />)}
        <AccountMenu narrow={narrow} />
        {foldable ? (
          <Hint text={narrow ? t('rail_wide') : null}>
            <button type="button" className={classes['fold']} aria-label={narrow ? t('rail_wide') : undefined} aria-expanded={!narrow} onClick={() => savePreferences({ rail: narrow ? 'wide' : 'narrow' })}>
              <span data-turned={narrow || undefined}><icons.back size={16} /></span>{narrow ? null : t('rail_narrow')}
            </button>
          </Hint>
        ) : null}
      </div>
    </nav>
  )
}

const useNothing = () => undefined
function Entry({ entry, narrow }: { entry: NavEntry; narrow: boolean }) {
  const { language } = usePreferences()
  const formats = useFormats()
  // The entry is a constant of the build: which hook it has never changes.
  const count = (entry.useCount ?? useNothing)()
  const label = entry.label[language]
  const number = count === undefined || count === 0 ? null : <span className={classes['number']}>{count > 99 ? '99+' : formats.number(count)}</span>
  return (
    <Hint text={narrow ? label : null}>
      <Link to={entry.to} className={classes['entry']} activeOptions={{ exact: entry.to === '/' }} activeProps={{ 'aria-current': 'page' }} aria-label={narrow ? label : undefined}>
        {entry.icon}{narrow ? null : <span>{label}</span>}{number}
      </Link>
    </Hint>
  )
}

export function Hint({ text, children }: { text: string | null; children: ReactNode }) {
  return text === null ? <>{children}</> : <Tooltip label={text} position="right">{children as never}</Tooltip>
}

function TenantSwitch({ narrow }: { narrow: boolean }) {
  const t = useTexts(shellTexts)
  const { tenants, tenant } = useSession()
  const queryClient = useQueryClient()
  if (tenant === null) return null
  const choose = (id: string) => {
    chooseTenant(id)
    // What was seen of one tenant must not be seen under the name of another.
    queryClient.clear()
    location.reload()
  }
  const name = <><icons.tenant />{narrow ? null : <span className={classes['name']}>{tenant.display_name}</span>}{tenant.origin === 'demo' && !narrow ? <span className={classes['tag']}>{t('tenant_demo')}</span> : null}</>
  if (tenants.length < 2) return <Hint text={narrow ? tenant.display_name : null}><div className={classes['still']} title={`${t('tenant')}: ${tenant.display_name}`}><span className="unseen">{t('tenant')}: {narrow ? tenant.display_name : ''}</span>{name}</div></Hint>
  return (
    <Menu position="right-end" width={240}>
      <Menu.Target><button type="button" className={classes['entry']}><span className="unseen">{t('tenant')}: {narrow ? tenant.display_name : ''}</span>{name}{narrow ? null : <span className={classes['more']}><icons.chevron size={14} /></span>}</button></Menu.Target>
      <Menu.Dropdown mah={360} className={classes['dropdown']}>
        <Menu.Label>{t('tenant')}</Menu.Label>
        {tenants.map((each) => <Menu.Item key={each.id} onClick={() => choose(each.id)} rightSection={each.id === tenant.id ? <icons.check size={14} /> : null}>{each.display_name}{each.origin === 'demo' ? <span className={classes['tag']}>{t('tenant_demo')}</span> : null}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  )
}

/** The guardian's face, in a shield. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path d="M16 2 4 7v9c0 7.200 5 12 12 14 7-2 12-6.800 12-14V7z" fill="var(--accent)" />
      <path d="M10 13c2-2.400 10-2.400 12 0M11.500 17.500h.01M20.500 17.500h.01M12 22.500c2.400 1.600 5.600 1.600 8 0" fill="none" stroke="var(--on-accent)" strokeWidth="2.400" strokeLinecap="round" />
    </svg>
  )
}
