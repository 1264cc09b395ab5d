import type { ReactNode } from 'react'
import classes from './pages.module.css'

/** Title and actions, the filter bar, the table, and beside it the side panel of the row that is looked at. */
export function ListPage({ title, count, actions, filters, children, panel }: { title: string; count?: string | undefined; actions?: ReactNode; filters?: ReactNode; children: ReactNode; panel?: ReactNode }) {
  return (
    <div className={classes['list']}>
      <header className={classes['head']}><h1>{title}{count === undefined ? null : <span className={classes['count']}>{count}</span>}</h1><div className={classes['actions']}>{actions}</div></header>
      {filters}
      <div className={classes['body']}>
        <div className={classes['table']}>{children}</div>
        {panel}
      </div>
    </div>
  )
}
