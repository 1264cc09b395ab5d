// Search and commands in one place: where to go, what to do with what is open, and incidents by title, host, user or id.
import { Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import type { IncidentSummary } from '../../../server/src/incidents/wire.ts'
import { api } from '../api/client.ts'
import type { NavEntry } from '../feature.ts'
import { useAllCommands } from '../parts/commands.ts'
import { icons } from '../parts/icons.tsx'
import { SeveritySign } from '../parts/signs.tsx'
import { savePreferences, usePreferences } from '../preferences.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { matches } from './match.ts'
import { shellTexts } from './texts.ts'
import classes from './Palette.module.css'

type Item = { readonly id: string; readonly group: string; readonly label: string; readonly detail?: string; readonly icon?: ReactNode; readonly keys?: string | undefined; readonly run: () => void }
const shownOfGroup = 8

export function Palette({ opened, onClose, rooms, onGo, onKeys }: { opened: boolean; onClose: () => void; rooms: readonly NavEntry[]; onGo: (to: string) => void; onKeys: () => void }) {
  const t = useTexts(shellTexts)
  return (
    <Modal opened={opened} onClose={onClose} withCloseButton={false} size={620} yOffset="12vh" centered={false} padding={0} attributes={{ content: { 'aria-label': t('search') } }}>
      {opened ? <Search onClose={onClose} rooms={rooms} onGo={onGo} onKeys={onKeys} /> : null}
    </Modal>
  )
}

function Search({ onClose, rooms, onGo, onKeys }: { onClose: () => void; rooms: readonly NavEntry[]; onGo: (to: string) => void; onKeys: () => void }) {
  const t = useTexts(shellTexts)
  const { language } = usePreferences()
  const commands = useAllCommands()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const base = useId()
  const incidentRoom = rooms.find(({ to }) => to === '/incidents')
  const incidents = useQuery({
    queryKey: ['incidents', 'palette'], enabled: incidentRoom !== undefined, staleTime: 30_000, retry: false,
    queryFn: ({ signal }) => api.get<{ incidents: IncidentSummary[] }>('/api/v1/incidents', { query: { status: 'all', limit: 200 }, signal }),
  })
  const items = useMemo((): Item[] => {
    const found: Item[] = commands.map((command) => ({ ...command, keys: command.keys }))
    found.push(...rooms.map((room): Item => ({ id: room.to, group: t('go_to'), label: room.label[language], detail: room.label[language === 'ko' ? 'en' : 'ko'], icon: room.icon, keys: room.key === undefined ? undefined : `g ${room.key}`, run: () => onGo(room.to) })))
    found.push({ id: 'keys', group: t('go_to'), label: t('shortcuts'), icon: <icons.keyboard />, keys: '?', run: onKeys })
    found.push({ id: 'language', group: t('settings'), label: language === 'ko' ? 'English' : '한국어', detail: `${t('language')} language 언어`, icon: <icons.globe />, run: () => savePreferences({ language: language === 'ko' ? 'en' : 'ko' }) })
    for (const incident of incidents.data?.incidents ?? []) {
      found.push({
        id: incident.id, group: incidentRoom?.label[language] ?? '', label: incident.title, detail: [incident.id, ...incident.affected_hosts, ...incident.affected_users].join(' '), icon: <SeveritySign severity={incident.severity} compact />,
        run: () => onGo(`/incidents/${incident.id}`),
      })
    }
    const chosen = text.trim() === '' ? found.filter(({ id }) => !id.startsWith('inc_')) : found.filter(({ label, detail = '' }) => matches(text, `${label} ${detail}`))
    if (/^inc_\w+$/.test(text.trim()) && !chosen.some(({ id }) => id === text.trim())) chosen.unshift({ id: text.trim(), group: incidentRoom?.label[language] ?? '', label: text.trim(), icon: <icons.incidents />, run: () => onGo(`/incidents/${text.trim()}`) })
    return [...Map.groupBy(chosen, ({ group }) => group).values()].flatMap((group) => group.slice(0, shownOfGroup))
  }, [commands, rooms, incidents.data, text, language, t])
  useEffect(() => setAt(0), [text])
  useEffect(() => { list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' }) }, [at])
  const run = (item: Item | undefined) => {
    if (item === undefined) return
    onClose()
    item.run()
  }
  return (
    <div className={classes['palette']}>
      <div className={classes['field']}>
        <icons.search />
        <input
          data-autofocus role="combobox" aria-expanded="true" aria-controls={`${base}-list`} aria-activedescendant={items[at] === undefined ? undefined : `${base}-${at}`} aria-label={t('search_hint')} placeholder={t('search_hint')} value={text} autoComplete="off" spellCheck={false}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return
            const step = event.key === 'ArrowDown' || (event.key === 'n' && event.ctrlKey) ? 1 : event.key === 'ArrowUp' || (event.key === 'p' && event.ctrlKey) ? -1 : 0
            if (step !== 0) { event.preventDefault(); setAt((at + step + items.length) % Math.max(1, items.length)) }
            else if (event.key === 'Enter') { event.preventDefault(); run(items[at]) }
          }}
        />
        <kbd>Esc</kbd>
      </div>
      <div id={`${base}-list`} role="listbox" aria-label={t('search')} ref={list} className={classes['list']}>
        {items.length === 0 ? <p className={classes['none']}>{t('search_none')}</p> : null}
        {items.map((item, index) => (
          <div key={`${item.group} ${item.id}`}>
            {items[index - 1]?.group === item.group ? null : <div className={classes['group']} role="presentation">{item.group}</div>}
            <div id={`${base}-${index}`} role="option" aria-selected={index === at} className={classes['item']} onClick={() => run(item)} onMouseMove={() => setAt(index)}>
              <span className={classes['icon']}>{item.icon}</span><span className={classes['label']}>{item.label}</span>
              {item.keys === undefined ? null : <span className={classes['keys']}>{item.keys.split(' ').map((key) => <kbd key={key}>{key}</kbd>)}</span>}
            </div>
          </div>
        ))}
      </div>
    </div>
  )
}
