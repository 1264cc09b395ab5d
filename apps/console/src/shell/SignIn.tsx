import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import type { SignedIn } from '../../../server/src/access/wire.ts'
import { api } from '../api/client.ts'
import { ApiError } from '../api/error.ts'
import { partTexts } from '../parts/texts.ts'
import { setAccountLanguage, usePreferences } from '../preferences.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { Gate } from './Gate.tsx'
import { keepOneTimePassword } from './one-time-password.ts'
import { signInRoute } from './routes.ts'
import { shellTexts } from './texts.ts'
import classes from './Gate.module.css'

export function SignIn() {
  const t = useTexts(shellTexts)
  const { language } = usePreferences()
  const { next, ended } = signInRoute.useSearch()
  const router = useRouter()
  const queryClient = useQueryClient()
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const [fault, setFault] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => { document.title = `${t('sign_in')} · Haechi` }, [t])
  // What the server said is in the language that it was asked in.
  useEffect(() => setFault(null), [language])

  const signIn = async () => {
    if (user.trim() === '' || password === '') { setFault(new ApiError(0, { code: '', detail: t('sign_in_empty') })); return }
    setBusy(true)
    setFault(null)
    try {
      const answer = await api.post<SignedIn>('/api/v1/session', { user: user.trim(), password })
      setAccountLanguage(answer.language)
      queryClient.clear()
      if (answer.must_change_password) {
        keepOneTimePassword(password)
        await router.navigate({ to: '/password', search: next === undefined ? {} : { next } })
      } else router.history.push(router.basepath === '/' ? next ?? '/' : `${router.basepath}${next ?? '/'}`)
    } catch (error) {
      setFault(error)
      setBusy(false)
      field.current?.focus()
      field.current?.select()
    }
  }

  return (
    <Gate title={t('sign_in_title')}>
      {ended === undefined ? null : <p className={classes['ended']} role="status">{t('sign_in_expired')}</p>}
      <form onSubmit={(event) => { event.preventDefault(); void signIn() }} noValidate>
        <TextInput label={t('user')} name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus value={user} onChange={(event) => setUser(event.currentTarget.value)} size="md" />
        <PasswordInput ref={field} label={t('password')} name="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.currentTarget.value)} size="md" />
        {fault === null ? null : <Fault error={fault} />}
        <Button type="submit" loading={busy} size="md" fullWidth>{t('sign_in')}</Button>
      </form>
      <p className={classes['note']}>{t('sign_in_first')}</p>
    </Gate>
  )
}

export function Fault({ error }: { error: unknown }) {
  const t = useTexts(partTexts)
  const known = error instanceof ApiError ? error : null
  return <p className={classes['fault']} role="alert">{known === null ? String(error) : known.code === 'unreachable' ? t('error_unreachable') : known.detail} {known === null || known.code === '' ? null : <code className="mono">{known.code}</code>}</p>
}
