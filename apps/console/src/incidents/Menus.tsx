// Who has an incident and what state it is in, changed from the header, the panel and for many at once.
import { Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactElement } from 'react'
import type { IncidentStatus } from '../../../server/src/incidents/wire.ts'
import { useSession } from '../api/session.ts'
import { icons } from '../parts/icons.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { membersQuery } from './queries.ts'
import { IncidentStatusSign } from './signs.tsx'
import { incidentTexts } from './texts.ts'

/** By account name; null takes the analyst off. */
export function AssignMenu({ analyst, onAssign, children }: { analyst: string | null; onAssign: (analyst: string | null) => void; children: ReactElement }) {
  const t = useTexts(incidentTexts)
  const { name } = useSession()
  const [opened, setOpened] = useState(false)
  const members = useQuery({ ...membersQuery, enabled: opened })
  const others = (members.data?.users ?? []).filter((member) => !member.disabled && member.name !== name && ['owner', 'manager', 'analyst'].includes(member.role))
  return (
    <Menu opened={opened} onChange={setOpened} position="bottom-start">
      <Menu.Target>{children}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<icons.user size={15} />} rightSection={<kbd>a</kbd>} onClick={() => onAssign(name)}>{t('assign_me')}</Menu.Item>
        {others.length === 0 ? null : <Menu.Divider />}
        {others.map((member) => <Menu.Item key={member.id} onClick={() => onAssign(member.name)} rightSection={member.name === analyst ? <icons.check size={14} /> : <span className="dim">{member.name}</span>}>{member.display_name}</Menu.Item>)}
        {analyst === null ? null : <><Menu.Divider /><Menu.Item onClick={() => onAssign(null)}>{t('take_off')}</Menu.Item></>}
      </Menu.Dropdown>
    </Menu>
  )
}

/** Only what the incident may change to. */
export function StatusMenu({ next, onStatus, children }: { next: readonly IncidentStatus[]; onStatus: (status: IncidentStatus) => void; children: ReactElement }) {
  return (
    <Menu position="bottom-start">
      <Menu.Target>{children}</Menu.Target>
      <Menu.Dropdown>{next.map((status) => <Menu.Item key={status} onClick={() => onStatus(status)}><IncidentStatusSign status={status} /></Menu.Item>)}</Menu.Dropdown>
    </Menu>
  )
}
