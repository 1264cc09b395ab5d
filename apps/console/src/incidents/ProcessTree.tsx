import { useMemo, useState } from 'react'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import { icons } from '../parts/icons.tsx'
import { SeveritySign, severities } from '../parts/signs.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import type { Claim } from './EvidenceDrawer.tsx'
import { imageName, treeRows } from './process-tree.ts'
import type { TreeRow } from './process-tree.ts'
import { incidentTexts } from './texts.ts'
import classes from './ProcessTree.module.css'

/** What started what; a process with an alert leads to its evidence. */
export function ProcessTree({ incident, onClaim }: { incident: IncidentDetail; onClaim: (claim: Claim) => void }) {
  const t = useTexts(incidentTexts)
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const rows = useMemo(() => treeRows(incident.processes, opened), [incident.processes, opened])
  const alerts = useMemo(() => new Map(incident.alerts.map((alert) => [alert.id, alert])), [incident.alerts])
  if (rows.length === 0) return <p className={classes['empty']}>{t('processes_empty')}</p>
  return (
    <ul className={classes['tree']} aria-label={t('processes')}>
      {rows.map((row) => row.type === 'host'
        ? <li key={row.key} className={classes['host']}><icons.host size={15} />{row.host ?? t('host_unknown')}</li>
        : row.type === 'folded'
          ? <li key={row.key} className={classes['row']}><Rails row={row} /><button type="button" className={classes['fold']} onClick={() => setOpened(new Set([...opened, row.parentKey]))}>{t('processes_quiet', { count: row.count })}</button></li>
          : <ProcessRow key={row.key} row={row} alerts={row.node.alert_ids.flatMap((id) => alerts.get(id) ?? [])} onClaim={onClaim} />)}
    </ul>
  )
}

function Rails({ row: { rails, last, depth } }: { row: Extract<TreeRow, { rails: boolean[] }> }) {
  return (
    <span className={classes['rails']} aria-hidden="true">
      {rails.slice(1).map((goesOn, index) => <i key={index} data-line={goesOn ? 'on' : undefined} />)}
      {depth === 0 ? null : <i data-line={last ? 'last' : 'branch'} />}
    </span>
  )
}

function ProcessRow({ row, alerts, onClaim }: { row: Extract<TreeRow, { type: 'process' }>; alerts: IncidentDetail['alerts']; onClaim: (claim: Claim) => void }) {
  const t = useTexts(incidentTexts)
  const f = useFormats()
  const { node } = row
  const worst = severities.find((severity) => alerts.some((alert) => alert.severity === severity))
  const first = alerts.find((alert) => alert.severity === worst)
  const name = imageName(node.image)
  return (
    <li className={classes['row']} data-path={row.onBadPath || undefined} data-bad={node.bad || undefined}>
      <Rails row={row} />
      <span className={classes['process']}>
        <span className={classes['head']}>
          <span className="unseen">{`${row.depth + 1}: `}</span>
          {first === undefined ? <span className={classes['name']} title={node.image ?? undefined}>{name}</span> : <button type="button" className={classes['name']} title={node.image ?? undefined} onClick={() => onClaim({ alertId: first.id, eventId: null })}>{name}</button>}
          <span className={classes['user']}>{node.user}</span>
          <time className={classes['at']} dateTime={node.at} title={f.absolute(node.at)}>{f.clock(node.at).slice(11)}</time>
        </span>
        {worst === undefined ? (node.bad ? <span className={classes['bad']}>{t('process_bad')}</span> : null) : <span className={classes['bad']}><SeveritySign severity={worst} compact /><span>{alerts.map((alert) => alert.rule.title).join(', ')}</span></span>}
        {node.command_line === null ? null : <code className={classes['command']} title={node.command_line}>{node.command_line}</code>}
      </span>
    </li>
  )
}
