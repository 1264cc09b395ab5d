import { Link } from '@tanstack/react-router'
import type { AssetKind } from '../../../server/src/assets/wire.ts'
import tabClasses from '../parts/RoomTabs.module.css'
import { useTexts } from '../texts/useTexts.ts'
import { hostTexts } from './texts.ts'

export function Kinds({ kind }: { kind: AssetKind }) {
  const t = useTexts(hostTexts)
  return <nav className={tabClasses['tabs']} aria-label={t('kinds')}>{(['host', 'user', 'address'] as const).map((each) => <Link key={each} to="/hosts" search={each === 'host' ? {} : { kind: each }} activeOptions={{ exact: true, includeSearch: true }} aria-current={each === kind ? 'page' : undefined}>{t(`kind_${each}`)}</Link>)}</nav>
}
