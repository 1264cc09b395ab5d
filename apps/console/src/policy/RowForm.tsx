import { Button, Checkbox, Drawer, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Decision, PolicyRow } from '../../../server/src/response/wire.ts'
import { icons } from '../parts/icons.tsx'
import { severities } from '../parts/signs.tsx'
import { sitesQuery } from '../settings/queries.ts'
import { decisionIcons } from './Matrix.tsx'
import { actionTypes, requesters } from './matrix.ts'
import { useSay } from './queries.ts'
import { sayConditions, sayConsequence } from './words.ts'
import classes from './Policy.module.css'

const decisions: readonly Decision[] = ['allow', 'ask', 'deny']
const criticalities = ['critical', 'high', 'normal', 'low'] as const
const weekdays = [1, 2, 3, 4, 5, 6, 7] as const
const listOf = (text: string): string[] => [...new Set(text.split(',').map((each) => each.trim()).filter((each) => each !== ''))]
const some = <Value,>(values: readonly Value[]): Value[] | undefined => (values.length === 0 ? undefined : [...values])
/** Without the fields that say nothing: what is left out is not signed either. */
const clean = <Of extends object>(of: Of): Of => Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as Of

/** One row of the policy: what it is about, then what it says. */
export function RowForm({ row, taken, onApply, onClose }: { row: PolicyRow | null; taken: readonly string[]; onApply: (row: PolicyRow) => void; onClose: () => void }) {
  const say = useSay()
  const { t, part } = say
  const sites = useQuery(sitesQuery).data ?? []
  const [id, setId] = useState(row?.id ?? '')
  const [decision, setDecision] = useState<Decision>(row?.decision ?? 'ask')
  const [actions, setActions] = useState(row?.action_types ?? [])
  const [of, setOf] = useState(row?.severities ?? [])
  const [whose, setWhose] = useState(row?.requesters ?? [])
  const [site, setSite] = useState(row?.site ?? '')
  const [names, setNames] = useState(row?.assets?.names?.join(', ') ?? '')
  const [tags, setTags] = useState(row?.assets?.tags?.join(', ') ?? '')
  const [kinds, setKinds] = useState(row?.assets?.classes?.join(', ') ?? '')
  const [criticality, setCriticality] = useState(row?.assets?.criticality ?? [])
  const [hours, setHours] = useState(row?.hours ?? null)
  const [locked, setLocked] = useState(row?.locked === true)
  const [approvers, setApprovers] = useState<'' | 'customer' | 'provider'>(row?.approvers ?? '')
  const [needed, setNeeded] = useState(row?.needed ?? 1)
  const [minutes, setMinutes] = useState<number | null>(row?.timeout_minutes ?? null)
  const [onTimeout, setOnTimeout] = useState(row?.on_timeout ?? 'expire')
  const [tried, setTried] = useState(false)
  const name = id.trim()
  const fault = name === '' ? t('row_name_missing') : taken.includes(name) ? t('row_name_taken') : null
  const assets = clean({ names: some(listOf(names)), tags: some(listOf(tags)), classes: some(listOf(kinds)), criticality: some(criticality) })
  const made = clean({
    id: name, locked: locked ? true : undefined, site: site === '' ? undefined : site, assets: Object.keys(assets).length === 0 ? undefined : assets,
    action_types: some(actions), severities: some(of), requesters: some(whose), hours: hours === null || hours.days.length === 0 ? undefined : hours, decision,
    ...(decision === 'ask' ? { approvers: approvers === '' ? undefined : approvers, needed: needed > 1 ? needed : undefined, timeout_minutes: minutes ?? undefined, on_timeout: onTimeout === 'expire' ? undefined : onTimeout } : {}),
  }) as PolicyRow
  const toggle = <Value,>(values: readonly Value[], value: Value): Value[] => values.includes(value) ? values.filter((each) => each !== value) : [...values, value]
  const apply = () => {
    setTried(true)
    if (fault === null) onApply(made)
  }
  return (
    <Drawer opened onClose={onClose} position="right" size={560} padding={20} title={row === null ? t('row_title_new') : t('row_title', { id: row.id })} closeButtonProps={{ 'aria-label': t('cancel') }} transitionProps={{ duration: 100 }} overlayProps={{ backgroundOpacity: 0.3 }}>
      <form className={classes['rowForm']} noValidate onSubmit={(event) => { event.preventDefault(); apply() }}>
        <TextInput label={t('row_name')} description={t('row_name_hint')} value={id} error={tried ? fault : null} onChange={(event) => setId(event.currentTarget.value)} data-autofocus />
        <fieldset><legend>{t('decision')}</legend>
          <div className={classes['decisions']}>{decisions.map((each) => { const Icon = icons[decisionIcons[each]]; return <label key={each} data-chosen={decision === each || undefined}><input type="radio" name="decision" checked={decision === each} onChange={() => setDecision(each)} /><Icon size={15} />{t(each)}</label> })}</div>
        </fieldset>
        {decision !== 'ask' ? null : (
          <div className={classes['pair']}>
            <Select label={t('approvers')} value={approvers} onChange={(value) => setApprovers((value ?? ''))} allowDeselect={false} data={[{ value: '', label: t('approvers_default') }, { value: 'customer', label: t('who_customer') }, { value: 'provider', label: t('who_provider') }]} />
            <TextInput type="number" min={1} max={10} label={t('f_needed')} value={needed} onChange={(event) => setNeeded(Math.min(10, Math.max(1, event.currentTarget.valueAsNumber || 1)))} />
            <TextInput type="number" min={1} max={10_080} label={t('f_timeout')} placeholder="240" value={minutes ?? ''} onChange={(event) => setMinutes(Number.isNaN(event.currentTarget.valueAsNumber) ? null : event.currentTarget.valueAsNumber)} />
            <Select label={t('f_on_timeout')} value={onTimeout} onChange={(value) => setOnTimeout((value ?? 'expire'))} allowDeselect={false} data={(['expire', 'escalate', 'act'] as const).map((value) => ({ value, label: t(`on_${value}`) }))} />
          </div>
        )}
        <Choices legend={t('what')} hint={t('none_is_all')} values={actionTypes} chosen={actions} label={(each) => t(each)} onToggle={(each) => setActions(toggle(actions, each))} />
        <Choices legend={t('which')} values={severities} chosen={of} label={(each) => part(each)} onToggle={(each) => setOf(toggle(of, each))} />
        <Choices legend={t('whose')} values={requesters} chosen={whose} label={(each) => t(`req_${each}`)} onToggle={(each) => setWhose(toggle(whose, each))} />
        <fieldset><legend>{t('where')}</legend>
          <p className={classes['hint']}>{t('where_hint')}</p>
          <div className={classes['pair']}>
            {sites.length === 0 && site === '' ? null : <Select label={t('f_site')} value={site} onChange={(value) => setSite(value ?? '')} allowDeselect={false} data={[{ value: '', label: t('any_site') }, ...sites.map((each) => ({ value: each.id, label: each.name }))]} />}
            <TextInput label={t('f_names')} placeholder="DC-*, WEB-01" value={names} onChange={(event) => setNames(event.currentTarget.value)} />
            <TextInput label={t('f_tags')} value={tags} onChange={(event) => setTags(event.currentTarget.value)} />
            <TextInput label={t('f_classes')} value={kinds} onChange={(event) => setKinds(event.currentTarget.value)} />
          </div>
        </fieldset>
        <Choices legend={t('f_criticality')} values={criticalities} chosen={criticality} label={(each) => t(`crit_${each as 'low'}`)} onToggle={(each) => setCriticality(toggle(criticality, each))} />
        <fieldset><legend>{t('when')}</legend>
          <Checkbox size="sm" label={t('only_hours')} checked={hours !== null} onChange={() => setHours(hours === null ? { days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' } : null)} />
          {hours === null ? null : (
            <div className={classes['hours']}>
              <div role="group" aria-label={t('days')}>{weekdays.map((day) => <label key={day} data-chosen={hours.days.includes(day) || undefined}><input type="checkbox" checked={hours.days.includes(day)} onChange={() => setHours({ ...hours, days: toggle(hours.days, day).toSorted() })} />{t(`day_${day}`)}</label>)}</div>
              <TextInput type="time" size="xs" aria-label={t('from')} value={hours.from} onChange={(event) => setHours({ ...hours, from: event.currentTarget.value || '00:00' })} /><span aria-hidden="true">–</span><TextInput type="time" size="xs" aria-label={t('to')} value={hours.to} onChange={(event) => setHours({ ...hours, to: event.currentTarget.value || '00:00' })} />
            </div>
          )}
        </fieldset>
        <Checkbox size="sm" label={t('locked')} checked={locked} onChange={() => setLocked(!locked)} />
        <p className={classes['said']} aria-live="polite">{sayConditions(say, made)} → <strong>{sayConsequence(say, made)}</strong></p>
        <div className={classes['buttons']}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit">{t('apply')}</Button></div>
      </form>
    </Drawer>
  )
}

function Choices<Value extends string>({ legend, hint, values, chosen, label, onToggle }: { legend: string; hint?: string; values: readonly Value[]; chosen: readonly string[]; label: (value: Value) => string; onToggle: (value: Value) => void }) {
  return (
    <fieldset><legend>{legend}</legend>
      {hint === undefined ? null : <p className={classes['hint']}>{hint}</p>}
      <div className={classes['choices']}>{values.map((value) => <label key={value} data-chosen={chosen.includes(value) || undefined}><input type="checkbox" checked={chosen.includes(value)} onChange={() => onToggle(value)} />{label(value)}</label>)}</div>
    </fieldset>
  )
}
