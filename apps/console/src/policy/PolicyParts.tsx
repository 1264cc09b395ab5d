// What the pages of the policy share: the sentences, the rows, the differences, the answers.
import type { Policy, PolicyRow } from '../../../server/src/response/wire.ts'
import { icons } from '../parts/icons.tsx'
import { StatusSign } from '../parts/signs.tsx'
import { decisionIcons } from './Matrix.tsx'
import { differences } from './diff.ts'
import type { PolicyContent } from './matrix.ts'
import { useSay } from './queries.ts'
import { sayConditions, sayConsequence, sayDifference, sayPolicy } from './words.ts'
import classes from './Policy.module.css'

export function InWords({ policy, providerExists }: { policy: PolicyContent; providerExists: boolean }) {
  const say = useSay()
  return (
    <ul className={classes['words']}>
      {sayPolicy(say, policy, providerExists).map(({ icon, tone, text }) => {
        const Icon = icons[icon]
        const [head, ...rest] = tone === 'plain' ? [null, text] : text.split(': ')
        return <li key={text} data-tone={tone}><Icon size={16} /><span>{head === null ? null : <strong>{head}: </strong>}{rest.join(': ')}</span></li>
      })}
    </ul>
  )
}

export function RowWords({ row }: { row: PolicyRow }) {
  const say = useSay()
  const Icon = icons[decisionIcons[row.decision]]
  return (
    <div className={classes['rowWords']}>
      <p><strong>{row.id}</strong>{row.locked === true ? <span className={classes['locked']}><icons.lock size={13} /> {say.t('row_locked')}</span> : null}</p>
      <p>{sayConditions(say, row)}</p>
      <p className={classes['consequence']} data-decision={row.decision}><Icon size={14} /> {sayConsequence(say, row)}</p>
    </div>
  )
}

export function Rows({ rows, deciding = [] }: { rows: readonly PolicyRow[]; deciding?: readonly string[] }) {
  const { t } = useSay()
  if (rows.length === 0) return <p className={classes['note']}>{t('rows_none')}</p>
  return <ol className={classes['rows']}>{rows.map((row) => <li key={row.id} data-deciding={deciding.includes(row.id) || undefined}><RowWords row={row} /></li>)}</ol>
}

/** The differences, each a line; `none` where there are none. */
export function Differences({ before, after, none }: { before: PolicyContent; after: PolicyContent; none: string }) {
  const lines = useDifferences(before, after)
  return lines.length === 0 ? <p className={classes['note']}>{none}</p> : <ul className={classes['differences']}>{lines.map((line) => <li key={line}>{line}</li>)}</ul>
}
export function useDifferences(before: PolicyContent, after: PolicyContent): string[] {
  const say = useSay()
  return differences(before, after).map((difference) => sayDifference(say, difference))
}

export function Rails() {
  const { t } = useSay()
  return <ul className={classes['rails']}>{(['stale', 'requester'] as const).map((key) => <li key={key}>{t(key)}</li>)}</ul>
}

export function SignatureSign({ version, fault, signed }: { version: number; fault: string | null; signed: boolean }) {
  const { t } = useSay()
  if (fault !== null) return <StatusSign icon="warning" tone="bad" label={t('holds_not')} />
  if (!signed) return <StatusSign icon="circle" tone="muted" label={t(version === 0 ? 'holds_default' : 'never_signed')} />
  return <StatusSign icon="shield" tone="good" label={t('holds')} />
}

export function StateSign({ policy, current }: { policy: Policy; current: number }) {
  const { t } = useSay()
  if (policy.in_force) return <StatusSign icon="check" tone="good" label={t('in_force')} />
  if (policy.signed_by !== null) return <StatusSign icon="clock" tone="muted" label={t('earlier')} />
  return policy.version > current ? <StatusSign icon="edit" tone="active" label={t('draft')} /> : <StatusSign icon="circle" tone="muted" label={t('never_signed')} />
}

/** A digest is compared by eyes: in groups of eight. */
export function Digest({ digest, short = false }: { digest: string; short?: boolean }) {
  return short ? <code className="mono" title={digest}>{digest.slice(0, 12)}…</code> : <code className={`mono ${classes['digest']}`}>{digest.match(/.{1,8}/g)?.map((group) => <span key={group}>{group}</span>)}</code>
}
