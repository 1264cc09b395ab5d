import { Button } from '@mantine/core'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import { useNow } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { actionTexts } from './action-texts.ts'
import type { NextStep as Step } from './next-step.ts'
import { actionTitle, namesOf, when } from './signs.tsx'
import { incidentTexts } from './texts.ts'
import type { IncidentWork } from './useIncidentWork.ts'

/** What happens next, in a sentence. */
export function useNextSentence(incident: IncidentDetail, step: Step): string {
  const t = useTexts(incidentTexts)
  const say = useTexts(actionTexts)
  const f = useFormats()
  const now = useNow()
  switch (step.kind) {
    case 'decide': return step.action.expires_at === null ? t('next_decide_open', { what: actionTitle(say, f, step.action) }) : t('next_decide', { what: actionTitle(say, f, step.action), until: when(f, step.action.expires_at, now) })
    case 'wait': {
      const what = actionTitle(say, f, step.action)
      const who = step.action.waiting_for ?? say('somebody')
      return step.action.expires_at === null ? t('next_wait_open', { what, who }) : t('next_wait', { what, who, until: when(f, step.action.expires_at, now) })
    }
    case 'watch': return t('next_watch', { what: actionTitle(say, f, step.action) })
    case 'contain': return t('next_contain', { hosts: namesOf(say, f, step.hosts) })
    case 'investigate': return t('next_investigate')
    case 'resolve': return step.lifts?.expires_at == null ? t('next_resolve') : t('next_resolve_lifts', { when: when(f, step.lifts.expires_at, now) })
    case 'close': return t('next_close')
    case 'closed': return incident.verdict === null ? t('next_closed_bare') : t('next_closed', { verdict: t(`verdict_${incident.verdict}`) })
    case 'carry_on': default: return incident.analyst === null ? t('next_carry_on_nobody') : t('next_carry_on', { analyst: incident.analyst })
  }
}

/** The one action that is offered; it says what it will do. */
export function PrimaryAction({ incident, work, size = 'sm' }: { incident: IncidentDetail; work: IncidentWork; size?: 'sm' | 'xs' }) {
  const t = useTexts(incidentTexts)
  const say = useTexts(actionTexts)
  const f = useFormats()
  const { step } = work
  switch (step.kind) {
    case 'decide': return <Button size={size} onClick={() => work.setDeciding(step.action)}>{say('approve_do', { what: actionTitle(say, f, step.action) })}…</Button>
    case 'contain': return <Button size={size} onClick={() => work.setDraft({ type: 'isolate_host', targets: step.hosts })}>{say('request_do', { what: say('title_isolate_host', { targets: namesOf(say, f, step.hosts) }) })}…</Button>
    case 'investigate': return <Button size={size} onClick={() => work.setStatus('investigating')}>{t('do_status_investigating')}</Button>
    case 'resolve': return <Button size={size} onClick={() => work.setStatus('resolved')}>{t('do_status_resolved')}</Button>
    case 'close': return <Button size={size} onClick={() => work.setJudging('close')}>{t('do_status_closed')}…</Button>
    case 'closed': return work.abilities.write && incident.next_statuses.includes('investigating') ? <Button size={size} variant="default" onClick={() => work.setStatus('investigating')}>{t('do_reopen')}</Button> : null
    case 'wait': case 'watch': case 'carry_on': default: return work.abilities.write && incident.analyst === null ? <Button size={size} onClick={work.assignMe}>{t('assign_me')}</Button> : null
  }
}
