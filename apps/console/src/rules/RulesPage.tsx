import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { RoomTabs } from '../parts/RoomTabs.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { rulesRoute } from './feature.tsx'
import { Packs } from './Packs.tsx'
import { packsQuery, suppressionsQuery } from './queries.ts'
import { RuleList } from './RuleList.tsx'
import { Suppressions } from './Suppressions.tsx'
import { ruleTexts } from './texts.ts'

export type Search = ReturnType<typeof rulesRoute.useSearch>
/** What changes in the address; undefined takes away. */
export type Go = (change: Partial<Record<keyof Search, string | undefined>>) => void

export function RulesPage() {
  const t = useTexts(ruleTexts)
  const navigate = useNavigate()
  const search = rulesRoute.useSearch()
  const packs = useQuery(packsQuery)
  const suppressions = useQuery(suppressionsQuery)
  const go = useCallback<Go>((change) => {
    void navigate({ to: '/rules', search: (before) => Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined && value !== '')), replace: true })
  }, [navigate])
  const tabs = <RoomTabs to="/rules" label={t('parts')} tab={search.tab} tabs={[{ id: 'rules', label: t('tab_rules') }, { id: 'packs', label: t('tab_packs'), count: packs.data?.length }, { id: 'suppressions', label: t('tab_suppressions'), count: suppressions.data?.length }]} />
  if (search.tab === 'packs') return <Packs tabs={tabs} query={packs} search={search} go={go} />
  if (search.tab === 'suppressions') return <Suppressions tabs={tabs} query={suppressions} search={search} go={go} />
  return <RuleList tabs={tabs} search={search} go={go} />
}
