import { Button } from '@mantine/core'
import { useRouter } from '@tanstack/react-router'
import { ApiError } from '../api/error.ts'
import { icons } from '../parts/icons.tsx'
import { ErrorState } from '../parts/states.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { shellTexts } from './texts.ts'
import classes from './PageFault.module.css'

/** What stands where a page was, when it threw: the rest of the console goes on. */
export function PageFault({ error }: { error: unknown }) {
  const t = useTexts(shellTexts)
  const router = useRouter()
  if (error instanceof ApiError) return <ErrorState error={error} onRetry={() => { void router.invalidate() }} />
  return (
    <div className={classes['fault']} role="alert">
      <icons.warning size={28} />
      <h1>{t('broken')}</h1>
      <p>{t('broken_why')}</p>
      <pre className="mono" tabIndex={0}>{error instanceof Error ? `${error.name}: ${error.message}` : String(error)}</pre>
      <Button variant="default" leftSection={<icons.refresh size={16} />} onClick={() => location.reload()}>{t('reload')}</Button>
    </div>
  )
}
