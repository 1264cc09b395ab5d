import { ActionIcon, Button, Menu, Modal, Select, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { CreatedUser, ResetPassword, Role, Side, User } from '../../../server/src/access/wire.ts'
import { api } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import { ConfirmDialog } from '../parts/ConfirmDialog.tsx'
import { toast, toastError } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { StatusSign } from '../parts/signs.tsx'
import { ErrorState, QueryView, SkeletonLines } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { policyQuery } from '../policy/queries.ts'
import { usePreferences } from '../preferences.tsx'
import { languages } from '../shell/AccountMenu.tsx'
import type { Language } from '../texts/catalogue.ts'
import { useTexts } from '../texts/useTexts.ts'
import { settingsRoute } from './feature.tsx'
import { mayChange, roles, rolesToGive, sidesToGive } from './grants.ts'
import { peopleQuery, sitesQuery } from './queries.ts'
import { ShownOnce } from './ShownOnce.tsx'
import { settingsTexts } from './texts.ts'
import classes from './Settings.module.css'

type Doing = { readonly what: 'change' | 'disable' | 'reset'; readonly user: User }

/** The members of the tenant. */
export function People() {
  const t = useTexts(settingsTexts)
  const session = useSession()
  const navigate = useNavigate()
  const client = useQueryClient()
  const { invite } = settingsRoute.useSearch()
  const query = useQuery(peopleQuery)
  const sites = useQuery({ ...sitesQuery, enabled: session.permissions.includes('site.read') }).data ?? []
  const policy = useQuery({ ...policyQuery, enabled: session.permissions.includes('policy.read'), retry: false }).data
  const [doing, setDoing] = useState<Doing | null>(null)
  const [fresh, setFresh] = useState<{ name: string; password: string } | null>(null)
  const write = session.permissions.includes('user.write')
  const openInvite = (role: string | undefined) => { void navigate({ to: '/settings/$section', params: { section: 'people' }, search: role === undefined ? {} : { invite: role }, replace: true }) }
  const settle = () => Promise.all([client.invalidateQueries({ queryKey: ['people'] }), client.invalidateQueries({ queryKey: ['users'] }), client.invalidateQueries({ queryKey: ['policy'] })])
  const enable = async (user: User) => {
    try {
      await api.patch<User>(`/api/v1/users/${user.id}`, { disabled: false })
      toast({ tone: 'good', title: t('enabled', { name: user.display_name }) })
    } catch (error) {
      toastError(t('enable'), error)
    }
    await settle()
  }
  const siteName = (id: string | null) => id === null ? t('whole_tenant') : sites.find((site) => site.id === id)?.name ?? id
  return (
    <>
      {write && policy !== undefined && policy.approvers.customer + policy.approvers.provider < 2 ? <div className={classes['notice']}><icons.user /><div><strong>{t('only_you')}</strong><p>{t('only_you_why')}</p></div><Button size="xs" onClick={() => openInvite('approver')}>{t('invite')}</Button></div> : null}
      <div className={classes['bar']}>{write ? <Button leftSection={<icons.plus size={16} />} onClick={() => openInvite('analyst')}>{t('invite')}</Button> : <p className="dim">{t('people_read_only')}</p>}</div>
      <QueryView query={query} skeleton={<SkeletonLines count={6} height={24} />}>
        {(people) => (
          <table className={classes['table']}>
            <caption className="unseen">{t('people')}</caption>
            <thead><tr><th scope="col">{t('column_person')}</th><th scope="col">{t('column_role')}</th><th scope="col">{t('column_side')}</th><th scope="col">{t('column_site')}</th><th scope="col">{t('column_state')}</th><th scope="col">{t('column_added')}</th><th scope="col"><span className="unseen">{t('more_of', { name: '' })}</span></th></tr></thead>
            <tbody>
              {people.toSorted((a, b) => Number(a.disabled) - Number(b.disabled) || roles.indexOf(a.role) - roles.indexOf(b.role) || a.display_name.localeCompare(b.display_name)).map((user) => (
                <tr key={user.id} data-off={user.disabled || undefined}>
                  <th scope="row"><span className={classes['person']}>{user.display_name}{user.id === session.id ? <span className={classes['tag']}>{t('you')}</span> : null}</span>{user.display_name === user.name ? null : <span className="dim">{user.name}</span>}</th>
                  <td data-label={t('column_role')} title={t(`may_${user.role}`)}>{t(user.role)}</td>
                  <td data-label={t('column_side')}>{t(user.side)}</td>
                  <td data-label={t('column_site')}>{user.all_tenants ? t('all_tenants') : siteName(user.site_id)}</td>
                  <td data-label={t('column_state')}>{user.disabled ? <StatusSign icon="pause" tone="muted" label={t('state_disabled')} /> : user.must_change_password ? <StatusSign icon="clock" tone="neutral" label={t('state_invited')} /> : <StatusSign icon="check" tone="good" label={t('state_active')} />}</td>
                  <td data-label={t('column_added')}><Time at={user.created_at} /></td>
                  <td className={classes['tools']}>
                    {!write || !mayChange(session, user) ? null : (
                      <Menu position="bottom-end" width={240}>
                        <Menu.Target><ActionIcon aria-label={t('more_of', { name: user.display_name })}><icons.more /></ActionIcon></Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item onClick={() => setDoing({ what: 'change', user })}>{t('change_role')}…</Menu.Item>
                          <Menu.Item onClick={() => setDoing({ what: 'reset', user })}>{t('reset')}…</Menu.Item>
                          {user.disabled ? <Menu.Item onClick={() => { void enable(user) }}>{t('enable')}</Menu.Item> : <Menu.Item onClick={() => setDoing({ what: 'disable', user })}>{t('disable')}…</Menu.Item>}
                        </Menu.Dropdown>
                      </Menu>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </QueryView>
      {invite === undefined || !write ? null : <Invite role={invite} onClose={() => openInvite(undefined)} onMade={settle} />}
      {doing?.what === 'change' ? <Change user={doing.user} onClose={() => setDoing(null)} onDone={settle} /> : null}
      <ConfirmDialog
        opened={doing?.what === 'disable'} title={t('disable_title', { name: doing?.user.display_name ?? '' })} blastRadius={[t('disable_why')]} undo={t('disable_undo')} reason="none" danger confirmLabel={t('disable')} onClose={() => setDoing(null)}
        onConfirm={async () => {
          await api.patch<User>(`/api/v1/users/${doing!.user.id}`, { disabled: true })
          toast({ tone: 'good', title: t('disabled', { name: doing!.user.display_name }) })
          await settle()
        }}
      />
      <ConfirmDialog
        opened={doing?.what === 'reset'} title={t('reset_title', { name: doing?.user.display_name ?? '' })} blastRadius={[t('reset_why')]} reason="none" confirmLabel={t('reset')} onClose={() => setDoing(null)}
        onConfirm={async () => {
          const { one_time_password: password } = await api.post<ResetPassword>(`/api/v1/users/${doing!.user.id}/password`, {})
          setFresh({ name: doing!.user.display_name, password })
          await settle()
        }}
      />
      <Modal opened={fresh !== null} onClose={() => setFresh(null)} title={fresh?.name ?? ''} closeButtonProps={{ 'aria-label': t('close') }} closeOnClickOutside={false}>
        {fresh === null ? null : <div className={classes['form']}><ShownOnce label={t('one_time')} value={fresh.password} why={t('one_time_why')} /><div className={classes['buttons']}><Button onClick={() => setFresh(null)}>{t('done')}</Button></div></div>}
      </Modal>
    </>
  )
}

function Invite({ role: wanted, onClose, onMade }: { role: string; onClose: () => void; onMade: () => Promise<unknown> }) {
  const t = useTexts(settingsTexts)
  const session = useSession()
  const { language: own } = usePreferences()
  const given = rolesToGive(session)
  const sides = sidesToGive(session)
  const [name, setName] = useState('')
  const [displayName, setDisplayName] = useState('')
  const [role, setRole] = useState<Role>(given.find((each) => each === wanted) ?? 'analyst')
  const [side, setSide] = useState<Side>(session.side)
  const [site, setSite] = useState(session.site_id ?? '')
  const [language, setLanguage] = useState<Language>(own)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [made, setMade] = useState<CreatedUser | null>(null)
  const bad = !/^[^\s:/\\]+$/u.test(name.trim())
  const shown = displayName.trim() === '' ? name.trim() : displayName.trim()
  const submit = async () => {
    setTried(true)
    if (bad) return
    setBusy(true)
    setError(null)
    try {
      setMade(await api.post<CreatedUser>('/api/v1/users', { name: name.trim(), ...(displayName.trim() === '' ? {} : { display_name: displayName.trim() }), role, side, language, ...(site === '' ? {} : { site_id: site }) }))
      await onMade()
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={onClose} title={made === null ? t('invite_title') : t('invited', { name: made.display_name })} closeButtonProps={{ 'aria-label': t('close') }} closeOnClickOutside={made === null}>
      {made !== null ? (
        <div className={classes['form']}>
          <p>{t(made.role)} · {t(made.side)}</p>
          {made.one_time_password === null ? <p>{t('joined', { name: made.display_name })}</p> : <ShownOnce label={t('one_time')} value={made.one_time_password} why={t('one_time_why')} />}
          <div className={classes['buttons']}><Button onClick={onClose}>{t('done')}</Button></div>
        </div>
      ) : (
        <form className={classes['form']} noValidate onSubmit={(event) => { event.preventDefault(); void submit() }}>
          {wanted === 'approver' ? <p className="dim">{t('invite_approver_why')}</p> : null}
          <TextInput label={t('name')} description={t('name_hint')} value={name} autoComplete="off" error={tried && bad ? t('name_bad') : null} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
          <TextInput label={t('display_name')} description={t('display_name_hint')} value={displayName} autoComplete="off" onChange={(event) => setDisplayName(event.currentTarget.value)} />
          <RoleField role={role} offered={given} onChange={setRole} />
          <div className={classes['pair']}>
            {sides.length < 2 ? null : <Select label={t('side')} value={side} onChange={(value) => { if (value !== null) setSide(value) }} allowDeselect={false} data={sides.map((value) => ({ value, label: t(value) }))} />}
            <Select label={t('language')} value={language} onChange={(value) => { if (value !== null) setLanguage(value) }} allowDeselect={false} data={languages.map(({ value, label }) => ({ value, label }))} />
            <SiteField site={site} onChange={setSite} />
          </div>
          {error === null ? null : <ErrorState error={error} />}
          <div className={classes['buttons']}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit" loading={busy}>{shown === '' ? t('invite') : t('invite_do', { name: shown })}</Button></div>
        </form>
      )}
    </Modal>
  )
}

function Change({ user, onClose, onDone }: { user: User; onClose: () => void; onDone: () => Promise<unknown> }) {
  const t = useTexts(settingsTexts)
  const session = useSession()
  const [role, setRole] = useState(user.role)
  const [site, setSite] = useState(user.site_id ?? '')
  return (
    <ConfirmDialog
      opened title={t('change_title', { name: user.display_name })} undo={t('holds_next')} reason="none" confirmLabel={t('save')} onClose={onClose}
      onConfirm={async () => {
        await api.patch<User>(`/api/v1/users/${user.id}`, { role, site_id: site === '' ? null : site })
        toast({ tone: 'good', title: t('changed', { name: user.display_name }) })
        await onDone()
      }}
    >
      <RoleField role={role} offered={rolesToGive(session)} onChange={setRole} />
      <SiteField site={site} onChange={setSite} />
    </ConfirmDialog>
  )
}

/** Roles with what each may do: a name alone says too little. */
export function RoleField({ role, offered, onChange }: { role: Role; offered: readonly Role[]; onChange: (role: Role) => void }) {
  const t = useTexts(settingsTexts)
  useEffect(() => { if (!offered.includes(role) && offered[0] !== undefined) onChange(offered[0]) }, [offered, role, onChange])
  return (
    <fieldset className={classes['roles']}><legend>{t('role')}</legend>
      {offered.map((each) => <label key={each} data-chosen={role === each || undefined}><input type="radio" name="role" checked={role === each} onChange={() => onChange(each)} /><span><strong>{t(each)}</strong><span>{t(`may_${each}`)}</span></span></label>)}
    </fieldset>
  )
}

export function SiteField({ site, onChange }: { site: string; onChange: (site: string) => void }) {
  const t = useTexts(settingsTexts)
  const { site_id: own, permissions } = useSession()
  const sites = useQuery({ ...sitesQuery, enabled: permissions.includes('site.read') }).data ?? []
  if (sites.length === 0) return null
  return <Select label={t('site')} value={site} onChange={(value) => onChange(value ?? '')} allowDeselect={false} data={[...(own === null ? [{ value: '', label: t('whole_tenant') }] : []), ...sites.filter(({ id }) => own === null || own === id).map(({ id, name }) => ({ value: id, label: name }))]} />
}
