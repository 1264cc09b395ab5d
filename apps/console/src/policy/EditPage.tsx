import { ActionIcon, Button, Modal, TextInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useBlocker, useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import type { Policy, PolicyPreset, PolicyRow } from '../../../server/src/response/wire.ts'
import { DetailPage, Section } from '../parts/DetailPage.tsx'
import { announce, toast } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { EmptyState, ErrorState, QueryView, SkeletonLines } from '../parts/states.tsx'
import { useBreadcrumb } from '../parts/trail.ts'
import { differences } from './diff.ts'
import { policyEditRoute } from './feature.tsx'
import { Matrix } from './Matrix.tsx'
import type { PolicyContent } from './matrix.ts'
import { Differences, RowWords } from './PolicyParts.tsx'
import { contentOf, policyQuery, usePolicyChanges, useSay, versionQuery } from './queries.ts'
import { RowForm } from './RowForm.tsx'
import classes from './Policy.module.css'

const presets: readonly PolicyPreset[] = ['critical-at-once', 'ask-always', 'collaborate-then-act', 'observe-only']

export function EditPage() {
  const { t } = useSay()
  const { from } = policyEditRoute.useSearch()
  useBreadcrumb(t('edit_title'))
  const overview = useQuery(policyQuery)
  const version = useQuery({ ...versionQuery(Number(from)), enabled: from !== undefined })
  return (
    <QueryView query={overview} skeleton={<SkeletonLines count={10} height={22} />}>
      {({ in_force: current, approvers }) => from === undefined ? <Editor current={current} start={current} providerExists={approvers.provider > 0} /> : (
        <QueryView query={version} empty={(found) => found === null ? <EmptyState title={t('version_missing')} why={t('version_missing_why', { version: from })} next={<Link to="/policy">{t('to_policy')}</Link>} /> : null}>
          {(found) => found === null ? null : <Editor key={found.version} current={current} start={found} providerExists={approvers.provider > 0} />}
        </QueryView>
      )}
    </QueryView>
  )
}

function Editor({ current, start, providerExists }: { current: Policy; start: Policy; providerExists: boolean }) {
  const { t } = useSay()
  const navigate = useNavigate()
  const { draft } = usePolicyChanges()
  const [content, setContent] = useState<PolicyContent>(() => contentOf(start))
  const [never, setNever] = useState(() => start.never_isolate.join('\n'))
  const [editing, setEditing] = useState<{ at: number | null } | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const saved = useRef(false)
  const now: PolicyContent = { ...content, never_isolate: [...new Set(never.split('\n').map((line) => line.trim()).filter((line) => line !== ''))] }
  const touched = differences(contentOf(start), now).length > 0
  const blocker = useBlocker({ shouldBlockFn: () => touched && !saved.current, enableBeforeUnload: () => touched && !saved.current, withResolver: true })
  const change = (part: Partial<PolicyContent>) => setContent({ ...content, ...part })
  const move = (at: number, by: -1 | 1) => {
    const rows = [...content.rows]
    const [row] = rows.splice(at, 1)
    rows.splice(at + by, 0, row!)
    change({ rows })
    announce(`${row!.id}: ${at + by + 1} / ${rows.length}`)
  }
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      const made = await draft(now)
      saved.current = true
      toast({ tone: 'good', title: t('saved', { version: made.version }) })
      void navigate({ to: '/policy/versions/$version', params: { version: String(made.version) } })
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  const different = differences(contentOf(current), now).length > 0
  const numberField = (label: string, value: number, min: number, max: number, set: (value: number) => void, step = 1) =>
    <TextInput type="number" label={label} min={min} max={max} step={step} value={Number.isNaN(value) ? '' : value} onChange={(event) => set(event.currentTarget.valueAsNumber)} />
  return (
    <DetailPage back={<Link to="/policy">{t('back')}</Link>} title={t('edit_title')}>
      <p className={classes['default']}>{t('edit_why')}</p>
      <div className={classes['edit']}>
        <div className={classes['form']}>
          <Section title={t('preset')}>
            <fieldset className={classes['presets']}><legend className="unseen">{t('preset')}</legend>
              {presets.map((preset) => (
                <label key={preset} data-chosen={content.preset === preset || undefined}><input type="radio" name="preset" checked={content.preset === preset} onChange={() => change({ preset })} /><span><strong>{t(preset)}</strong><span>{t(`why_${preset}`)}</span></span></label>
              ))}
              {content.preset === 'collaborate-then-act' ? <div className={classes['minutes']}>{numberField(t('collaborate_minutes'), content.collaborate_minutes, 1, 1_440, (value) => change({ collaborate_minutes: value }))}</div> : null}
              <p className="dim">{t('preset_hint')}</p>
            </fieldset>
          </Section>
          <Section title={t('rows')} aside={<Button size="compact-sm" variant="default" leftSection={<icons.plus size={14} />} onClick={() => setEditing({ at: null })}>{t('row_add')}</Button>}>
            {content.rows.length === 0 ? <p className={classes['note']}>{t('rows_none')}</p> : (
              <ol className={classes['rows']}>
                {content.rows.map((row, at) => (
                  <li key={row.id}>
                    <RowWords row={row} />
                    <span className={classes['rowTools']}>
                      <ActionIcon aria-label={t('row_of', { what: t('row_up'), id: row.id })} disabled={at === 0} onClick={() => move(at, -1)}><icons.up size={16} /></ActionIcon>
                      <ActionIcon aria-label={t('row_of', { what: t('row_down'), id: row.id })} disabled={at === content.rows.length - 1} onClick={() => move(at, 1)}><icons.down size={16} /></ActionIcon>
                      <ActionIcon aria-label={t('row_of', { what: t('row_edit'), id: row.id })} onClick={() => setEditing({ at })}><icons.edit size={16} /></ActionIcon>
                      <ActionIcon aria-label={t('row_of', { what: t('row_remove'), id: row.id })} onClick={() => change({ rows: content.rows.filter((each) => each !== row) })}><icons.close size={16} /></ActionIcon>
                    </span>
                  </li>
                ))}
              </ol>
            )}
          </Section>
          <Section title={t('rails_list')}><div className={classes['fields']}><Textarea aria-label={t('rails_list')} description={t('never_isolate_hint')} autosize minRows={3} maxRows={14} value={never} onChange={(event) => setNever(event.currentTarget.value)} classNames={{ input: 'mono' }} /></div></Section>
          <Section title={t('limits')}>
            <div className={classes['fields']}>
              <div className={classes['three']}>
                {numberField(t('cap_action'), content.caps.targets_per_action, 1, 1_000, (value) => change({ caps: { ...content.caps, targets_per_action: value } }))}
                {numberField(t('cap_hour'), content.caps.targets_per_hour, 1, 10_000, (value) => change({ caps: { ...content.caps, targets_per_hour: value } }))}
                {numberField(t('containment_hours'), content.containment_hours, 0.25, 720, (value) => change({ containment_hours: value }), 0.25)}
              </div>
              <p className="dim">{t('limits_hint')}</p>
            </div>
          </Section>
        </div>
        <aside className={classes['aside']} aria-label={t('changes')}>
          <Section title={t('changes')}>
            <Differences before={contentOf(current)} after={now} none={t('changes_none')} />
            {error === null ? null : <ErrorState error={error} />}
            <div className={classes['save']}><Button loading={busy} disabled={!different} onClick={() => { void save() }}>{t('save')}</Button><Button variant="default" onClick={() => { void navigate({ to: '/policy' }) }}>{t('discard')}</Button></div>
          </Section>
        </aside>
      </div>
      {different ? <Section title={t('matrix')}><Matrix policy={now} providerExists={providerExists} before={current} /></Section> : null}
      {editing === null ? null : (
        <RowForm
          row={editing.at === null ? null : content.rows[editing.at] ?? null} taken={content.rows.filter((_, at) => at !== editing.at).map(({ id }) => id)} onClose={() => setEditing(null)}
          onApply={(row: PolicyRow) => { change({ rows: editing.at === null ? [...content.rows, row] : content.rows.map((each, at) => at === editing.at ? row : each) }); setEditing(null) }}
        />
      )}
      <Modal opened={blocker.status === 'blocked'} onClose={() => blocker.reset?.()} title={t('edit_title')} withCloseButton={false}>
        <p>{t('leave')}</p>
        <div className={classes['buttons']}><Button variant="default" onClick={() => blocker.proceed?.()}>{t('leave_yes')}</Button><Button data-autofocus onClick={() => blocker.reset?.()}>{t('leave_no')}</Button></div>
      </Modal>
    </DetailPage>
  )
}
