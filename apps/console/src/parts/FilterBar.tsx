import { Menu, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { useTexts } from '../texts/useTexts.ts'
import { icons } from './icons.tsx'
import { partTexts } from './texts.ts'
import classes from './FilterBar.module.css'

/** `id` is its parameter in the URL. Several chosen values are joined by a comma. */
export type Filter = { readonly id: string; readonly label: string; readonly options: readonly { readonly value: string; readonly label: string; readonly sign?: ReactNode }[]; readonly multiple?: boolean }
/** As they stand in the URL. */
export type FilterValues = Readonly<Record<string, string | undefined>>

/** Chips that can be taken off one by one; all of it is in the URL, so a view is a link. `search` is the parameter of the free text. */
export function FilterBar({ filters, values, onChange, search, views }: {
  filters: readonly Filter[]
  values: FilterValues
  /** Only what changed; undefined takes it off. */
  onChange: (change: Record<string, string | undefined>) => void
  search?: { readonly id: string; readonly label: string }
  /** `<SavedViews …>` */
  views?: ReactNode
}) {
  const t = useTexts(partTexts)
  const set = filters.filter(({ id }) => values[id] !== undefined && values[id] !== '')
  const choose = ({ id, multiple }: Filter, value: string) => {
    if (multiple !== true) { onChange({ [id]: values[id] === value ? undefined : value }); return }
    const chosen = new Set((values[id] ?? '').split(',').filter(Boolean))
    if (!chosen.delete(value)) chosen.add(value)
    onChange({ [id]: chosen.size === 0 ? undefined : [...chosen].join(',') })
  }
  return (
    <div className={classes['bar']} role="search" aria-label={t('filters')}>
      {search === undefined ? null : <SearchField label={search.label} value={values[search.id] ?? ''} onChange={(text) => onChange({ [search.id]: text === '' ? undefined : text })} />}
      {filters.map((filter) => {
        const chosen = new Set((values[filter.id] ?? '').split(',').filter(Boolean))
        const named = filter.options.filter(({ value }) => chosen.has(value))
        const said = named.length > 0 ? named.map(({ label }) => label).join(', ') : [...chosen].join(', ')
        return (
          <span key={filter.id} className={classes['chip']} data-set={chosen.size > 0 || undefined}>
            <Menu position="bottom-start">
              <Menu.Target><button type="button" className={classes['open']}>{chosen.size > 0 ? <><span className="dim">{filter.label}</span> {said}</> : filter.label}<icons.down size={13} /></button></Menu.Target>
              <Menu.Dropdown>
                {filter.options.map(({ value, label, sign }) => filter.multiple === true
                  ? <Menu.CheckboxItem key={value} checked={chosen.has(value)} onChange={() => choose(filter, value)}>{sign ?? label}</Menu.CheckboxItem>
                  : <Menu.RadioItem key={value} value={value} closeMenuOnClick checked={chosen.has(value)} onChange={() => choose(filter, value)}>{sign ?? label}</Menu.RadioItem>)}
              </Menu.Dropdown>
            </Menu>
            {chosen.size === 0 ? null : <button type="button" className={classes['remove']} aria-label={t('filter_remove', { name: filter.label, value: said })} onClick={() => onChange({ [filter.id]: undefined })}><icons.close size={12} /></button>}
          </span>
        )
      })}
      {set.length < 2 ? null : <button type="button" className={classes['clear']} onClick={() => onChange(Object.fromEntries(set.map(({ id }) => [id, undefined])))}>{t('filter_clear')}</button>}
      <span className={classes['end']}>{views}</span>
    </div>
  )
}

function SearchField({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => onChange(text), 250)
    return () => clearTimeout(timer)
  }, [text])
  return <TextInput className={classes['search']} size="xs" type="search" aria-label={label} placeholder={label} leftSection={<icons.search size={15} />} value={text} onChange={(event) => setText(event.currentTarget.value)} />
}
