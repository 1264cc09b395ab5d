// Rows that may be ten thousand: only what is seen is in the page, and rows are not drawn again while they scroll. The server sorts and filters;
// here is what a reader does with the rows: move, look, open, select, choose columns. Defended by tests/console (10,000 rows, keyboard, axe).
import { ActionIcon, Checkbox, Popover } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useCallback, useEffect, useId, useMemo, useRef, useState } from 'react'
import type { MouseEvent, ReactNode } from 'react'
import { usePreferences, useStored } from '../preferences.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { icons } from './icons.tsx'
import { useShortcuts } from './keyboard.ts'
import { announce } from './feedback.tsx'
import { partTexts } from './texts.ts'
import classes from './DataTable.module.css'

export type Column<Row> = {
  readonly id: string
  readonly label: string
  /** A track of CSS grid: '120px', 'minmax(240px, 3fr)'. */
  readonly width: string
  readonly cell: (row: Row) => ReactNode
  readonly align?: 'end'
  /** Cannot be hidden. */
  readonly fixed?: boolean
  /** Not shown until chosen. */
  readonly hidden?: boolean
}

export type DataTableProps<Row> = {
  /** Under which the chosen columns are kept in this browser. */
  readonly name: string
  /** What the rows are, for screen readers. */
  readonly label: string
  /** Stable (useMemo): new columns draw every row again. */
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowId: (row: Row) => string
  /** The row in the side panel. */
  readonly peeked?: string | null
  /** A click or `o`; with an open panel also `j` and `k`. */
  readonly onPeek?: (row: Row) => void
  /** Enter or a double click: the full page. */
  readonly onOpen?: (row: Row) => void
  /** The row that the keys are on, null where there is none. Stable (useCallback, or a setter). */
  readonly onCursor?: (row: Row | null) => void
  readonly selection?: ReadonlySet<string>
  readonly onSelection?: (selection: ReadonlySet<string>) => void
  /** What can be done with the selected rows. */
  readonly bulk?: ReactNode
  /** How a row looks where there is no room for columns (below 700 px). */
  readonly card?: (row: Row) => ReactNode
  /** More rows than were loaded. */
  readonly more?: { readonly loading: boolean; readonly load: () => void } | null
  /** Rows that came while this was read: told, and shown only when asked for. */
  readonly fresh?: { readonly count: number; readonly show: () => void }
}

