import { Button, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import type { Feed, LookupResult } from '../../../server/src/intel/wire.ts'
import { CopyButton } from '../incidents/EvidenceDrawer.tsx'
import { DataTable } from '../parts/DataTable.tsx'
import type { Column } from '../parts/DataTable.tsx'
import { icons } from '../parts/icons.tsx'
import { useShortcuts } from '../parts/keyboard.ts'
import { ListPage } from '../parts/ListPage.tsx'
import { SidePanel } from '../parts/SidePanel.tsx'
import { StatusSign } from '../parts/signs.tsx'
import { EmptyState, QueryView, SkeletonLines } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { pasted, refanged } from './indicators.ts'
import type { Go, Search } from './IntelPage.tsx'
import { lookupMost, lookupQuery } from './queries.ts'
import { VerdictSign, verdicts } from './signs.tsx'
import { intelTexts } from './texts.ts'
import classes from './Intel.module.css'

const none = <span className="dim">–</span>
const idOf = (result: LookupResult) => result.indicator
/** What a link can carry. */
const linkable = 1_500

export function Lookup({ tabs, feeds, search: { text: linked, verdict, indicator: opened }, go }: { tabs: ReactNode; feeds: readonly Feed[] | undefined; search: Search; go: Go }) {
  const t = useTexts(intelTexts)
  const f = useFormats()
  const [text, setText] = useState((linked ?? '').split(' ').join('\n'))
  const [asked, setAsked] = useState<readonly string[]>(() => pasted(linked ?? ''))
  // Another link to this page, or a step back.
  useEffect(() => {
    if (linked === undefined || linked === asked.join(' ')) return
    setText(linked.split(' ').join('\n'))
    setAsked(pasted(linked))
  }, [linked])
  const written = useMemo(() => pasted(text), [text])
  const query = useQuery(lookupQuery(asked))
  const results = useMemo(() => (query.data ?? []).toSorted((a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict)), [query.data])
  const rows = useMemo(() => verdict === undefined ? results : results.filter((result) => result.verdict === verdict), [results, verdict])
  const lookUp = () => {
    if (written.length === 0 || written.length > lookupMost) return
    setAsked(written)
    const link = written.join(' ')
    go({ text: link.length <= linkable ? link : undefined, verdict: undefined, indicator: undefined })
  }
  const clear = () => { setText(''); setAsked([]); go({ text: undefined, verdict: undefined, indicator: undefined }) }
  const open = useCallback((result: LookupResult) => go({ indicator: result.indicator }), [go])
  const close = () => go({ indicator: undefined })
  useShortcuts(opened === undefined ? [] : [{ keys: 'Escape', group: 'list', label: { en: 'Close the panel', ko: '패널 닫기' }, run: close }])

  const columns = useMemo((): readonly Column<LookupResult>[] => [
    { id: 'verdict', label: t('column_verdict'), width: '136px', fixed: true, cell: (row) => <Verdict result={row} /> },
    { id: 'indicator', label: t('column_indicator'), width: 'minmax(240px, 1fr)', fixed: true, cell: (row) => <span className="mono" title={row.indicator}>{row.indicator}</span> },
    { id: 'type', label: t('column_type'), width: '96px', cell: (row) => row.type === null ? none : t(`type_${row.type}`) },
    { id: 'confidence', label: t('column_confidence'), width: '92px', align: 'end', cell: (row) => row.verdict === 'unknown' ? none : f.number(row.confidence) },
    { id: 'sources', label: t('column_sources'), width: '160px', cell: (row) => row.sources.length === 0 ? none : <span title={row.sources.join(', ')}>{row.sources.join(', ')}</span> },
    { id: 'tags', label: t('column_tags'), width: '160px', cell: (row) => row.tags.length === 0 ? none : <span title={row.tags.join(', ')}>{row.tags.join(', ')}</span> },
    { id: 'sightings', label: t('column_sightings'), width: '92px', align: 'end', cell: (row) => row.sightings === 0 ? <span className="dim">0</span> : <strong>{f.number(row.sightings)}</strong> },
    { id: 'last', label: t('column_last'), width: '112px', cell: (row) => <Time at={row.last_seen} /> },
    { id: 'techniques', label: t('column_techniques'), width: '150px', hidden: true, cell: (row) => <span className="mono">{row.techniques.join(', ')}</span> },
    { id: 'first', label: t('column_first'), width: '112px', hidden: true, cell: (row) => <Time at={row.first_seen} /> },
    { id: 'until', label: t('column_until'), width: '112px', hidden: true, cell: (row) => <Time at={row.valid_until} /> },
  ], [t, f])
  const beside = useMemo(() => columns.filter(({ id }) => id === 'verdict' || id === 'indicator'), [columns])
  const one = results.find((result) => result.indicator === opened)
  return (
    <ListPage
      title={t('title')}
      filters={(
        <>
          {tabs}
          <form className={classes['ask']} role="search" aria-label={t('look_up')} onSubmit={(event) => { event.preventDefault(); lookUp() }}>
            <Textarea
              label={t('indicators')} description={t('hint')} placeholder={t('placeholder')} value={text} onChange={(event) => setText(event.currentTarget.value)} autosize minRows={asked.length === 0 ? 5 : 2} maxRows={asked.length === 0 ? 14 : 5} spellCheck={false} autoCapitalize="off"
              error={written.length > lookupMost ? t('too_many', { count: written.length }) : null} classNames={{ input: classes['paste'] ?? '' }}
              onKeyDown={(event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); lookUp() } }}
            />
            <div className={classes['askDo']}>
              <Button type="submit" size="xs" loading={query.isFetching} disabled={written.length === 0 || written.length > lookupMost}>{t('look_up')}</Button>
              {asked.length === 0 && text === '' ? null : <Button size="xs" variant="subtle" color="gray" onClick={clear}>{t('clear')}</Button>}
              <span className="dim">{written.length === 0 ? '' : t('count', { count: written.length })}</span>
            </div>
          </form>
        </>
      )}
      panel={opened === undefined || one === undefined ? null : <SidePanel subject={opened} title={<strong className={`${classes['opened']} mono`}>{opened}</strong>} onClose={close}><ResultPanel result={one} /></SidePanel>}
    >
      {feeds?.length === 0 ? <p className={classes['note']}><icons.info size={16} /> {t('no_feeds')} <Link to="/intel" search={{ tab: 'feeds' }}>{t('to_feeds')}</Link></p> : null}
      {asked.length === 0 ? <EmptyState title={t('empty')} why={t('empty_why')} /> : (
        <QueryView query={query} skeleton={<SkeletonLines count={8} height={20} />}>
          {() => (
            <>
              <div className={classes['sum']} role="group" aria-label={t('filter')}>
                <button type="button" aria-pressed={verdict === undefined} onClick={() => go({ verdict: undefined })}>{t('all')} <strong>{f.number(results.length)}</strong></button>
                {verdicts.map((each) => { const count = results.filter((result) => result.verdict === each).length; return count === 0 ? null : <button key={each} type="button" aria-pressed={verdict === each} onClick={() => go({ verdict: verdict === each ? undefined : each })}><VerdictSign verdict={each} /> <strong>{f.number(count)}</strong></button> })}
                <span className={classes['end']}><CopyButton text={asTable(rows)} label={t('copy')} /></span>
              </div>
              {rows.length === 0 ? <EmptyState title={t('empty_verdict')} why={t('empty_verdict_why')} next={<Button variant="default" onClick={() => go({ verdict: undefined })}>{t('show_all')}</Button>} />
                : <DataTable<LookupResult> name="lookup" label={t('results')} columns={one === undefined ? columns : beside} rows={rows} rowId={idOf} peeked={opened ?? null} onPeek={open} onOpen={open} card={(row) => <div className={classes['card']}><p><Verdict result={row} /><span className="dim">{row.sightings === 0 ? '' : t('seen', { count: row.sightings })}</span></p><p className="mono">{row.indicator}</p><p className="dim">{[row.sources.join(', '), row.tags.join(', ')].filter((part) => part !== '').join(' · ')}</p></div>} />}
            </>
          )}
        </QueryView>
      )}
    </ListPage>
  )
}

