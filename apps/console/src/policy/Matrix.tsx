import { useMediaQuery } from '@mantine/hooks'
import { useId, useMemo, useState } from 'react'
import type { Severity } from '../../../server/src/detection/wire.ts'
import type { Decision } from '../../../server/src/response/wire.ts'
import { icons } from '../parts/icons.tsx'
import type { IconName } from '../parts/icons.tsx'
import { severities, SeveritySign } from '../parts/signs.tsx'
import { actionTypes, cellsIn, matrixOf, requesters } from './matrix.ts'
import type { Answer, Block, Cell, Line, PolicyContent } from './matrix.ts'
import { useSay } from './queries.ts'
import { sayAnswer } from './words.ts'
import type { Say } from './words.ts'
import classes from './Policy.module.css'

export const decisionIcons: Readonly<Record<Decision, IconName>> = { allow: 'play', ask: 'approvals', deny: 'stop' }

/**
 * Every answer of a policy: actions and requesters that are answered alike stand together, so that what is usual is two lines. An answer that is
 * looked at says what decides it (`onDeciding` marks the row elsewhere). `before`: what has changed against it is marked.
 */
export function Matrix({ policy, providerExists, before = null, onDeciding }: { policy: PolicyContent; providerExists: boolean; before?: PolicyContent | null; onDeciding?: (rows: readonly string[]) => void }) {
  const say = useSay()
  const narrow = useMediaQuery('(max-width: 699px)', false, { getInitialValueInEffect: false }) === true
  const blocks = useMemo(() => matrixOf(policy, severities, providerExists, before), [policy, providerExists, before])
  const [looked, setLooked] = useState<{ key: string; answer: Answer; before: Answer | null } | null>(null)
  const why = useId()
  const { changed, total } = cellsIn(blocks)
  const look = (key: string, { answer, before: was }: Cell) => {
    setLooked({ key, answer, before: was })
    onDeciding?.(answer.row === null ? answer.exceptions : [answer.row])
  }
  const cellOf = (block: Block, line: Line, cell: Cell) => {
    const key = `${block.actions.join()} ${line.requesters.join()} ${cell.severity}`
    return <CellButton say={say} cell={cell} pressed={looked?.key === key} describedBy={why} label={[actionsOf(say, block), requestersOf(say, line), say.part(cell.severity)].join(', ')} onLook={() => look(key, cell)} />
  }
  return (
    <div className={classes['matrix']}>
      {before === null ? null : <p className={classes['changed']}>{say.t('cells_changed', { count: changed, total })}</p>}
      {narrow ? blocks.map((block) => (
        <table key={block.actions.join()}>
          <caption>{actionsOf(say, block)}</caption>
          <thead><tr><th scope="col">{say.t('severity')}</th>{block.lines.map((line) => <th key={line.requesters.join()} scope="col">{requestersOf(say, line)}</th>)}</tr></thead>
          <tbody>{severities.map((severity, at) => <tr key={severity}><th scope="row"><SeveritySign severity={severity} /></th>{block.lines.map((line) => <td key={line.requesters.join()}>{cellOf(block, line, line.cells[at]!)}</td>)}</tr>)}</tbody>
        </table>
      )) : (
        <table>
          <caption className="unseen">{say.t('matrix')}</caption>
          <thead><tr><th scope="col">{say.t('action')}</th><th scope="col">{say.t('asked_by')}</th>{severities.map((severity: Severity) => <th key={severity} scope="col"><SeveritySign severity={severity} /></th>)}</tr></thead>
          {blocks.map((block) => (
            <tbody key={block.actions.join()}>
              {block.lines.map((line, at) => (
                <tr key={line.requesters.join()}>
                  {at === 0 ? <th scope="rowgroup" rowSpan={block.lines.length}>{actionsOf(say, block)}</th> : null}
                  <th scope="row">{requestersOf(say, line)}</th>
                  {line.cells.map((cell) => <td key={cell.severity}>{cellOf(block, line, cell)}</td>)}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      )}
      <p id={why} className={classes['why']} aria-live="polite">{looked === null ? <span className="dim">{say.t('matrix_hint')}</span> : <Because say={say} policy={policy} answer={looked.answer} before={looked.before} />}</p>
    </div>
  )
}

const actionsOf = ({ t, f }: Say, { actions }: Block) => actions.length === actionTypes.length ? t('every_action') : f.list(actions.map((action) => t(action)))
const requestersOf = ({ t, f }: Say, { requesters: of }: Line) => of.length === requesters.length ? t('every_requester') : f.list(of.map((requester) => t(`req_${requester}`)))

function CellButton({ say, cell: { answer, before }, pressed, describedBy, label, onLook }: { say: Say; cell: Cell; pressed: boolean; describedBy: string; label: string; onLook: () => void }) {
  const Icon = icons[decisionIcons[answer.decision]]
  return (
    <button type="button" className={classes['cell']} data-decision={answer.decision} data-changed={before !== null || undefined} aria-pressed={pressed} aria-describedby={pressed ? describedBy : undefined} onClick={onLook} onFocus={onLook}>
      <span className="unseen">{label}: </span>
      <Icon size={14} /><span>{say.t(answer.decision)}{answer.who === null ? null : <small>{say.t(`who_${answer.who}`)}</small>}{before === null ? null : <small className={classes['was']}>{say.t('was', { answer: sayAnswer(say, before) })}</small>}</span>
      {answer.exceptions.length === 0 ? null : <sup aria-hidden="true">*</sup>}
    </button>
  )
}

function Because({ say, policy, answer, before }: { say: Say; policy: PolicyContent; answer: Answer; before: Answer | null }) {
  const { t } = say
  return (
    <>
      <strong>{sayAnswer(say, answer)}.</strong> {answer.row === null ? t('because_preset', { preset: t(policy.preset) }) : t('because_row', { id: answer.row })}
      {answer.exceptions.length === 0 ? null : <> {t('exceptions', { rows: answer.exceptions.map((id) => `“${id}”`).join(', ') })}</>}
      {before === null ? null : <> ({t('was', { answer: sayAnswer(say, before) })})</>}
    </>
  )
}
