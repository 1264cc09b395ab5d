import { now } from '../clock.ts'
import { Button, Drawer, Select, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import type { RuleSummary } from '../../../server/src/detection/wire.ts'
import { toast } from '../parts/feedback.tsx'
import { ErrorState } from '../parts/states.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { allRulesQuery, useRuleChanges } from './queries.ts'
import { useWhere } from './signs.tsx'
import { ruleTexts } from './texts.ts'
import classes from './Rules.module.css'

const lengths = ['1', '7', '30', '90', '0'] as const
const day = 86_400_000

/** Says where, why and until when a rule is not to alert, and what that means before the button. `rule` null: it is chosen here. */
export function Suppress({ opened, rule, onClose }: { opened: boolean; rule: RuleSummary | null; onClose: () => void }) {
  const t = useTexts(ruleTexts)
  return (
    <Drawer opened={opened} onClose={onClose} position="right" size={480} padding={20} title={t('add')} closeButtonProps={{ 'aria-label': t('close') }} transitionProps={{ duration: 100 }} overlayProps={{ backgroundOpacity: 0.3 }}>
      {opened ? <Form rule={rule} onClose={onClose} /> : null}
    </Drawer>
  )
}

function Form({ rule, onClose }: { rule: RuleSummary | null; onClose: () => void }) {
  const t = useTexts(ruleTexts)
  const f = useFormats()
  const where = useWhere()
  const { suppress } = useRuleChanges()
  const all = useQuery({ ...allRulesQuery, enabled: rule === null })
  const [chosen, setChosen] = useState<string | null>(rule?.id ?? null)
  const [form, setForm] = useState({ host: '', user: '', field: '', value: '', reason: '', length: '30' })
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [opened] = useState(() => now())
  const options = useMemo(() => (all.data ?? []).map(({ id, title }) => ({ value: id, label: title })), [all.data])
  const title = rule?.title ?? options.find(({ value }) => value === chosen)?.label ?? null
  const given = (text: string) => text.trim() === '' ? null : text.trim()
  const wanted = { host: given(form.host), user: given(form.user), field: given(form.field), value: given(form.value) }
  const expiresAt = form.length === '0' ? null : opened + Number(form.length) * day
  const whole = wanted.host === null && wanted.user === null && wanted.field === null
  const unpaired = (wanted.field === null) !== (wanted.value === null)
  const set = (name: keyof typeof form) => (event: { currentTarget: { value: string } }) => { const { value } = event.currentTarget; setForm((before) => ({ ...before, [name]: value })) }
  const submit = async () => {
    setTried(true)
    if (chosen === null || given(form.reason) === null || unpaired) return
    setBusy(true)
    setError(null)
    try {
      await suppress({ rule_id: chosen, ...wanted, reason: form.reason.trim(), expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString() })
      toast({ tone: 'good', title: t('added'), text: title ?? '' })
      onClose()
    } catch (failure) {
      setError(failure)
      setBusy(false)
    }
  }
  return (
    <form className={classes['form']} noValidate onSubmit={(event) => { event.preventDefault(); void submit() }}>
      {rule === null
        ? <Select label={t('add_rule')} data={options} searchable limit={60} value={chosen} onChange={setChosen} error={tried && chosen === null ? t('needed') : null} comboboxProps={{ withinPortal: true }} data-autofocus />
        : <p className={classes['subject']}>{rule.title}</p>}
      <div className={classes['pair']}><TextInput label={t('add_host')} value={form.host} onChange={set('host')} maxLength={1_000} /><TextInput label={t('add_user')} value={form.user} onChange={set('user')} maxLength={1_000} /></div>
      <div className={classes['pair']}><TextInput label={t('add_field')} placeholder="CommandLine" value={form.field} onChange={set('field')} maxLength={1_000} error={tried && unpaired && wanted.field === null ? t('pair') : null} /><TextInput label={t('add_value')} value={form.value} onChange={set('value')} maxLength={1_000} error={tried && unpaired && wanted.value === null ? t('pair') : null} /></div>
      <Select label={t('add_expires')} data={lengths.map((value) => ({ value, label: t(`add_for_${value}`) }))} value={form.length} allowDeselect={false} onChange={(length) => setForm((before) => ({ ...before, length: length ?? '30' }))} />
      <Textarea label={t('add_reason')} description={t('add_reason_hint')} autosize minRows={2} maxRows={6} value={form.reason} onChange={set('reason')} error={tried && given(form.reason) === null ? t('needed') : null} maxLength={1_000} />
      {title === null ? null : (
        <div className={classes['effect']} data-grave={whole || undefined}>
          <p>{t('add_effect', { rule: title, where: whole ? t('add_everywhere') : where(wanted), until: expiresAt === null ? t('add_until_removed') : t('add_until', { date: f.date(expiresAt) }) })}</p>
          {whole ? <p>{t('add_whole')}</p> : null}
        </div>
      )}
      {error === null ? null : <ErrorState error={error} />}
      <div className={classes['buttons']}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit" loading={busy}>{t('suppress')}</Button></div>
    </form>
  )
}
