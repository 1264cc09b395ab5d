// The frame that every room stands in: skip link, rail, top bar, the page; live updates; keys and commands that hold everywhere.
import { Drawer } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { Outlet, useRouter, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useLiveConnection } from '../api/live.ts'
import { useSession } from '../api/session.ts'
import { useShortcuts } from '../parts/keyboard.ts'
import { usePreferences } from '../preferences.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { useFreshData } from './fresh-data.ts'
import { Palette } from './Palette.tsx'
import { Rail, useEntries } from './Rail.tsx'
import { ShortcutList } from './ShortcutList.tsx'
import { shellTexts } from './texts.ts'
import { TopBar } from './TopBar.tsx'
import classes from './Shell.module.css'

export function Shell() {
  const t = useTexts(shellTexts)
  const session = useSession()
  const rooms = useEntries()
  const { rail, language } = usePreferences()
  const router = useRouter()
  const pathname = useRouterState({ select: (state) => state.location.pathname })
  const [palette, setPalette] = useState(false)
  const [keys, setKeys] = useState(false)
  const [menu, setMenu] = useState(false)
  const phone = useMediaQuery('(max-width: 699px)', false, { getInitialValueInEffect: false }) === true
  const tablet = useMediaQuery('(max-width: 1099px)', false, { getInitialValueInEffect: false }) === true
  const main = useRef<HTMLElement>(null)
  useLiveConnection(session.tenant_id)
  useFreshData(useQueryClient())

  // A new page begins at its beginning, for eyes, keys and screen readers alike; the first one leaves the focus to the browser.
  const before = useRef(pathname)
  useEffect(() => {
    setMenu(false)
    if (before.current === pathname) return
    before.current = pathname
    main.current?.focus({ preventScroll: true })
  }, [pathname])
  const room = rooms.find(({ to }) => to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`))
  useEffect(() => { document.title = room === undefined ? 'Haechi' : `${room.label[language]} · Haechi` }, [room, language])

  const go = (to: string) => { void router.navigate({ to }) }
  useShortcuts([
    { keys: 'mod+k', group: 'all', always: true, label: { en: 'Commands', ko: '명령 열기' }, run: () => setPalette(true) },
    { keys: '/', group: 'all', label: { en: 'Search', ko: '검색' }, run: () => setPalette(true) },
    { keys: '?', group: 'all', label: { en: 'All keys', ko: '모든 단축키' }, run: () => setKeys(true) },
    ...rooms.filter(({ key }) => key !== undefined).map(({ key, label, to }) => ({ keys: `g ${key}`, group: 'go' as const, label, run: () => go(to) })),
  ])

  return (
    <div className={classes['frame']} data-rail={phone ? 'none' : rail === 'narrow' || tablet ? 'narrow' : 'wide'}>
      <a className={classes['skip']} href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus() }}>{t('skip')}</a>
      {phone ? (
        <Drawer opened={menu} onClose={() => setMenu(false)} size={280} title="Haechi" closeButtonProps={{ 'aria-label': t('menu') }}><Rail narrow={false} foldable={false} /></Drawer>
      ) : <Rail narrow={rail === 'narrow' || tablet} foldable={!tablet} />}
      <div className={classes['side']}>
        <TopBar room={room} phone={phone} onSearch={() => setPalette(true)} onMenu={() => setMenu(true)} onKeys={() => setKeys(true)} />
        {session.tenant?.origin === 'demo' ? <section className={classes['demo']} aria-label={t('tenant_demo')}><DemoText /></section> : null}
        <main id="main" ref={main} tabIndex={-1} className={classes['main']}><Outlet /></main>
      </div>
      <Palette opened={palette} onClose={() => setPalette(false)} rooms={rooms} onGo={go} onKeys={() => setKeys(true)} />
      <ShortcutList opened={keys} onClose={() => setKeys(false)} />
    </div>
  )
}

function DemoText() {
  const t = useTexts(shellTexts)
  const [before, after] = t('demo_banner', { command: '\u0000' }).split('\u0000')
  return <>{before}<code className="mono">npx haechi demo remove</code>{after}</>
}
