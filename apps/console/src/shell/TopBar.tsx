import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useLiveState } from '../api/live.ts'
import type { NavEntry } from '../feature.ts'
import { useTrail } from '../parts/trail.ts'
import { icons } from '../parts/icons.tsx'
import { useNow } from '../parts/time.tsx'
import { usePreferences } from '../preferences.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { LanguageItems, languages, ZoneItems } from './AccountMenu.tsx'
import { shellTexts } from './texts.ts'
import classes from './TopBar.module.css'

export const modifier = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl'

export function TopBar({ room, phone, onSearch, onMenu, onKeys }: { room: NavEntry | undefined; phone: boolean; onSearch: () => void; onMenu: () => void; onKeys: () => void }) {
  const t = useTexts(shellTexts)
  const { language, timeZone } = usePreferences()
  const trail = useTrail()
  return (
    <header className={classes['bar']}>
      {phone ? <ActionIcon aria-label={t('menu')} onClick={onMenu}><icons.menu /></ActionIcon> : null}
      <nav className={classes['trail']} aria-label={t('go_to')}>
        <ol>
          {room === undefined ? null : <li>{trail === null ? <span aria-current="page">{room.label[language]}</span> : <Link to={room.to}>{room.label[language]}</Link>}</li>}
          {trail === null ? null : <li><icons.chevron size={12} /><span aria-current="page">{trail}</span></li>}
        </ol>
      </nav>
      <button type="button" className={classes['search']} onClick={onSearch} aria-label={t('search')} aria-keyshortcuts="/ Control+K Meta+K">
        <icons.search size={16} />{phone ? null : <><span>{t('search')}</span><kbd>/</kbd></>}
      </button>
      <div className={classes['end']}>
        <LiveDot phone={phone} />
        {phone ? null : (
          <>
            <Menu position="bottom-end">
              <Menu.Target><button type="button" className={classes['quiet']} aria-label={`${t('time_zone')}: ${timeZone}`}><icons.clock size={15} />{timeZone.split('/').at(-1)!.replaceAll('_', ' ')}</button></Menu.Target>
              <Menu.Dropdown><Menu.Label>{t('time_zone')}</Menu.Label><ZoneItems /></Menu.Dropdown>
            </Menu>
            <Menu position="bottom-end">
              <Menu.Target><button type="button" className={classes['quiet']} aria-label={`${t('language')}: ${languages.find(({ value }) => value === language)!.label}`}><icons.globe size={15} />{languages.find(({ value }) => value === language)!.label}</button></Menu.Target>
              <Menu.Dropdown><LanguageItems /></Menu.Dropdown>
            </Menu>
            <Tooltip label={`${t('shortcuts')} (?)`}><ActionIcon aria-label={t('shortcuts')} onClick={onKeys}><icons.keyboard /></ActionIcon></Tooltip>
          </>
        )}
      </div>
    </header>
  )
}

/** A word on a wide page, a dot with a name on a phone; never only a colour. */
function LiveDot({ phone }: { phone: boolean }) {
  const t = useTexts(shellTexts)
  const formats = useFormats()
  const { connection, lastEventAt } = useLiveState()
  const now = useNow()
  const said = connection === 'lost' ? t('live_lost') : connection === 'connecting' ? t('live_connecting') : lastEventAt === null ? t('live_none') : t('live_last', { ago: formats.relative(lastEventAt, now) })
  const short = connection === 'open' && lastEventAt !== null ? formats.relative(lastEventAt, now) : t('live')
  return (
    <Tooltip label={lastEventAt === null ? said : `${said} (${formats.absolute(lastEventAt)})`} multiline maw={280}>
      <span className={classes['live']} data-state={connection} tabIndex={0} role="status" aria-label={said}>
        <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">{connection === 'open' ? <circle cx="5" cy="5" r="4" /> : <circle cx="5" cy="5" r="3.200" fill="none" stroke="currentColor" strokeWidth="1.800" />}</svg>
        {phone ? null : <span aria-hidden="true">{short}</span>}
      </span>
    </Tooltip>
  )
}