const rowHeight = 41
const cardHeight = 88

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { name, label, columns, rows, rowId, peeked = null, onPeek, onOpen, onCursor, selection, onSelection, bulk, card, more, fresh } = props
  const t = useTexts(partTexts)
  const formats = useFormats()
  const { language } = usePreferences()
  const narrow = useMediaQuery('(max-width: 699px)', false, { getInitialValueInEffect: false }) === true && card !== undefined
  const [chosen, setChosen] = useStored<Record<string, boolean>>(`columns.${name}`, {})
  const visible = useMemo(() => columns.filter((column) => column.fixed === true || (chosen[column.id] ?? column.hidden !== true)), [columns, chosen])
  const scroller = useRef<HTMLDivElement>(null)
  const base = useId()
  const [cursor, setCursor] = useState<string | null>(peeked)
  const virtual = useVirtualizer({
    count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => narrow ? cardHeight : rowHeight, overscan: narrow ? 6 : 12, getItemKey: (at) => rowId(rows[at]!),
  })
  const position = useMemo(() => new Map(rows.map((row, at) => [rowId(row), at])), [rows, rowId])
  const at = cursor === null ? -1 : position.get(cursor) ?? -1
  useEffect(() => { if (peeked !== null) setCursor(peeked) }, [peeked])
  useEffect(() => onCursor?.(rows[at] ?? null), [rows, at, onCursor])
  // What was measured for cards does not hold for rows.
  useEffect(() => { virtual.measure() }, [narrow])

  const move = (to: number) => {
    const next = Math.min(rows.length - 1, Math.max(0, to))
    const row = rows[next]
    if (row === undefined) return
    setCursor(rowId(row))
    virtual.scrollToIndex(next)
    if (peeked !== null) onPeek?.(row)
  }
  const toggle = useCallback((id: string) => {
    if (selection === undefined) return
    const next = new Set(selection)
    if (!next.delete(id)) next.add(id)
    onSelection?.(next)
  }, [selection, onSelection])
  const withRow = (act: ((row: Row) => void) | undefined) => () => {
    const row = rows[at]
    if (row !== undefined) act?.(row)
  }
  useShortcuts([
    { keys: 'j', group: 'list', label: { en: 'Next row', ko: '다음 행' }, run: () => move(at + 1) },
    { keys: 'k', group: 'list', label: { en: 'Previous row', ko: '이전 행' }, run: () => move(at === -1 ? 0 : at - 1) },
    ...(onPeek === undefined ? [] : [{ keys: 'o', group: 'list' as const, label: { en: 'Look at the row', ko: '행 살펴보기' }, run: withRow(onPeek) }]),
    ...(onOpen === undefined ? [] : [{ keys: 'Enter', group: 'list' as const, label: { en: 'Open the full page', ko: '전체 화면으로 열기' }, run: withRow(onOpen) }]),
    ...(onSelection === undefined ? [] : [{ keys: 'x', group: 'list' as const, label: { en: 'Select the row', ko: '행 선택' }, run: withRow((row) => toggle(rowId(row))) }]),
  ])
  useEffect(() => { if (fresh !== undefined && fresh.count > 0) announce(t('rows_new', { count: fresh.count })) }, [fresh?.count])

  // The last rows ask for those after them.
  const items = virtual.getVirtualItems()
  const lastSeen = items.at(-1)?.index ?? -1
  useEffect(() => { if (more != null && !more.loading && lastSeen >= rows.length - 20 && rows.length > 0) more.load() }, [lastSeen, rows.length, more?.loading])

  const selecting = selection !== undefined && onSelection !== undefined
  const template = `${selecting ? '36px ' : ''}${visible.map(({ width }) => width).join(' ')}`
  const all = selecting && rows.length > 0 && selection.size >= rows.length
  const latest = useRef({ rows, onPeek, onOpen })
  latest.current = { rows, onPeek, onOpen }
  const click = useCallback((event: MouseEvent<HTMLElement>, index: number) => {
    if ((event.target as Element).closest('a,button,input,label') !== null) return
    const row = latest.current.rows[index]
    if (row === undefined) return
    setCursor(rowId(row))
    scroller.current?.focus({ preventScroll: true })
    if (event.detail === 2) latest.current.onOpen?.(row)
    else latest.current.onPeek?.(row)
  }, [rowId])

  return (
    <div className={classes['frame']} data-language={language}>
      {fresh !== undefined && fresh.count > 0 ? <button type="button" className={classes['fresh']} onClick={() => { fresh.show(); virtual.scrollToOffset(0) }}><icons.refresh size={14} /> {t('rows_new', { count: fresh.count })} · {t('rows_show')}</button> : null}
      {selecting && selection.size > 0 ? (
        <div className={classes['bulk']} role="toolbar" aria-label={t('selected', { count: selection.size })}>
          <strong>{t('selected', { count: selection.size })}</strong>{bulk}
          <button type="button" className={classes['plain']} onClick={() => onSelection(new Set())}>{t('selection_clear')}</button>
        </div>
      ) : null}
      <div
        ref={scroller} className={classes['scroller']} role="grid" aria-label={label} aria-rowcount={rows.length + 1} tabIndex={0} aria-multiselectable={selecting || undefined}
        aria-activedescendant={at === -1 || !items.some(({ index }) => index === at) ? undefined : `${base}-${cursor}`}
        onKeyDown={(event) => {
          if (event.target !== event.currentTarget) return
          const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -rows.length, End: rows.length }[event.key]
          if (step === undefined) return
          event.preventDefault()
          move(at + step)
        }}
      >
        {narrow ? null : (
          <div className={classes['head']} role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
            {selecting ? <div role="columnheader" className={classes['check']}><input type="checkbox" aria-label={t('select_all')} checked={all} ref={(box) => { if (box !== null) box.indeterminate = !all && selection.size > 0 }} onChange={() => onSelection(all ? new Set() : new Set(rows.map(rowId)))} /></div> : null}
            {visible.map((column) => <div key={column.id} role="columnheader" data-align={column.align}>{column.label}</div>)}
            <ColumnChoice columns={columns} visible={visible} onChoose={setChosen} />
          </div>
        )}
        <div role="rowgroup" className={classes['space']} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index]!
            const id = rowId(row)
            return (
              <RowView<Row>
                key={id} id={`${base}-${id}`} row={row} index={item.index} start={item.start} columns={visible} template={template} card={narrow ? card : undefined} measure={narrow ? virtual.measureElement : undefined}
                current={id === cursor} peeked={id === peeked} selected={selecting ? selection.has(id) : undefined} selectLabel={t('select_row')} onClick={click} onToggle={toggle} rowId={id}
              />
            )
          })}
        </div>
      </div>
      <footer className={classes['foot']}><span>{t('rows', { count: rows.length })}</span>{more == null ? null : <button type="button" className={classes['plain']} disabled={more.loading} onClick={more.load}>{more.loading ? t('loading') : t('more')}</button>}<span className="unseen">{formats.zone}</span></footer>
    </div>
  )
}

