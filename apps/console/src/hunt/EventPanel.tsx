import { Button, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { ReactNode } from 'react'
import type { StoredEvent } from '../../../server/src/telemetry/wire.ts'
import { CopyButton } from '../incidents/EvidenceDrawer.tsx'
import { layOut } from '../incidents/evidence.ts'
import { icons } from '../parts/icons.tsx'
import { EmptyState, QueryView, SkeletonLines } from '../parts/states.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { recordQuery } from './queries.ts'
import { huntTexts } from './texts.ts'
import type { Field } from './words.ts'
import classes from './Hunt.module.css'

/** A record beside the hunt: what is known of it, each fact a way to narrow, and the record as it was sent. */
export function EventPanel({ eventId, at, onNarrow, onAround }: { eventId: string; at: string; onNarrow: (field: Field, value: string) => void; onAround: (host: string, at: number) => void }) {
  const t = useTexts(huntTexts)
  const query = useQuery(recordQuery(eventId, at))
  return (
    <QueryView query={query} skeleton={<SkeletonLines count={14} />} empty={(event) => event === null ? <EmptyState title={t('record_gone')} why={t('record_gone_why')} /> : null}>
      {(event) => event === null ? null : <Record event={event} onNarrow={onNarrow} onAround={onAround} />}
    </QueryView>
  )
}

function Record({ event, onNarrow, onAround }: { event: StoredEvent; onNarrow: (field: Field, value: string) => void; onAround: (host: string, at: number) => void }) {
  const t = useTexts(huntTexts)
  const f = useFormats()
  const { host } = event
  const endpoint = (address: string | null | undefined, port: number | null | undefined) => address == null ? null : `${address.includes(':') ? `[${address}]` : address}${port == null ? '' : `:${port}`}`
  const facts: readonly (readonly [string, string | null, (readonly [Field, string | null])?])[] = [
    [t('fact_host'), host ?? null, ['host', host ?? null]],
    [t('fact_user'), event.user ?? null, ['user', event.user ?? null]],
    [t('fact_process'), event.process ?? null, ['process', event.process ?? null]],
    [t('fact_pid'), event.process_id == null ? null : String(event.process_id)],
    [t('fact_command_line'), event.command_line ?? null],
    [t('fact_parent'), event.parent_process ?? null, ['process', event.parent_process ?? null]],
    [t('fact_src'), endpoint(event.src_ip, event.src_port), ['address', event.src_ip ?? null]],
    [t('fact_dst'), endpoint(event.dst_ip, event.dst_port), ['address', event.dst_ip ?? null]],
    [t('fact_hash'), event.hash ?? null, ['hash', longest(event.hash)]],
    [t('fact_code'), event.event_code ?? null, ['code', event.event_code ?? null]],
    [t('fact_log'), event.log_source ?? null],
    [t('fact_source'), event.source ?? null, ['source', event.source ?? null]],
  ]
  return (
    <div className={classes['record']}>
      <dl>
        <Fact label={t('fact_time')}>{f.absolute(event.time)}{event.time_stated === false ? <p className="dim">{t('time_unstated')}</p> : null}</Fact>
        <Fact label={t('fact_received')}>{f.absolute(event.received_at)}</Fact>
        {facts.map(([label, value, narrow]) => value === null || value === '' ? null : (
          <Fact key={label} label={label} evidence>
            {value}{narrow?.[1] == null ? null : <Tooltip label={t('only', { field: label, value: narrow[1] })}><button type="button" aria-label={t('only', { field: label, value: narrow[1] })} onClick={() => onNarrow(narrow[0], narrow[1]!)}><icons.filter size={14} /></button></Tooltip>}
          </Fact>
        ))}
      </dl>
      {host == null ? null : <div><Button size="compact-sm" variant="default" leftSection={<icons.clock size={14} />} title={t('around_hint')} onClick={() => onAround(host, Date.parse(event.time))}>{t('around', { host })}</Button></div>}
      {event.raw === undefined ? null : (
        <section>
          <header><h3>{t('raw')}</h3><CopyButton text={event.raw} label={t('copy_record')} /></header>
          <Raw text={event.raw} />
        </section>
      )}
    </div>
  )
}

/** Of several digests the strongest. */
const longest = (hashes: string | null | undefined): string | null => hashes?.split(' ').toSorted((a, b) => b.length - a.length)[0] ?? null

function Fact({ label, evidence = false, children }: { label: string; evidence?: boolean; children: ReactNode }) {
  return <div><dt>{label}</dt><dd className={evidence ? 'mono' : undefined}>{children}</dd></div>
}

/** Names step back behind values. */
function Raw({ text }: { text: string }) {
  const t = useTexts(huntTexts)
  const lines = useMemo(() => layOut(text).split('\n').map((line) => /^(\s*"(?:[^"\\]|\\.)*": )(.*)$/.exec(line)?.slice(1) ?? ['', line]), [text])
  return <pre className={classes['raw']} tabIndex={0} aria-label={t('raw')}>{lines.map(([name = '', value = ''], index) => <span key={index}>{name === '' ? null : <span className={classes['name']}>{name}</span>}{value}{'\n'}</span>)}</pre>
}
