import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { Policy, PolicyOverview } from '../../../server/src/response/wire.ts'
import { useSession } from '../api/session.ts'
import { ConfirmDialog } from '../parts/ConfirmDialog.tsx'
import { DetailPage, Section } from '../parts/DetailPage.tsx'
import { toast } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { EmptyState, QueryView, SkeletonLines } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { useBreadcrumb } from '../parts/trail.ts'
import { digestOf } from './digest.ts'
import { policyVersionRoute } from './feature.tsx'
import { Matrix } from './Matrix.tsx'
import { Differences, Digest, InWords, Rows, SignatureSign, StateSign, useDifferences } from './PolicyParts.tsx'
import { policyQuery, usePolicyChanges, useSay, versionQuery } from './queries.ts'
import classes from './Policy.module.css'

export function VersionPage() {
  const { t } = useSay()
  const { version } = policyVersionRoute.useParams()
  const number = Number(version)
  useBreadcrumb(t('version', { version }))
  const overview = useQuery(policyQuery)
  const query = useQuery(versionQuery(number))
  return (
    <QueryView query={query} skeleton={<SkeletonLines count={10} height={22} />} empty={(policy) => policy === null ? <EmptyState title={t('version_missing')} why={t('version_missing_why', { version })} next={<Link to="/policy">{t('to_policy')}</Link>} /> : null}>
      {(policy) => policy === null ? null : <QueryView query={overview}>{(of) => <Page key={policy.version} policy={policy} overview={of} />}</QueryView>}
    </QueryView>
  )
}

function Page({ policy, overview }: { policy: Policy; overview: PolicyOverview }) {
  const { t } = useSay()
  const navigate = useNavigate()
  const { permissions, tenant_id: tenantId } = useSession()
  const { in_force: current } = overview
  const draft = policy.signed_by === null
  const open = draft && policy.version > current.version
  const providerExists = overview.approvers.provider > 0
  return (
    <DetailPage
      back={<Link to="/policy" search={{ tab: 'versions' }}>{t('back')}</Link>}
      signs={<StateSign policy={policy} current={current.version} />}
      title={t('version', { version: policy.version })}
      facts={[
        { label: t('fact_drafted_by'), value: policy.drafted_by ?? '–' }, { label: t('fact_drafted_at'), value: <Time at={policy.drafted_at} form="absolute" /> },
        ...(draft ? [] : [{ label: t('fact_signed_by'), value: policy.signed_by }, { label: t('fact_signed_at'), value: <Time at={policy.signed_at} form="absolute" /> }, { label: t('fact_signature'), value: <SignatureSign version={policy.version} fault={policy.fault} signed /> }]),
      ]}
      primary={permissions.includes('policy.write') && !open ? <Button variant="default" onClick={() => { void navigate({ to: '/policy/edit', search: { from: String(policy.version) } }) }}>{t('edit_from')}</Button> : null}
    >
      {policy.fault === null ? null : <div className={classes['notice']} data-tone="bad" role="alert"><icons.warning /><div><strong>{t('holds_not')}</strong><p>{t(policy.fault === 'policy_digest_mismatch' ? 'fault_policy_digest_mismatch' : 'fault_policy_signature_invalid')}</p></div></div>}
      <div className={classes['now']}>
        {policy.in_force ? null : <Section title={t('against')}><Differences before={current} after={policy} none={t('d_none')} /></Section>}
        {open ? <Sign policy={policy} current={current} maySign={overview.may_sign} tenantId={tenantId} /> : null}
        <Section title={t('words')}><InWords policy={policy} providerExists={providerExists} /></Section>
        <Section title={t('matrix')}><Matrix policy={policy} providerExists={providerExists} before={policy.in_force ? null : current} /></Section>
        <div className={classes['two']}>
          <Section title={t('rows')}><Rows rows={policy.rows} /></Section>
          <Section title={t('rails_list')}>{policy.never_isolate.length === 0 ? <p className={classes['note']}>{t('never_isolate_none')}</p> : <ul className={classes['names']}>{policy.never_isolate.map((name) => <li key={name} className="mono">{name}</li>)}</ul>}</Section>
        </div>
        {open ? null : <Section title={t('fact_digest')}><p className={classes['note']}><Digest digest={policy.digest} /></p><Checked policy={policy} tenantId={tenantId} /></Section>}
      </div>
    </DetailPage>
  )
}

function Sign({ policy, current, maySign, tenantId }: { policy: Policy; current: Policy; maySign: PolicyOverview['may_sign']; tenantId: string | null }) {
  const { t, f } = useSay()
  const navigate = useNavigate()
  const { sign } = usePolicyChanges()
  const [asking, setAsking] = useState(false)
  const lines = useDifferences(current, policy)
  return (
    <section className={classes['sign']} aria-label={t('sign_version', { version: policy.version })}>
      <h2><icons.shield /> {t('sign_version', { version: policy.version })}</h2>
      <p>{t('sign_covers_text')}</p>
      <dl>
        <div><dt>{t('fact_version')}</dt><dd>{policy.version}</dd></div>
        <div><dt>{t('fact_drafted_by')}</dt><dd>{policy.drafted_by ?? '–'} · {policy.drafted_at === null ? '' : f.absolute(policy.drafted_at)}</dd></div>
        <div><dt>{t('fact_digest')}</dt><dd><Digest digest={policy.digest} /></dd></div>
      </dl>
      <Checked policy={policy} tenantId={tenantId} />
      <div className={classes['signFoot']}>
        {maySign.allowed ? <><Button onClick={() => setAsking(true)}>{t('sign_version', { version: policy.version })}…</Button><Button variant="default" onClick={() => { void navigate({ to: '/policy/edit', search: { from: String(policy.version) } }) }}>{t('edit_from')}</Button></> : <p className={classes['mayNot']}><icons.info size={16} /> {t(maySign.reason_code === 'policy_signer' ? 'may_not_policy_signer' : 'may_not_forbidden')}</p>}
        <p className="dim">{t('sign_who')}</p>
      </div>
      <ConfirmDialog
        opened={asking} title={t('sign_version', { version: policy.version })} confirmLabel={t('sign')} reason="none" onClose={() => setAsking(false)}
        onConfirm={async () => {
          await sign(policy.version, policy.digest)
          toast({ tone: 'good', title: t('signed', { version: policy.version }) })
          void navigate({ to: '/policy' })
        }}
      >
        <div><p className={classes['dialogHead']}>{t('changes')}</p>{lines.length === 0 ? <p>{t('d_none')}</p> : <ul className={classes['differences']}>{lines.map((line) => <li key={line}>{line}</li>)}</ul>}</div>
        <p><span className="dim">{t('fact_digest')}</span><br /><Digest digest={policy.digest} /></p>
      </ConfirmDialog>
    </section>
  )
}

/** Whether what is shown here is what the digest says; nothing where this browser cannot tell (no secure connection). */
function Checked({ policy, tenantId }: { policy: Policy; tenantId: string | null }) {
  const { t } = useSay()
  const [same, setSame] = useState<boolean | null>(null)
  useEffect(() => {
    let standing = true
    if (tenantId !== null) void digestOf(tenantId, policy).then((digest) => { if (standing) setSame(digest === null ? null : digest === policy.digest) })
    return () => { standing = false }
  }, [tenantId, policy])
  if (same === null) return null
  return <p className={classes['checked']} data-same={same} role={same ? undefined : 'alert'}>{same ? <icons.check size={15} /> : <icons.warning size={15} />} {t(same ? 'digest_checked' : 'digest_differs')}</p>
}
