import { ActionIcon, Button, Popover, TextInput, Tooltip } from '@mantine/core'
import { useState } from 'react'
import { icons } from '../parts/icons.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { fixed, instantIn, shifted, spans } from './range.ts'
import type { RangeSearch, Span, Window } from './range.ts'
import { huntTexts } from './texts.ts'
import classes from './Hunt.module.css'

const order = Object.keys(spans) as Span[]

/** The stretch of time: one of the usual ones, or from and to in the reader's zone; half a window earlier or later. */
export function TimeRange({ window, onChange }: { window: Window; onChange: (range: RangeSearch) => void }) {
  const t = useTexts(huntTexts)
  const f = useFormats()
  const [opened, setOpened] = useState(false)
  const { from, to, span } = window
  const step = (direction: -1 | 1) => {
    if (from === null || to === null) return
    const next = shifted({ from, to }, direction)
    onChange(fixed(next.from, next.to))
  }
  return (
    <div className={classes['range']} role="group" aria-label={t('range')}>
      <Tooltip label={t('earlier')}><ActionIcon variant="default" size={30} aria-label={t('earlier')} disabled={from === null} onClick={() => step(-1)}><icons.back size={15} /></ActionIcon></Tooltip>
      <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus width={300}>
        <Popover.Target>
          <Button size="xs" h={30} variant="default" leftSection={<icons.clock size={15} />} rightSection={<icons.down size={13} />} onClick={() => setOpened(!opened)}>
            <span className="unseen">{t('range')}: </span>{span === null ? said(f.clock(from ?? 0), f.clock(to ?? 0)) : t(`span_${span}`)}
          </Button>
        </Popover.Target>
        <Popover.Dropdown p={0}>
          <div className={classes['spans']}>{order.map((each) => <button key={each} type="button" data-chosen={each === span || undefined} aria-pressed={each === span} onClick={() => { onChange({ range: each, from: undefined, to: undefined }); setOpened(false) }}>{t(`span_${each}`)}{each === span ? <icons.check size={15} /> : null}</button>)}</div>
          <Custom window={window} onChange={(range) => { onChange(range); setOpened(false) }} />
        </Popover.Dropdown>
      </Popover>
      <Tooltip label={t('later')}><ActionIcon variant="default" size={30} aria-label={t('later')} disabled={to === null} onClick={() => step(1)}><icons.chevron size={15} /></ActionIcon></Tooltip>
    </div>
  )
}

/** The second time without what it shares with the first. */
function said(from: string, to: string): string {
  const short = (text: string) => text.endsWith(':00') ? text.slice(0, -3) : text
  return `${short(from)} – ${from.slice(0, 10) === to.slice(0, 10) ? short(to.slice(11)) : short(to)}`
}

function Custom({ window: { from, to }, onChange }: { window: Window; onChange: (range: RangeSearch) => void }) {
  const t = useTexts(huntTexts)
  const f = useFormats()
  const local = (at: number | null) => at === null ? '' : f.clock(at).replace(' ', 'T').slice(0, 16)
  const [start, setStart] = useState(local(from))
  const [end, setEnd] = useState(local(to))
  const [wrong, setWrong] = useState(false)
  const apply = () => {
    const [a, b] = [instantIn(start, f.zone), instantIn(end, f.zone)]
    if (a === null || b === null || a >= b) setWrong(true)
    else onChange(fixed(a, b))
  }
  return (
    <form className={classes['custom']} noValidate onSubmit={(event) => { event.preventDefault(); apply() }}>
      <TextInput type="datetime-local" size="xs" label={t('from')} value={start} onChange={(event) => { setStart(event.currentTarget.value); setWrong(false) }} />
      <TextInput type="datetime-local" size="xs" label={t('to')} value={end} error={wrong ? t('range_wrong') : null} onChange={(event) => { setEnd(event.currentTarget.value); setWrong(false) }} />
      <p>{t('zone', { zone: f.zone })}</p>
      <Button type="submit" size="xs" variant="default">{t('apply')}</Button>
    </form>
  )
}
