import { Link } from '@tanstack/react-router'
import type { ResponseAction } from '../../../server/src/response/wire.ts'
import { useSession } from '../api/session.ts'
import { useTexts } from '../texts/useTexts.ts'
import { settingsTexts } from './texts.ts'

/** The way out where nobody but the requester could approve; nothing where that is not so, or where the reader may not invite. */
export function InviteApprover({ action }: { action: Pick<ResponseAction, 'targets' | 'may_decide'> }) {
  const t = useTexts(settingsTexts)
  const { permissions } = useSession()
  const alone = action.may_decide.reason_code === 'no_second_approver' || action.targets.some(({ verdict }) => verdict.reason_code === 'no_second_approver')
  return alone && permissions.includes('user.write') ? <Link to="/settings/$section" params={{ section: 'people' }} search={{ invite: 'approver' }}>{t('invite_approver')}</Link> : null
}
