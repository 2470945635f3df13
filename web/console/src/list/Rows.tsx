import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type { Project, Row } from '../../../shared/api.gen.ts'
import { go } from '../app/route.ts'
import { useWish } from '../app/shortcuts.ts'
import { useText } from '../text/text.tsx'
import { useAfter, useStore, useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { hasStateLine, RowView } from './RowView.tsx'
import { useCalmOrder } from './useCalmOrder.ts'

const TALL = 75
const SHORT = 55
const FLIP_AT_MOST = 6

export function Rows({ project, dialogId, meId }: { project: Project; dialogId?: string; meId: string }) {
  const { t } = useText()
  const workspace = useWorkspace()
  const store = useStore(workspace.rows)
  const { group, sort } = workspace
  const scroller = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState<string>()
  const wantFocus = useRef(false)
  const known = store.list(group, sort)
  const { items: rows, onPointerMove } = useCalmOrder(known ?? [], `${project.id} ${group} ${sort}`)
  const loading = useAfter(150, !known)

  const activeIndex = Math.max(0, rows.findIndex((r) => r.id === (active ?? dialogId)))
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => (rows[i] && hasStateLine(rows[i]) ? TALL : SHORT),
    getItemKey: (i) => rows[i]!.id,
    overscan: 6,
    // The row that holds the focus must not disappear by scrolling.
    rangeExtractor: (range) => {
      const all = defaultRangeExtractor(range)
      return all.includes(activeIndex) || activeIndex >= rows.length ? all : [...all, activeIndex].sort((a, b) => a - b)
    },
  })
  const heights = rows.map((r) => (hasStateLine(r) ? 1 : 0)).join('')
  useEffect(() => virtual.measure(), [heights, virtual])

  const items = virtual.getVirtualItems()
  const lastIndex = items.at(-1)?.index ?? -1
  useEffect(() => {
    if (lastIndex >= rows.length - 5 && store.cursor(group, sort)) void workspace.loadList(true)
  }, [lastIndex, rows.length, group, sort])

  const open = (row: Row, focusComposer: boolean) => {
    setActive(row.id)
    go({ project: row.project_id, dialog: row.id })
    if (focusComposer) setTimeout(() => document.querySelector<HTMLElement>('[data-pane=window] [data-pane-focus]')?.focus(), 60)
  }
  const takeFocus = (id: string) => {
    const el = scroller.current?.querySelector<HTMLElement>(`[data-row="${id}"]`)
    el?.focus({ preventScroll: true })
    return !!el
  }
  const focusAt = (index: number) => {
    const row = rows[Math.min(rows.length - 1, Math.max(0, index))]
    if (!row) return
    setActive(row.id)
    virtual.scrollToIndex(rows.indexOf(row))
    // A row that is not drawn yet takes the focus when it is.
    wantFocus.current = !takeFocus(row.id)
  }
  useEffect(() => {
    if (wantFocus.current && active && takeFocus(active)) wantFocus.current = false
  })

  useWish(['prev', 'next', 'nextDeadline', 'rows'], (w) => {
    if (w === 'rows') return focusAt(activeIndex)
    if (w === 'nextDeadline') {
      const waiting = rows.filter((r) => r.next).sort((a, b) => (a.next!.at < b.next!.at ? -1 : 1))
      if (waiting[0]) open(waiting[0], true)
      return
    }
    const at = rows.findIndex((r) => r.id === dialogId)
    const next = rows[at < 0 ? 0 : at + (w === 'next' ? 1 : -1)]
    if (!next) return
    open(next, false)
    virtual.scrollToIndex(rows.indexOf(next))
  })

  const onKeyDown = (e: KeyboardEvent) => {
    if (e.altKey || e.ctrlKey || e.metaKey) return
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / TALL) - 1)
    if (e.key === 'ArrowDown') focusAt(activeIndex + 1)
    else if (e.key === 'ArrowUp') focusAt(activeIndex - 1)
    else if (e.key === 'Home') focusAt(0)
    else if (e.key === 'End') focusAt(rows.length - 1)
    else if (e.key === 'PageDown') focusAt(activeIndex + page)
    else if (e.key === 'PageUp') focusAt(activeIndex - page)
    else if (e.key === 'Enter' || e.key === ' ') {
      if (rows[activeIndex]) open(rows[activeIndex], true)
    } else return
    e.preventDefault()
  }

  const moving = useMovedFew(rows)
  return (
    <div className="rows" id="rows" role="tabpanel" aria-labelledby={`tab-${group}`} ref={scroller} onPointerMove={onPointerMove} tabIndex={-1}>
      {!known && loading ? <RowSkeletons /> : null}
      {known && rows.length === 0 ? (
        <div className="empty">
          <Icon name="chat" size={28} />
          <div className="semi">{t('list.empty')}</div>
        </div>
      ) : null}
      <div
        role="listbox"
        aria-label={t('list.title')}
        className={moving ? 'rows-in moving' : 'rows-in'}
        style={{ height: virtual.getTotalSize() }}
        onKeyDown={onKeyDown}
      >
        {items.map((item) => {
          const row = rows[item.index]
          if (!row) return null
          return (
            <RowView
              key={item.key}
              row={row}
              project={project}
              top={item.start}
              selected={row.id === dialogId}
              focusable={item.index === activeIndex}
              foreign={!!row.session.assignee && row.session.assignee.id !== meId}
              place={item.index + 1}
              of={rows.length}
              onOpen={() => open(row, false)}
            />
          )
        })}
      </div>
    </div>
  )
}

/** Rows glide to their new places only when few of them move; a reshuffle would be a flicker. */
function useMovedFew(rows: Row[]): boolean {
  const before = useRef<string[]>([])
  const result = useRef(false)
  const ids = rows.map((r) => r.id)
  if (ids.join() !== before.current.join()) {
    const places = new Map(before.current.map((id, i) => [id, i]))
    const moved = ids.filter((id, i) => places.has(id) && places.get(id) !== i).length
    result.current = moved > 0 && moved <= FLIP_AT_MOST
    before.current = ids
  }
  return result.current
}

function RowSkeletons() {
  return (
    <div aria-hidden="true">
      {[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => (
        <div className="row sk-row" key={i}>
          <span className="sk sk-av" />
          <span>
            <span className={`sk sk-a w${i % 4}`} />
            <span className={`sk sk-b w${(i + 1) % 4}`} />
          </span>
        </div>
      ))}
    </div>
  )
}
