import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { RuleSummary } from '../../../server/src/detection/wire.ts'
import { ConfirmDialog } from '../parts/ConfirmDialog.tsx'
import { toast } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { SeveritySign } from '../parts/signs.tsx'
import { EmptyState, QueryView } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { ruleQuery, suppressionsQuery, useMay, useRuleChanges } from './queries.ts'
import type { Go } from './RulesPage.tsx'
import { Cost, Fact, logOf, Stage, Switched, useCorrelationType, useWhere } from './signs.tsx'
import { Suppress } from './Suppress.tsx'
import { ruleTexts } from './texts.ts'
import classes from './Rules.module.css'

/** A rule beside the list: what it is, how it did, and what can be done about it. `known` is shown until it is there. */
export function RulePanel({ id, known, go }: { id: string; known: RuleSummary | undefined; go: Go }) {
  const t = useTexts(ruleTexts)
  const query = useQuery({ ...ruleQuery(id), ...(known === undefined ? {} : { placeholderData: known }) })
  return <QueryView query={query} empty={(rule) => rule === null ? <EmptyState title={t('gone')} why={t('gone_why')} /> : null}>{(rule) => rule === null ? null : <Panel rule={rule} go={go} />}</QueryView>
}

function Panel({ rule, go }: { rule: RuleSummary; go: Go }) {
  const t = useTexts(ruleTexts)
  const may = useMay()
  const where = useWhere()
  const { enable } = useRuleChanges()
  const [switching, setSwitching] = useState(false)
  const [suppressing, setSuppressing] = useState(false)
  const suppressions = (useQuery(suppressionsQuery).data ?? []).filter((one) => one.rule_id === rule.id)
  const { alerts, true_positives: yes, false_positives: no, enabled } = rule
  const log = logOf(rule)
  const typeOf = useCorrelationType()
  const f = useFormats()
  const { correlation } = rule
  return (
    <div className={classes['panel']}>
      <p className={classes['signs']}>{rule.level === null ? null : <SeveritySign severity={rule.level} />}<Switched enabled={enabled} /></p>
      {may.write ? (
        <div className={classes['do']}>
          <Button size="xs" variant="default" leftSection={enabled ? <icons.pause size={15} /> : <icons.play size={15} />} onClick={() => setSwitching(true)}>{t(enabled ? 'switch_off' : 'switch_on')}</Button>
          <Button size="xs" variant="default" leftSection={<icons.filter size={15} />} onClick={() => setSuppressing(true)}>{t('suppress')}</Button>
        </div>
      ) : null}
      <section>
        <h3>{t('history')}</h3>
        {alerts === 0 ? <p className="dim">{t('no_alerts')}</p> : <History alerts={alerts} yes={yes} no={no} />}
        {alerts === 0 ? null : <p><Link to="/alerts" search={{ rule: rule.id }}>{t('show_alerts', { count: alerts })}</Link></p>}
      </section>
      <dl className={classes['facts']}>
        {correlation === null ? <Fact label={t('looks_at')}>{log ?? t('any_log')}</Fact> : (
          <>
            <Fact label={t('correlation')}>{t('correlation_said', { type: typeOf(correlation.type), time: f.duration(correlation.timespan_seconds * 1_000) })}</Fact>
            <Fact label={t('refers_to')}><span className={classes['links']}>{correlation.refers_to.map(({ id, title }) => <button key={id} type="button" className={classes['link']} onClick={() => go({ rule: id })}>{title}</button>)}</span></Fact>
            <Fact label={t('group_by')}>{correlation.group_by.length === 0 ? <span className="dim">{t('group_by_none')}</span> : <span className="mono">{correlation.group_by.join(', ')}</span>}</Fact>
          </>
        )}
        {rule.silent ? <Fact label={t('own_alerts')}>{t('silent')}</Fact> : null}
        <Fact label={t('hits')}>{rule.hits_7d === 0 ? <span className="dim">{t('hits_none')}</span> : <>{t('hits_said', { day: rule.hits_24h, week: rule.hits_7d })}{rule.last_hit_at === null ? null : <> · <Time at={rule.last_hit_at} /></>}</>}</Fact>
        <Fact label={t('cost')}><Cost rule={rule} /></Fact>
        <Fact label={t('techniques')}>{rule.techniques.length === 0 ? <span className="dim">{t('not_stated')}</span> : <span className={classes['links']}>{rule.techniques.map((technique) => <a key={technique} className="mono" href={`https://attack.mitre.org/techniques/${technique.replace('.', '/')}/`} target="_blank" rel="noreferrer noopener">{technique}</a>)}</span>}</Fact>
        <Fact label={t('status')}><Stage status={rule.status} /></Fact>
        <Fact label={t('pack')}><button type="button" className={classes['link']} onClick={() => go({ pack: rule.pack })}>{rule.pack}</button></Fact>
        <Fact label={t('author')}>{rule.author ?? <span className="dim">{t('not_stated')}</span>}</Fact>
        <Fact label={t('licence')}>{rule.license ?? <span className="dim">{t('licence_none')}</span>}</Fact>
        <Fact label={t('id')}><span className="mono">{rule.id}</span></Fact>
      </dl>
      <section>
        <h3>{t('suppressed_where')}</h3>
        {suppressions.length === 0 ? <p className="dim">{t('suppress_none')}</p> : <ul className={classes['list']}>{suppressions.map((one) => <li key={one.id}><button type="button" className={classes['link']} onClick={() => go({ tab: 'suppressions', suppression: one.id, rule: undefined })}>{where(one)}</button><p className="dim">{one.reason}</p></li>)}</ul>}
      </section>
      <ConfirmDialog
        opened={switching} onClose={() => setSwitching(false)} title={t(enabled ? 'off_title' : 'on_title', { title: rule.title })} reason="none" confirmLabel={t(enabled ? 'switch_off' : 'switch_on')} undo={t(enabled ? 'off_undo' : 'on_undo')}
        blastRadius={enabled ? [t('off_effect'), alerts === 0 ? t('off_quiet') : t('off_history', { count: alerts, yes, no }), t('off_stays')] : [t('on_effect'), t('on_gap')]}
        onConfirm={async () => { await enable(rule.id, !enabled); toast({ tone: 'good', title: t(enabled ? 'switched_off' : 'switched_on'), text: rule.title }) }}
      >
        {enabled ? <p className="dim">{t('off_rather')}</p> : null}
      </ConfirmDialog>
      <Suppress opened={suppressing} rule={rule} onClose={() => setSuppressing(false)} />
    </div>
  )
}

/** Of the alerts how many were judged, and how. */
function History({ alerts, yes, no }: { alerts: number; yes: number; no: number }) {
  const t = useTexts(ruleTexts)
  const f = useFormats()
  const open = Math.max(0, alerts - yes - no)
  const parts = [['true_positive', yes], ['false_positive', no], ['unjudged', open]] as const
  return (
    <figure className={classes['history']} role="img" aria-label={t('history_said', { yes, no, open })}>
      <div className={classes['share']}>{parts.map(([name, count]) => count === 0 ? null : <span key={name} data-part={name} style={{ flexGrow: count }} />)}</div>
      <figcaption>{parts.map(([name, count]) => <span key={name}><i data-part={name} />{t(name)} <strong>{f.number(count)}</strong></span>)}</figcaption>
    </figure>
  )
}
