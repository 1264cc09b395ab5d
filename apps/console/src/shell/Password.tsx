import { Button, PasswordInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api } from '../api/client.ts'
import { ApiError } from '../api/error.ts'
import { toast } from '../parts/feedback.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { Gate } from './Gate.tsx'
import { forgetOneTimePassword, oneTimePassword } from './one-time-password.ts'
import { passwordRoute } from './routes.ts'
import { Fault } from './SignIn.tsx'
import { shellTexts } from './texts.ts'
import classes from './Gate.module.css'

/** What the server asks for as well; it decides. */
const shortest = 12

/** At the first sign-in: the one-time password ends here, and nothing else can be done before. */
export function Password() {
  const t = useTexts(shellTexts)
  const { next } = passwordRoute.useSearch()
  const router = useRouter()
  const queryClient = useQueryClient()
  const [known] = useState(oneTimePassword)
  const [old, setOld] = useState(known ?? '')
  const [wanted, setWanted] = useState('')
  const [again, setAgain] = useState('')
  const [fault, setFault] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  useEffect(() => { document.title = `${t('password_change')} · Haechi` }, [t])

  const change = async () => {
    if (wanted !== again) { setFault(new ApiError(0, { code: '', detail: t('password_differs') })); return }
    setBusy(true)
    setFault(null)
    try {
      await api.post('/api/v1/session/password', { old_password: old, new_password: wanted })
      forgetOneTimePassword()
      queryClient.clear()
      toast({ tone: 'good', title: t('password_changed') })
      router.history.push(router.basepath === '/' ? next ?? '/' : `${router.basepath}${next ?? '/'}`)
    } catch (error) {
      setFault(error)
      setBusy(false)
    }
  }

  return (
    <Gate title={t('password_title')}>
      <p className={classes['note']}>{t('password_why', { count: shortest })}</p>
      <form onSubmit={(event) => { event.preventDefault(); void change() }} noValidate>
        {known === null ? <PasswordInput label={t('password_old')} autoComplete="current-password" value={old} onChange={(event) => setOld(event.currentTarget.value)} size="md" autoFocus /> : null}
        <PasswordInput label={t('password_new')} autoComplete="new-password" value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} size="md" autoFocus={known !== null} />
        <PasswordInput label={t('password_again')} autoComplete="new-password" value={again} onChange={(event) => setAgain(event.currentTarget.value)} size="md" />
        {fault === null ? null : <Fault error={fault} />}
        <Button type="submit" loading={busy} size="md" fullWidth>{t('password_change')}</Button>
      </form>
    </Gate>
  )
}
