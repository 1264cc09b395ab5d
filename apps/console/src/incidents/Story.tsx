import { now } from '../clock.ts'
import '@mantine/core/styles/FloatingIndicator.css'
import { Button, SegmentedControl, Textarea } from '@mantine/core'
import { useMemo, useRef, useState } from 'react'
import type { RefObject } from 'react'
import type { TimelineEntry } from '../../../server/src/incidents/wire.ts'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import { useSession } from '../api/session.ts'
import { toastError } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import type { IconName } from '../parts/icons.tsx'
import { SeveritySign } from '../parts/signs.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import type { Claim } from './EvidenceDrawer.tsx'
import { useAbilities, useIncidentChanges } from './queries.ts'
import { byMinute, factOf, firstLines, matches } from './story.ts'
import type { StoryFilter, StoryLine } from './story.ts'
import { incidentTexts } from './texts.ts'
import classes from './Story.module.css'

const filters: readonly StoryFilter[] = ['all', 'alerts', 'actions', 'comments']
const kindIcons: Readonly<Record<Exclude<TimelineEntry['kind'], 'alert'>, IconName>> = { status: 'half', severity: 'incidents', assignment: 'user', comment: 'comment', verdict: 'check', action: 'shield', approval: 'approvals', note: 'info' }
const linesAtFirst = 40

type Pending = { key: string; at: string; text: string; state: 'sending' | 'failed' }

/** What happened, what we did and what people said, by the minute. `box` is where a comment is written. */
export function Story({ incident, onClaim, box }: { incident: IncidentDetail; onClaim: (claim: Claim) => void; box: RefObject<HTMLTextAreaElement | null> }) {
  const t = useTexts(incidentTexts)
  const f = useFormats()
  const { name } = useSession()
  const [filter, setFilter] = useState<StoryFilter>('all')
  const [whole, setWhole] = useState(false)
  const [pending, setPending] = useState<readonly Pending[]>([])
  const { comment } = useIncidentChanges()
  const sent = useRef(0)

  const minutes = useMemo(() => {
    const unsent = pending.map(({ key, at, text }): TimelineEntry => ({ id: key, at, kind: 'comment', actor: { kind: 'user', name }, text, severity: null, ref: null, event: null }))
    return byMinute([...incident.timeline.filter((entry) => matches(entry, filter)), ...(filter === 'all' || filter === 'comments' ? unsent : [])], (iso) => f.clock(iso).slice(0, 10))
  }, [incident.timeline, pending, filter, f, name])
  const shown = whole ? { minutes, rest: 0 } : firstLines(minutes, linesAtFirst)

  const send = async (text: string, key = `pending:${++sent.current}`) => {
    setPending((all) => [...all.filter((each) => each.key !== key), { key, at: new Date(now()).toISOString(), text, state: 'sending' }])
    try {
      await comment(incident.id, text)
      setPending((all) => all.filter((each) => each.key !== key))
    } catch (error) {
      setPending((all) => all.map((each) => each.key === key ? { ...each, state: 'failed' } : each))
      toastError(t('comment_failed'), error)
    }
  }

  return (
    <div className={classes['story']}>
      <div className={classes['filter']}><SegmentedControl size="xs" value={filter} onChange={(value) => setFilter(value)} aria-label={t('story')} data={filters.map((value) => ({ value, label: t(`story_${value}`) }))} /></div>
      {minutes.length === 0 ? <p className={classes['empty']}>{t('story_empty')}</p> : null}
      <ol className={classes['minutes']}>
        {shown.minutes.map((minute) => (
          <li key={minute.at} className={classes['minute']}>
            {minute.newDay ? <h3 className={classes['day']}>{f.date(minute.at)}</h3> : null}
            <time className={classes['time']} dateTime={minute.at} title={f.absolute(minute.at)}>{f.clock(minute.at).slice(11, 16)}</time>
            <ul>{minute.lines.map((line) => <Line key={line.key} line={line} onClaim={onClaim} pending={pending.find(({ key }) => key === line.key)} onAgain={(one) => { void send(one.text, one.key) }} />)}</ul>
          </li>
        ))}
      </ol>
      {shown.rest === 0 ? null : <button type="button" className={classes['more']} onClick={() => setWhole(true)}>{t('story_more', { count: shown.rest })}</button>}
      {useAbilities().write ? <CommentBox box={box} onSend={(text) => { void send(text) }} /> : null}
    </div>
  )
}

function Line({ line, onClaim, pending, onAgain }: { line: StoryLine; onClaim: (claim: Claim) => void; pending: Pending | undefined; onAgain: (pending: Pending) => void }) {
  const t = useTexts(incidentTexts)
  const f = useFormats()
  const { entry, entries } = line
  const Icon = entry.kind === 'alert' ? null : icons[kindIcons[entry.kind]]
  const fact = entry.kind === 'alert' ? factOf(entry) : null
  const claim = entry.ref?.type === 'alert' ? { alertId: entry.ref.id, eventId: entry.event?.event_id ?? null } : null
  return (
    <li className={classes['line']} data-kind={entry.kind} data-pending={pending?.state}>
      <span className={classes['sign']}>{Icon === null ? <SeveritySign severity={entry.severity ?? 'informational'} compact /> : <><Icon size={16} /><span className="unseen">{t(`kind_${entry.kind}`)}</span></>}</span>
      <div className={classes['said']}>
        {entry.kind === 'comment' ? <p className={classes['who']}><strong>{entry.actor?.name}</strong></p> : null}
        {claim === null ? <p className={classes['text']}>{entry.text}</p> : <button type="button" className={classes['claim']} onClick={() => onClaim(claim)}>{entry.text}</button>}
        <p className={classes['under']}>
          {entries.length === 1 ? null : <span title={`${f.absolute(entry.at)} – ${f.absolute(entries.at(-1)!.at)}`}><span aria-hidden="true">{t('times', { count: entries.length })}</span><span className="unseen">{t('times_spoken', { count: entries.length })}</span></span>}
          {fact === null ? null : <span className={classes['fact']} title={fact}>{fact}</span>}
          {entry.kind !== 'alert' && entry.kind !== 'comment' && entry.actor !== null && entry.actor.kind !== 'system' ? <span>{entry.actor.name}</span> : null}
          {pending?.state === 'sending' ? <span>{t('comment_sending')}</span> : null}
          {pending?.state === 'failed' ? <button type="button" className={classes['again']} onClick={() => onAgain(pending)}>{t('comment_failed')} · {t('comment_again')}</button> : null}
        </p>
      </div>
    </li>
  )
}

function CommentBox({ box, onSend }: { box: RefObject<HTMLTextAreaElement | null>; onSend: (text: string) => void }) {
  const t = useTexts(incidentTexts)
  const [text, setText] = useState('')
  const send = () => {
    if (text.trim() === '') return
    onSend(text.trim())
    setText('')
  }
  return (
    <form className={classes['box']} onSubmit={(event) => { event.preventDefault(); send() }}>
      <Textarea
        ref={box} aria-label={t('comment')} placeholder={t('comment_hint')} autosize minRows={2} maxRows={10} value={text} onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send() } else if (event.key === 'Escape') event.currentTarget.blur() }}
      />
      <Button type="submit" variant="default" size="xs" disabled={text.trim() === ''}>{t('comment_send')}</Button>
    </form>
  )
}