type RowViewProps<Row> = {
  id: string; rowId: string; row: Row; index: number; start: number; columns: readonly Column<Row>[]; template: string; card: ((row: Row) => ReactNode) | undefined
  measure: ((node: Element | null) => void) | undefined; current: boolean; peeked: boolean; selected: boolean | undefined; selectLabel: string
  onClick: (event: MouseEvent<HTMLElement>, index: number) => void; onToggle: (id: string) => void
}
const RowView = memo(function RowView<Row>({ id, rowId, row, index, start, columns, template, card, measure, current, peeked, selected, selectLabel, onClick, onToggle }: RowViewProps<Row>) {
  return (
    <div
      id={id} role="row" aria-rowindex={index + 2} aria-selected={selected ?? current} data-index={index} data-current={current || undefined} data-peeked={peeked || undefined} ref={measure ?? null}
      className={card === undefined ? classes['row'] : classes['card']} style={{ top: start, ...(card === undefined ? { gridTemplateColumns: template } : {}) }} onClick={(event) => onClick(event, index)}
    >
      {card === undefined ? (
        <>
          {selected === undefined ? null : <div role="gridcell" className={classes['check']}><input type="checkbox" aria-label={selectLabel} checked={selected} onChange={() => onToggle(rowId)} /></div>}
          {columns.map((column) => <div key={column.id} role="gridcell" data-align={column.align}>{column.cell(row)}</div>)}
        </>
      ) : <div role="gridcell">{card(row)}</div>}
    </div>
  )
}) as <Row>(props: RowViewProps<Row>) => ReactNode

function ColumnChoice<Row>({ columns, visible, onChoose }: { columns: readonly Column<Row>[]; visible: readonly Column<Row>[]; onChoose: (chosen: Record<string, boolean>) => void }) {
  const t = useTexts(partTexts)
  const shown = new Set(visible.map(({ id }) => id))
  return (
    <div className={classes['choice']} role="columnheader">
      <Popover position="bottom-end" withinPortal trapFocus>
        <Popover.Target><ActionIcon size="sm" aria-label={t('columns')}><icons.columns size={15} /></ActionIcon></Popover.Target>
        <Popover.Dropdown>
          <div className={classes['choices']}>
            {columns.map((column) => <Checkbox key={column.id} size="xs" label={column.label} disabled={column.fixed === true} checked={shown.has(column.id)} onChange={() => onChoose({ ...Object.fromEntries(columns.map(({ id }) => [id, shown.has(id)])), [column.id]: !shown.has(column.id) })} />)}
            <button type="button" className={classes['plain']} onClick={() => onChoose({})}>{t('columns_reset')}</button>
          </div>
        </Popover.Dropdown>
      </Popover>
    </div>
  )
}