function Verdict({ result }: { result: LookupResult }) {
  const t = useTexts(intelTexts)
  return result.type === null ? <StatusSign icon="close" tone="muted" label={t('unrecognised')} /> : <VerdictSign verdict={result.verdict} />
}

/** For a spreadsheet: tabs between, one line each. */
const asTable = (rows: readonly LookupResult[]): string => [
  ['indicator', 'type', 'verdict', 'confidence', 'sources', 'tags', 'techniques', 'sightings', 'last_seen'],
  ...rows.map((row) => [row.indicator, row.type ?? '', row.verdict, String(row.confidence), row.sources.join(', '), row.tags.join(', '), row.techniques.join(', '), String(row.sightings), row.last_seen ?? '']),
].map((line) => line.map((cell) => cell.replace(/^[=+\-@]/, "'$&").replaceAll('\t', ' ')).join('\t')).join('\n')

/** How a hunt asks for it. */
function huntFor({ indicator, type }: LookupResult): string {
  const plain = refanged(indicator)
  if (type === 'ip' || type === 'cidr') return `address:${plain}`
  return type === 'md5' || type === 'sha1' || type === 'sha256' ? `hash:${plain.toLowerCase()}` : `"${plain.replaceAll('"', '\\"')}"`
}

function ResultPanel({ result }: { result: LookupResult }) {
  const t = useTexts(intelTexts)
  const unknown = result.verdict === 'unknown'
  const rows: readonly (readonly [string, ReactNode])[] = [
    [t('column_type'), result.type === null ? null : t(`type_${result.type}`)],
    [t('column_confidence'), unknown ? null : t('of_100', { value: result.confidence })],
    [t('says'), result.sources.join(', ')], [t('column_tags'), result.tags.join(', ')],
    [t('column_techniques'), result.techniques.length === 0 ? null : <span className={classes['links']}>{result.techniques.map((technique) => <a key={technique} className="mono" href={`https://attack.mitre.org/techniques/${technique.replace('.', '/')}/`} target="_blank" rel="noreferrer noopener">{technique}</a>)}</span>],
    [t('column_first'), result.first_seen === null ? null : <Time at={result.first_seen} form="absolute" />], [t('column_last'), result.last_seen === null ? null : <Time at={result.last_seen} form="absolute" />], [t('column_until'), result.valid_until === null ? null : <Time at={result.valid_until} form="absolute" />],
  ]
  return (
    <div className={classes['panel']}>
      <p><Verdict result={result} /></p>
      {result.type === null ? <p>{t('panel_unrecognised')}</p> : unknown ? <p>{t('panel_unknown')}</p> : null}
      <dl className={classes['facts']}>{rows.map(([label, value]) => value === null || value === '' ? null : <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>
      {result.type === null ? null : <div><p>{result.sightings === 0 ? t('unseen') : <strong>{t('seen', { count: result.sightings })}</strong>}</p><p><Link to="/hunt" search={{ query: huntFor(result), range: '30d' }}>{t('hunt')}</Link></p></div>}
    </div>
  )
}
