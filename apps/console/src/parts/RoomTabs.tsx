import { Link } from '@tanstack/react-router'
import { useFormats } from '../texts/useTexts.ts'
import classes from './RoomTabs.module.css'

/** The parts of a room, each a link. `to` is the room's path; the first part is the room itself, the others are its `tab`. */
export function RoomTabs({ to, label, tabs, tab }: { to: string; label: string; tabs: readonly { readonly id: string; readonly label: string; readonly count?: number | undefined }[]; tab: string | undefined }) {
  const f = useFormats()
  const chosen = tabs.some(({ id }) => id === tab) ? tab : tabs[0]?.id
  return (
    <nav className={classes['tabs']} aria-label={label}>
      {tabs.map(({ id, label: name, count }, at) => <Link key={id} to={to as '/'} search={(at === 0 ? {} : { tab: id }) as never} activeOptions={{ exact: true, includeSearch: true }} aria-current={id === chosen ? 'page' : undefined}>{name}{count === undefined ? null : <span>{f.number(count)}</span>}</Link>)}
    </nav>
  )
}
