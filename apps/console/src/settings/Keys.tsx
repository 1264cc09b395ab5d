import { ActionIcon, Button, Menu, Modal, Select, TextInput, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiKey, IssuedApiKey, Role } from '../../../server/src/access/wire.ts'
import { api } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import { ConfirmDialog } from '../parts/ConfirmDialog.tsx'
import { toast } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { EmptyState, ErrorState, QueryView, SkeletonLines } from '../parts/states.tsx'
import { Time, useNow } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { keyRoles, rolesToGive, sidesToGive } from './grants.ts'
import { RoleField, SiteField } from './People.tsx'
import { keysQuery, peopleQuery } from './queries.ts'
import { Copied, ShownOnce } from './ShownOnce.tsx'
import { settingsTexts } from './texts.ts'
import classes from './Settings.module.css'

const linesOf = (text: string): string[] => text.split(/[\n,]/).map((each) => each.trim()).filter((each) => each !== '')

/** API keys of the tenant. */
export function Keys() {
  const t = useTexts(settingsTexts)
  const { permissions } = useSession()
  const client = useQueryClient()
  const query = useQuery(keysQuery)
  const [creating, setCreating] = useState(false)
  const [doing, setDoing] = useState<{ what: 'revoke' | 'rotate'; key: ApiKey } | null>(null)
  const [issued, setIssued] = useState<{ title: string; key: IssuedApiKey } | null>(null)
  const write = permissions.includes('key.write')
  const settle = () => client.invalidateQueries({ queryKey: ['keys'] })
  const create = write ? <Button leftSection={<icons.plus size={16} />} onClick={() => setCreating(true)}>{t('key_create')}</Button> : null
  return (
    <>
      <QueryView query={query} skeleton={<SkeletonLines count={5} height={24} />} empty={(keys) => keys.length === 0 ? <EmptyState title={t('keys_none')} why={t('keys_none_why')} next={create} /> : null}>
        {(keys) => <><div className={classes['bar']}>{create}</div><Table keys={keys} write={write} onDo={setDoing} /></>}
      </QueryView>
      {creating ? <Create onClose={() => setCreating(false)} onMade={(key) => { setCreating(false); setIssued({ title: t('key_made', { name: key.name }), key }); void settle() }} /> : null}
      <ConfirmDialog
        opened={doing?.what === 'revoke'} title={t('revoke_title', { name: doing?.key.name ?? '' })} blastRadius={[t('revoke_why')]} undo={t('revoke_undo')} reason="none" danger confirmLabel={t('revoke')} onClose={() => setDoing(null)}
        onConfirm={async () => {
          await api.delete<ApiKey>(`/api/v1/keys/${doing!.key.key_id}`)
          toast({ tone: 'good', title: t('revoked_done', { name: doing!.key.name }) })
          await settle()
        }}
      />
      {doing?.what === 'rotate' ? <Rotate of={doing.key} onClose={() => setDoing(null)} onMade={(key) => { setIssued({ title: t('rotated', { name: key.name }), key }); void settle() }} /> : null}
      <Modal opened={issued !== null} onClose={() => setIssued(null)} title={issued?.title ?? ''} closeButtonProps={{ 'aria-label': t('close') }} closeOnClickOutside={false} size="lg">
        {issued === null ? null : (
          <div className={classes['form']}>
            <Copied label={t('key_id')} value={issued.key.key_id} />
            {issued.key.secret === null ? <p className="dim">{t('no_secret')}</p> : <ShownOnce label={t('secret')} value={issued.key.secret} why={t('secret_why')} />}
            <div className={classes['buttons']}><Button onClick={() => setIssued(null)}>{t('done')}</Button></div>
          </div>
        )}
      </Modal>
    </>
  )
}

