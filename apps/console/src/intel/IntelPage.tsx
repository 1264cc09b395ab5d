import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { RoomTabs } from '../parts/RoomTabs.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { intelRoute } from './feature.tsx'
import { Feeds } from './Feeds.tsx'
import { Lookup } from './Lookup.tsx'
import { feedsQuery } from './queries.ts'
import { intelTexts } from './texts.ts'

export type Search = ReturnType<typeof intelRoute.useSearch>
/** What changes in the address; undefined takes away. */
export type Go = (change: Partial<Record<keyof Search, string | undefined>>) => void

export function IntelPage() {
  const t = useTexts(intelTexts)
  const navigate = useNavigate()
  const search = intelRoute.useSearch()
  const feeds = useQuery(feedsQuery)
  const go = useCallback<Go>((change) => {
    void navigate({ to: '/intel', search: (before) => Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined && value !== '')), replace: true })
  }, [navigate])
  const tabs = <RoomTabs to="/intel" label={t('parts')} tab={search.tab} tabs={[{ id: 'lookup', label: t('tab_lookup') }, { id: 'feeds', label: t('tab_feeds'), count: feeds.data?.length }]} />
  return search.tab === 'feeds' ? <Feeds tabs={tabs} query={feeds} search={search} go={go} /> : <Lookup tabs={tabs} feeds={feeds.data} search={search} go={go} />
}
