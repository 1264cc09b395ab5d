import { Button, Popover, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useStored } from '../preferences.tsx'
import { useTexts } from '../texts/useTexts.ts'
import type { FilterValues } from './FilterBar.tsx'
import { icons } from './icons.tsx'
import { partTexts } from './texts.ts'
import classes from './SavedViews.module.css'

type View = { readonly name: string; readonly values: FilterValues }

/** Filters under a name, kept in this browser. `given` come with the page and cannot be removed. */
export function SavedViews({ name, given = [], values, onChoose }: { name: string; given?: readonly View[]; values: FilterValues; onChoose: (values: FilterValues) => void }) {
  const t = useTexts(partTexts)
  const [own, setOwn] = useStored<View[]>(`views.${name}`, [])
  const [title, setTitle] = useState('')
  const [opened, setOpened] = useState(false)
  const save = () => {
    if (title.trim() === '') return
    setOwn([...own.filter((view) => view.name !== title.trim()), { name: title.trim(), values }])
    setTitle('')
  }
  const pick = (view: View) => { onChoose(view.values); setOpened(false) }
  return (
    <Popover position="bottom-end" width={280} trapFocus opened={opened} onChange={setOpened}>
      <Popover.Target><Button size="xs" variant="default" leftSection={<icons.bookmark size={15} />} onClick={() => setOpened(!opened)}>{t('views')}</Button></Popover.Target>
      <Popover.Dropdown>
        <div className={classes['views']}>
          {given.map((view) => <button key={view.name} type="button" className={classes['pick']} onClick={() => pick(view)}>{view.name}</button>)}
          {own.map((view) => (
            <div key={view.name} className={classes['own']}>
              <button type="button" className={classes['pick']} onClick={() => pick(view)}>{view.name}</button>
              <button type="button" className={classes['remove']} aria-label={t('view_remove', { name: view.name })} onClick={() => setOwn(own.filter((each) => each !== view))}><icons.close size={13} /></button>
            </div>
          ))}
          {given.length + own.length === 0 ? <p className="dim">{t('views_none')}</p> : null}
          <form onSubmit={(event) => { event.preventDefault(); save() }}>
            <TextInput size="xs" aria-label={t('view_name')} placeholder={t('view_name')} value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
            <Button size="xs" type="submit" variant="default" disabled={title.trim() === ''}>{t('view_save')}</Button>
          </form>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
