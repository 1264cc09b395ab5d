import { Button } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { PolicyOverview } from '../../../server/src/response/wire.ts'
import { useSession } from '../api/session.ts'
import { DetailPage, Section } from '../parts/DetailPage.tsx'
import { icons } from '../parts/icons.tsx'
import { EmptyState, ErrorState, QueryView, Skeleton, SkeletonLines } from '../parts/states.tsx'
import { Time, useNow } from '../parts/time.tsx'
import { policyRoute } from './feature.tsx'
import { Matrix } from './Matrix.tsx'
import { Digest, InWords, Rails, Rows, SignatureSign, StateSign } from './PolicyParts.tsx'
import { policyQuery, useSay, versionsQuery } from './queries.ts'
import { TryIt } from './TryIt.tsx'
import classes from './Policy.module.css'

export function PolicyPage() {
  const query = useQuery(policyQuery)
  return <QueryView query={query} skeleton={<SkeletonLines count={10} height={22} />}>{(overview) => <Page overview={overview} />}</QueryView>
}

function Page({ overview }: { overview: PolicyOverview }) {
  const { t } = useSay()
  const { tab } = policyRoute.useSearch()
  const navigate = useNavigate()
  const { permissions } = useSession()
  const { in_force: policy } = overview
  return (
    <DetailPage
      title={t('title')}
      facts={[
        { label: t('fact_version'), value: policy.version === 0 ? t('version_0') : policy.version },
        { label: t('fact_signed_by'), value: policy.signed_by ?? <span className="dim">{t('unsigned')}</span> },
        ...(policy.signed_at === null ? [] : [{ label: t('fact_signed_at'), value: <Time at={policy.signed_at} /> }]),
        { label: t('fact_signature'), value: <SignatureSign version={policy.version} fault={overview.verified.code} signed={policy.signed_by !== null} /> },
      ]}
      primary={permissions.includes('policy.write') ? <Button onClick={() => { void navigate({ to: '/policy/edit' }) }}>{t('change')}</Button> : null}
      tabs={[
        { id: 'now', label: t('tab_now'), content: <Now overview={overview} /> },
        { id: 'try', label: t('tab_try'), content: <TryIt overview={overview} /> },
        { id: 'versions', label: t('tab_versions'), content: <Versions current={policy.version} /> },
      ]}
      tab={tab} onTab={(id) => { void navigate({ to: '/policy', search: id === 'now' ? {} : { tab: id }, replace: true }) }}
    >
      <Notices overview={overview} />
    </DetailPage>
  )
}

/** What somebody must do about the policy, if anything. */
function Notices({ overview: { in_force: policy, verified, drafts, may_sign: maySign, approvers } }: { overview: PolicyOverview }) {
  const { t, f } = useSay()
  const now = useNow()
  const { permissions } = useSession()
  const draft = drafts[0]
  const people = approvers.customer + approvers.provider
  return (
    <>
      {verified.ok ? null : <div className={classes['notice']} data-tone="bad" role="alert"><icons.warning /><div><strong>{t('unverified')}</strong><p>{verified.reason ?? ''} {t('unverified_next')}</p></div></div>}
      {draft === undefined ? null : (
        <div className={classes['notice']} data-tone="active"><icons.edit /><div><strong>{t('draft_waits')}</strong><p>{t('draft_waits_who', { version: draft.version, name: draft.drafted_by ?? '', ago: draft.drafted_at === null ? '' : f.relative(draft.drafted_at, now) })}</p></div>
          <Link to="/policy/versions/$version" params={{ version: String(draft.version) }}>{t(maySign.allowed ? 'draft_open' : 'draft_read')}</Link></div>
      )}
      {people > 1 || policy.preset === 'observe-only' ? null : (
        <div className={classes['notice']} data-tone="warn"><icons.user /><div><strong>{t(people === 0 ? 'no_approvers' : 'few_approvers')}</strong><p>{t(people === 0 ? 'no_approvers_why' : 'few_approvers_why')}</p></div>
          {permissions.includes('user.write') ? <Link to="/settings/$section" params={{ section: 'people' }} search={{ invite: 'approver' }}>{t('invite')}</Link> : null}</div>
      )}
      {policy.version > 0 ? null : <p className={classes['default']}>{t('default_why')}</p>}
    </>
  )
}

function Now({ overview: { in_force: policy, approvers } }: { overview: PolicyOverview }) {
  const { t } = useSay()
  const [deciding, setDeciding] = useState<readonly string[]>([])
  const providerExists = approvers.provider > 0
  return (
    <div className={classes['now']}>
      <Section title={t('words')}><InWords policy={policy} providerExists={providerExists} /></Section>
      <Section title={t('matrix')}><Matrix policy={policy} providerExists={providerExists} onDeciding={setDeciding} /></Section>
      <div className={classes['two']}>
        <Section title={t('rows')}>{policy.rows.length === 0 ? null : <p className={classes['hint']}>{t('rows_why')}</p>}<Rows rows={policy.rows} deciding={deciding} /></Section>
        <Section title={t('rails_list')}>{policy.never_isolate.length === 0 ? <p className={classes['note']}>{t('never_isolate_none')}</p> : <ul className={classes['names']}>{policy.never_isolate.map((name) => <li key={name} className="mono">{name}</li>)}</ul>}<h3 className={classes['sub']}>{t('rails')}</h3><Rails /></Section>
      </div>
    </div>
  )
}

function Versions({ current }: { current: number }) {
  const { t } = useSay()
  const query = useInfiniteQuery(versionsQuery)
  const versions = query.data?.pages.flatMap((page) => page.versions)
  if (versions === undefined) return query.isError ? <ErrorState error={query.error} onRetry={() => { void query.refetch() }} /> : <Skeleton><SkeletonLines count={5} height={20} /></Skeleton>
  if (versions.length === 0) return <EmptyState title={t('versions_none')} why={t('versions_none_why')} />
  return (
    <>
      <div className={classes['scroll']}>
        <table className={classes['versions']}>
          <caption className="unseen">{t('tab_versions')}</caption>
          <thead><tr><th scope="col">{t('column_version')}</th><th scope="col">{t('column_state')}</th><th scope="col">{t('column_who')}</th><th scope="col">{t('column_when')}</th><th scope="col">{t('column_digest')}</th><th scope="col">{t('column_signature')}</th></tr></thead>
          <tbody>
            {versions.map((each) => (
              <tr key={each.version}>
                <th scope="row"><Link to="/policy/versions/$version" params={{ version: String(each.version) }}>{t('version', { version: each.version })}</Link></th>
                <td data-label={t('column_state')}><StateSign policy={each} current={current} /></td>
                <td data-label={t('column_who')}>{each.signed_by ?? <span className="dim">{t('drafted_by', { name: each.drafted_by ?? '–' })}</span>}</td>
                <td data-label={t('column_when')}><Time at={each.signed_at ?? each.drafted_at} /></td>
                <td data-label={t('column_digest')}><Digest digest={each.digest} short /></td>
                <td data-label={t('column_signature')}>{each.signed_by === null && each.fault === null ? <span className="dim">–</span> : <SignatureSign version={each.version} fault={each.fault} signed />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {query.hasNextPage ? <p className={classes['more']}><Button variant="default" loading={query.isFetchingNextPage} onClick={() => { void query.fetchNextPage() }}>{t('more')}</Button></p> : null}
    </>
  )
}

