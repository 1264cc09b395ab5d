import { Button, Skeleton as Block } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { ApiError } from '../api/error.ts'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { icons } from './icons.tsx'
import { partTexts } from './texts.ts'
import classes from './states.module.css'

/** Nothing for 150 ms, then the shape of what comes: a quick answer flickers nothing. */
export function Skeleton({ children }: { children?: ReactNode }) {
  const t = useTexts(partTexts)
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div aria-busy="true">
      <span className="unseen" role="status">{late ? t('loading') : ''}</span>
      {late ? <div aria-hidden="true">{children ?? <SkeletonLines count={6} />}</div> : null}
    </div>
  )
}
export function SkeletonLines({ count, height = 14 }: { count: number; height?: number }) {
  return <div className={classes['lines']}>{Array.from({ length: count }, (_, at) => <Block key={at} height={height} width={`${[92, 78, 85, 64, 88, 71][at % 6]}%`} />)}</div>
}

/** What this page will show, why it is empty, and the one next step. */
export function EmptyState({ title, why, next }: { title: string; why: string; next?: ReactNode }) {
  return <div className={classes['empty']}><icons.shield size={28} /><h2>{title}</h2><p>{why}</p>{next === undefined ? null : <div>{next}</div>}</div>
}

/** What failed, whether retrying helps, the code to quote, a retry. */
export function ErrorState({ error, title, onRetry }: { error: unknown; title?: string; onRetry?: () => void }) {
  const t = useTexts(partTexts)
  const known = error instanceof ApiError ? error : null
  const detail = known === null ? (error instanceof Error ? error.message : String(error)) : known.code === 'unreachable' ? t('error_unreachable') : known.detail
  const retry = known === null || known.retry
  return (
    <div className={classes['error']} role="alert">
      <icons.warning size={28} />
      <h2>{title ?? t('error_title')}</h2>
      <p>{detail}</p>
      <p className="dim">{t(retry ? 'error_retry_helps' : 'error_retry_useless')} <span className="mono">{t('error_code', { code: known?.code ?? 'console' })}</span></p>
      {onRetry === undefined ? null : <Button variant="default" onClick={onRetry} leftSection={<icons.refresh size={16} />}>{t('retry')}</Button>}
    </div>
  )
}

/** Data that could not be refreshed stays, marked. */
export function StaleMark({ at }: { at: number }) {
  const t = useTexts(partTexts)
  const formats = useFormats()
  return <p className={classes['stale']} role="status"><icons.clock size={14} /> {t('stale', { at: formats.clock(at) })}</p>
}

/** Loading, failed, stale and empty of one query; `children` only ever sees data. */
export function QueryView<Data>({ query, skeleton, empty, errorTitle, children }: {
  query: UseQueryResult<Data>
  skeleton?: ReactNode
  /** Answer what to show instead when there is nothing in it. */
  empty?: (data: Data) => ReactNode | null
  errorTitle?: string
  children: (data: Data) => ReactNode
}) {
  const retry = () => { void query.refetch() }
  if (query.data === undefined) return query.isError ? <ErrorState error={query.error} onRetry={retry} {...(errorTitle === undefined ? {} : { title: errorTitle })} /> : <Skeleton>{skeleton}</Skeleton>
  const instead = empty?.(query.data) ?? null
  return <>{query.isError ? <StaleMark at={query.dataUpdatedAt} /> : null}{instead ?? children(query.data)}</>
}