function Table({ keys, write, onDo }: { keys: readonly ApiKey[]; write: boolean; onDo: (doing: { what: 'revoke' | 'rotate'; key: ApiKey }) => void }) {
  const t = useTexts(settingsTexts)
  const f = useFormats()
  const now = useNow()
  const session = useSession()
  const people = useQuery({ ...peopleQuery, enabled: session.permissions.includes('user.read') }).data ?? []
  const [all, setAll] = useState(false)
  const ended = (key: ApiKey) => key.revoked_at !== null || (key.expires_at !== null && Date.parse(key.expires_at) <= now)
  const gone = keys.filter(ended).length
  const ownerOf = (key: ApiKey) => key.owner_id === null ? t('nobody') : people.find(({ id }) => id === key.owner_id)?.display_name ?? key.owner_id
  return (
    <>
      <table className={classes['table']}>
        <caption className="unseen">{t('keys')}</caption>
        <thead><tr><th scope="col">{t('column_key')}</th><th scope="col">{t('column_role')}</th><th scope="col">{t('column_signing')}</th><th scope="col">{t('column_owner')}</th><th scope="col">{t('column_used')}</th><th scope="col"><span className="unseen">{t('more_of', { name: '' })}</span></th></tr></thead>
        <tbody>
          {keys.filter((key) => all || !ended(key)).toSorted((a, b) => Number(ended(a)) - Number(ended(b)) || a.name.localeCompare(b.name)).map((key) => (
            <tr key={key.key_id} data-off={ended(key) || undefined}>
              <th scope="row"><span className={classes['person']}>{key.name}</span><span className={`mono ${classes['id']}`}>{key.key_id}</span></th>
              <td data-label={t('column_role')} title={t(`may_${key.role}`)}>{t(key.role)}</td>
              <td data-label={t('column_signing')}>{t(key.algorithm === 'ed25519' ? 'sign_ed' : key.scheme2_only ? 'sign_2' : 'sign_1')}{key.allowed_addresses.length === 0 ? null : <span className="dim" title={key.allowed_addresses.join(', ')}>{t('addresses_count', { count: key.allowed_addresses.length })}</span>}</td>
              <td data-label={t('column_owner')}>{ownerOf(key)}</td>
              <td data-label={t('column_used')}>{key.revoked_at !== null ? t('revoked', { ago: f.relative(key.revoked_at, now) }) : key.expires_at !== null && ended(key) ? t('expired', { ago: f.relative(key.expires_at, now) }) : key.last_used_at === null ? <span className="dim">{t('never_used')}</span> : <Time at={key.last_used_at} />}{key.expires_at === null || ended(key) ? null : <span className="dim">{t('expires', { at: f.date(key.expires_at) })}</span>}</td>
              <td className={classes['tools']}>
                {!write || key.revoked_at !== null || !rolesToGive(session).includes(key.role) || !sidesToGive(session).includes(key.side) ? null : (
                  <Menu position="bottom-end" width={200}>
                    <Menu.Target><ActionIcon aria-label={t('more_of', { name: key.name })}><icons.more /></ActionIcon></Menu.Target>
                    <Menu.Dropdown><Menu.Item onClick={() => onDo({ what: 'rotate', key })}>{t('rotate')}…</Menu.Item><Menu.Item onClick={() => onDo({ what: 'revoke', key })}>{t('revoke')}…</Menu.Item></Menu.Dropdown>
                  </Menu>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {gone === 0 ? null : <p className={classes['more']}><button type="button" onClick={() => setAll(!all)}>{all ? t('revoked_hide') : t('revoked_show', { count: gone })}</button></p>}
    </>
  )
}

type Scheme = '1' | '2' | 'ed'

function Create({ onClose, onMade }: { onClose: () => void; onMade: (key: IssuedApiKey) => void }) {
  const t = useTexts(settingsTexts)
  const session = useSession()
  const people = (useQuery({ ...peopleQuery, enabled: session.permissions.includes('user.read') }).data ?? []).filter(({ disabled }) => !disabled)
  const [name, setName] = useState('')
  const [owner, setOwner] = useState(session.kind === 'user' ? session.id : '')
  const [role, setRole] = useState<Role>('analyst')
  const [scheme, setScheme] = useState<Scheme>('2')
  const [publicKey, setPublicKey] = useState('')
  const [addresses, setAddresses] = useState('')
  const [until, setUntil] = useState('')
  const [site, setSite] = useState(session.site_id ?? '')
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const own = owner === session.id
  const offered = keyRoles(session, own)
  const submit = async () => {
    setTried(true)
    if (name.trim() === '' || (scheme === 'ed' && publicKey.trim() === '')) return
    setBusy(true)
    setError(null)
    try {
      onMade(await api.post<IssuedApiKey>('/api/v1/keys', {
        name: name.trim(), role, ...(owner === '' ? {} : { owner }), ...(site === '' ? {} : { site_id: site }), allowed_addresses: linesOf(addresses), scheme2_only: scheme !== '1',
        ...(scheme === 'ed' ? { public_key: publicKey.trim() } : {}), ...(until === '' ? {} : { expires_at: new Date(`${until}T23:59:59`).toISOString() }),
      }))
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={onClose} title={t('key_create_title')} closeButtonProps={{ 'aria-label': t('close') }} size="lg">
      <form className={classes['form']} noValidate onSubmit={(event) => { event.preventDefault(); void submit() }}>
        <TextInput label={t('key_name')} description={t('key_name_hint')} value={name} autoComplete="off" error={tried && name.trim() === '' ? t('key_name_missing') : null} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
        <Select label={t('key_owner')} description={t('key_owner_hint')} searchable={people.length > 8} value={owner} onChange={(value) => setOwner(value ?? '')} allowDeselect={false} data={people.some(({ id }) => id === session.id) || session.kind !== 'user' ? people.map(({ id, display_name: label }) => ({ value: id, label: id === session.id ? `${label} (${t('you')})` : label })) : [{ value: session.id, label: `${session.name} (${t('you')})` }, ...people.map(({ id, display_name: label }) => ({ value: id, label }))]} />
        <RoleField role={role} offered={offered} onChange={setRole} />
        {own ? null : <p className={classes['hint']}>{t('approve_own')}</p>}
        <fieldset className={classes['roles']}><legend>{t('scheme')}</legend>
          {(['2', 'ed', '1'] as const).map((each) => <label key={each} data-chosen={scheme === each || undefined}><input type="radio" name="scheme" checked={scheme === each} onChange={() => setScheme(each)} /><span><strong>{t(`scheme_${each}`)}</strong><span>{t(`scheme_${each}_why`)}</span></span></label>)}
        </fieldset>
        {scheme === 'ed' ? <Textarea label={t('public_key')} description={t('public_key_hint')} autosize minRows={2} maxRows={6} classNames={{ input: 'mono' }} value={publicKey} error={tried && publicKey.trim() === '' ? t('public_key_missing') : null} onChange={(event) => setPublicKey(event.currentTarget.value)} /> : null}
        <Textarea label={t('addresses')} description={t('addresses_hint')} autosize minRows={1} maxRows={6} value={addresses} onChange={(event) => setAddresses(event.currentTarget.value)} />
        <div className={classes['pair']}><TextInput type="date" label={t('key_until')} description={t('key_until_hint')} value={until} onChange={(event) => setUntil(event.currentTarget.value)} /><SiteField site={site} onChange={setSite} /></div>
        {error === null ? null : <ErrorState error={error} />}
        <div className={classes['buttons']}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit" loading={busy}>{name.trim() === '' ? t('key_create') : t('key_do', { name: name.trim() })}</Button></div>
      </form>
    </Modal>
  )
}

function Rotate({ of, onClose, onMade }: { of: ApiKey; onClose: () => void; onMade: (key: IssuedApiKey) => void }) {
  const t = useTexts(settingsTexts)
  const [hours, setHours] = useState(24)
  const [publicKey, setPublicKey] = useState('')
  return (
    <ConfirmDialog
      opened title={t('rotate_title', { name: of.name })} reason="none" confirmLabel={t('rotate_do')} onClose={onClose}
      onConfirm={async () => onMade(await api.post<IssuedApiKey>(`/api/v1/keys/${of.key_id}/rotate`, { overlap_hours: hours, ...(of.algorithm === 'ed25519' ? { public_key: publicKey.trim() } : {}) }))}
    >
      <p>{t('rotate_why')}</p>
      <TextInput type="number" min={0} max={720} label={t('overlap')} description={t('overlap_hint')} value={hours} onChange={(event) => setHours(Math.min(720, Math.max(0, event.currentTarget.valueAsNumber || 0)))} data-autofocus />
      {of.algorithm === 'ed25519' ? <Textarea label={t('public_key')} description={t('public_key_hint')} autosize minRows={2} classNames={{ input: 'mono' }} value={publicKey} onChange={(event) => setPublicKey(event.currentTarget.value)} /> : null}
    </ConfirmDialog>
  )
}
