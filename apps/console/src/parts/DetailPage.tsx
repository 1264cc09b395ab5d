import { Tabs } from '@mantine/core'
import type { ReactNode } from 'react'
import { icons } from './icons.tsx'
import classes from './pages.module.css'

export type Fact = { readonly label: string; readonly value: ReactNode }
export type Tab = { readonly id: string; readonly label: string; readonly count?: number | undefined; readonly content: ReactNode }

/**
 * The header answers in one glance what, where, how bad, since when, who has it, what happens next; then tabs.
 * `primary` is the one action, top right. `tab` and `onTab` belong to the URL.
 */
export function DetailPage({ back, signs, title, facts, primary, tabs, tab, onTab, children }: {
  back?: ReactNode
  /** Severity and status. */
  signs?: ReactNode
  title: string
  facts?: readonly Fact[]
  primary?: ReactNode
  tabs?: readonly Tab[]
  tab?: string | undefined
  onTab?: (id: string) => void
  /** Instead of tabs, or above them. */
  children?: ReactNode
}) {
  const chosen = tabs?.some(({ id }) => id === tab) === true ? tab! : tabs?.[0]?.id
  return (
    <div className={classes['detail']}>
      <header className={classes['detailHead']}>
        {back === undefined ? null : <div className={classes['back']}><icons.back size={14} />{back}</div>}
        <div className={classes['titleRow']}>
          <div>{signs === undefined ? null : <div className={classes['signs']}>{signs}</div>}<h1>{title}</h1></div>
          {primary === undefined ? null : <div className={classes['primary']}>{primary}</div>}
        </div>
        {facts === undefined ? null : <dl className={classes['facts']}>{facts.map(({ label, value }) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}</dl>}
      </header>
      {children}
      {tabs === undefined || chosen === undefined ? null : (
        <Tabs value={chosen} onChange={(id) => { if (id !== null) onTab?.(id) }} keepMounted={false} className={classes['tabs']}>
          <Tabs.List>{tabs.map(({ id, label, count }) => <Tabs.Tab key={id} value={id}>{label}{count === undefined ? null : <span className={classes['tabCount']}>{count}</span>}</Tabs.Tab>)}</Tabs.List>
          {tabs.map(({ id, content }) => <Tabs.Panel key={id} value={id}>{content}</Tabs.Panel>)}
        </Tabs>
      )}
    </div>
  )
}

/** A titled block of a detail page. */
export function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return <section className={classes['section']}><header><h2>{title}</h2>{aside === undefined ? null : <div>{aside}</div>}</header>{children}</section>
}
