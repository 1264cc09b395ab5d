import { useMemo, useState } from 'react'
import type { IncidentStatus } from '../../../server/src/incidents/wire.ts'
import type { ResponseAction } from '../../../server/src/response/wire.ts'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import { useSession } from '../api/session.ts'
import { announce, toast, toastError } from '../parts/feedback.tsx'
import { useTexts } from '../texts/useTexts.ts'
import type { Judgement } from './Judge.tsx'
import { nextStep } from './next-step.ts'
import { useAbilities, useIncidentChanges } from './queries.ts'
import type { Draft } from './RequestAction.tsx'
import { incidentTexts } from './texts.ts'

/** What a reader has open on an incident and what he does with it: the same in the panel and on the page. */
export function useIncidentWork(incident: IncidentDetail) {
  const t = useTexts(incidentTexts)
  const { name } = useSession()
  const abilities = useAbilities()
  const changes = useIncidentChanges()
  const [judging, setJudging] = useState<Judgement | null>(null)
  const [deciding, setDeciding] = useState<string | null>(null)
  const [draft, setDraft] = useState<Draft | null>(null)
  const step = useMemo(() => nextStep(incident, abilities), [incident, abilities.write, abilities.request])
  const assign = (analyst: string | null) => {
    void changes.assign(incident.id, analyst).then(
      () => announce(analyst === null ? t('assigned_nobody') : t('assigned', { name: analyst })), (error: unknown) => toastError(t('assign'), error),
    )
  }
  return {
    step, abilities, judging, setJudging, draft, setDraft,
    /** As it is now: a decision elsewhere is seen while the dialog stands. */
    deciding: incident.actions.find((action): action is ResponseAction => action.action_id === deciding) ?? null,
    setDeciding: (action: ResponseAction | null) => setDeciding(action?.action_id ?? null),
    assign,
    assignMe: () => assign(name),
    setStatus(status: IncidentStatus) {
      if (status === 'closed') { setJudging('close'); return }
      void changes.status(incident.id, status).then(() => toast({ tone: 'good', title: t('saved'), text: t(`status_${status}`) }), (error: unknown) => toastError(t('change_status'), error))
    },
  }
}
export type IncidentWork = ReturnType<typeof useIncidentWork>
