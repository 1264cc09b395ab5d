// The right column of an incident: who and what is touched, what is known of it, what it looks like.
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { AffectedAsset, IncidentDetail } from '../../../server/src/views/wire.ts'
import { narrowed } from '../hunt/words.ts'
import { Section } from '../parts/DetailPage.tsx'
import { icons } from '../parts/icons.tsx'
import { SeveritySign, StatusSign } from '../parts/signs.tsx'
import type { Tone } from '../parts/signs.tsx'
import { Time } from '../parts/time.tsx'
import { useTexts } from '../texts/useTexts.ts'
import type { Claim } from './EvidenceDrawer.tsx'
import { IncidentStatusSign } from './signs.tsx'
import { incidentTexts } from './texts.ts'
import classes from './Facts.module.css'

export function Facts({ incident, onClaim }: { incident: IncidentDetail; onClaim: (claim: Claim) => void }) {
  const t = useTexts(incidentTexts)
  const assets = new Map(incident.assets.map((asset) => [asset.name.toLowerCase(), asset]))
  return (
    <>
      <Section title={t('hosts')}><Some items={incident.affected_hosts} none={t('hosts_none')} render={(name) => <AssetRow key={name} name={name} icon="host" asset={assets.get(name.toLowerCase())} />} /></Section>
      <Section title={t('users')}><Some items={incident.affected_users} none={t('users_none')} render={(name) => <AssetRow key={name} name={name} icon="user" asset={assets.get(name.toLowerCase())} />} /></Section>
      <Section title={t('indicators')}>
        <Some items={incident.indicators} none={t('indicators_none')} render={(indicator) => (
          <li key={`${indicator.type} ${indicator.value}`}>
            <button type="button" className={classes['claim']} onClick={() => onClaim({ alertId: indicator.alert_id, eventId: null })}><code title={indicator.value}>{indicator.value}</code></button>
            <p><IntelSign verdict={indicator.verdict} /><span>{t('confidence', { value: indicator.confidence })}</span><span>{indicator.sources.join(', ')}</span></p>
          </li>
        )} />
      </Section>
      <Section title={t('techniques')}><Some items={incident.techniques} none={t('techniques_none')} render={(id) => <li key={id} className={classes['technique']}><span className="mono">{id}</span><span>{incident.technique_names?.[id] ?? ''}</span></li>} /></Section>
      <Section title={t('similar')}>
        <Some items={incident.similar} none={t('similar_none')} render={(similar) => (
          <li key={similar.id}>
            <Link to="/incidents/$incidentId" params={{ incidentId: similar.id }} className={classes['similar']}><SeveritySign severity={similar.severity} compact /> <span>{similar.title}</span></Link>
            <p>{similar.verdict === null ? <IncidentStatusSign status={similar.status} /> : <StatusSign icon="check" tone={similar.verdict === 'true_positive' ? 'warn' : 'muted'} label={t(`verdict_${similar.verdict}`)} />}<span>{similar.why}</span><Time at={similar.detected_at} /></p>
          </li>
        )} />
      </Section>
    </>
  )
}

const atFirst = 6
function Some<Item>({ items, none, render }: { items: readonly Item[]; none: string; render: (item: Item) => ReactNode }) {
  const t = useTexts(incidentTexts)
  const [all, setAll] = useState(false)
  if (items.length === 0) return <p className={classes['none']}>{none}</p>
  return (
    <>
      <ul className={classes['list']}>{(all ? items : items.slice(0, atFirst)).map(render)}</ul>
      {all || items.length <= atFirst ? null : <button type="button" className={classes['all']} onClick={() => setAll(true)}>{t('show_all', { count: items.length })}</button>}
    </>
  )
}

function AssetRow({ name, icon, asset }: { name: string; icon: 'host' | 'user'; asset: AffectedAsset | undefined }) {
  const t = useTexts(incidentTexts)
  const Icon = icons[icon]
  const grave = asset?.criticality === 'critical' || asset?.criticality === 'high'
  return (
    <li>
      <p className={classes['name']}><Icon size={15} /> <Link to="/hunt" search={{ query: narrowed('', icon, name), range: '7d' }} title={t('hunt_for')} className={classes['hunt']}><strong>{name}</strong></Link></p>
      <p>
        {asset === undefined ? <span>{t('not_asset')}</span> : (
          <>
            {isCriticality(asset.criticality) ? <span data-grave={grave || undefined}>{grave ? <icons.warning size={13} /> : null}{t(`criticality_${asset.criticality}`)}</span> : null}
            {isExposure(asset.exposure) ? <span data-grave={asset.exposure === 'internet' || undefined}>{asset.exposure === 'internet' ? <icons.globe size={13} /> : null}{t(`exposure_${asset.exposure}`)}</span> : null}
            {asset.class === null ? null : <span>{asset.class}</span>}
            {asset.tags.map((tag) => <span key={tag}>{tag}</span>)}
          </>
        )}
      </p>
    </li>
  )
}
const isCriticality = (value: string) => value === 'low' || value === 'normal' || value === 'high' || value === 'critical'
const isExposure = (value: string) => value === 'unknown' || value === 'internal' || value === 'internet'

const intelTones: Readonly<Record<string, Tone>> = { malicious: 'bad', suspicious: 'warn', benign: 'good' }
function IntelSign({ verdict }: { verdict: string }) {
  const t = useTexts(incidentTexts)
  const known = (['malicious', 'suspicious', 'benign'] as const).find((each) => each === verdict) ?? 'unknown'
  return <StatusSign icon={known === 'malicious' ? 'warning' : known === 'benign' ? 'check' : 'info'} tone={intelTones[known] ?? 'muted'} label={t(`intel_${known}`)} />
}
