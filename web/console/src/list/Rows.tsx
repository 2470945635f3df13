import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import type { Project, Row } from '../../../shared/api.gen.ts'
import { go } from '../app/route.ts'
import { focusComposer, useWish } from '../app/shortcuts.ts'
import { useText } from '../text/text.tsx'
import { useKeptFocus } from '../ui/focus.ts'
import { useAfter, useLatest, useStore, useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { heightOf, optionId, RowView, TALL } from './RowView.tsx'
import { useCalmOrder } from './useCalmOrder.ts'
import { useSlots } from './useSlots.ts'
import { type Placed, useWindowed } from './useWindowed.ts'

const FLIP_AT_MOST = 6
const FLIP_FOR = 300
const AHEAD = 60 // rows before the end of what is known: time to ask for more
const NONE: readonly Row[] = []
// Turning red fades.
const kindOf = (row: Row) => (row.important ? 'red' : '')

export function Rows({ project, dialogId, meId }: { project: Project; dialogId?: string; meId: string }) {
  const { t } = useText()
  const workspace = useWorkspace()
  const store = useStore(workspace.rows)
  const { group, sort } = workspace
  const scroller = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState<string>()
  const wantFocus = useRef(false)
  const known = store.list(group, sort)
  const { items: rows, onPointerMove } = useCalmOrder(known ?? NONE, `${project.id} ${group} ${sort}`)
  const loading = useAfter(150, !known)

  const activeId = active ?? dialogId
  const activeIndex = activeId === undefined ? 0 : Math.max(0, rows.findIndex((r) => r.id === activeId))
  const { placed, tops, total, show } = useWindowed(rows, heightOf, scroller)
  // The row that holds the focus must not disappear by scrolling.
  const drawn = activeIndex >= rows.length || placed.some((p) => p.index === activeIndex) ? placed : [...placed, { index: activeIndex, top: tops[activeIndex]! }]
  const nearEnd = (placed.at(-1)?.index ?? -1) >= rows.length - AHEAD
  useEffect(() => {
    if (nearEnd) void workspace.loadMore()
  }, [nearEnd, known, workspace])

  const open = (row: Row, toWrite: boolean) => {
    // At once: what is typed after Enter or a click is text, not a shortcut.
    flushSync(() => {
      setActive(row.id)
      go({ project: row.project_id, dialog: row.id })
    })
    if (toWrite) focusComposer()
  }
  const takeFocus = (id: string) => {
    const el = scroller.current?.querySelector<HTMLElement>(`[data-row="${id}"]`)
    el?.focus({ preventScroll: true })
    return !!el
  }
  const focusAt = (index: number) => {
    const row = rows[Math.min(rows.length - 1, Math.max(0, index))]
    if (!row) return scroller.current?.focus()
    setActive(row.id)
    show(rows.indexOf(row))
    // A row that is not drawn yet takes the focus when it is.
    wantFocus.current = !takeFocus(row.id)
  }
  useEffect(() => {
    if (wantFocus.current && active && takeFocus(active)) wantFocus.current = false
  })
  // The row of the focus has left the list: the one that stands at its place takes it.
  const place = useRef(0)
  const stop = useRef<string>(undefined)
  useKeptFocus(() => scroller.current, () => focusAt(place.current))
  useEffect(() => {
    place.current = activeIndex
    stop.current = rows[activeIndex]?.id
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
    show(rows.indexOf(next))
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

  const latest = useLatest(open)
  // Under a finger the box would bring up the keyboard of a tablet.
  const onOpen = useCallback((row: Row) => latest.current(row, !matchMedia('(pointer: coarse)').matches), [latest])
  const moving = useMovedFew(rows, placed)
  const places = new Map(drawn.map((p) => [rows[p.index]!.id, p]))
  const slots = useSlots(
    drawn.map((p) => rows[p.index]!),
    kindOf,
    // What glides would come from where another row was; and no other row takes the focus with its element.
    (id) => !moving && id !== stop.current && id !== rows[activeIndex]?.id && places.get(id)?.far !== false,
  )
  const inOrder = slots.map(({ id }) => places.get(id)!.index).sort((a, b) => a - b)
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
        style={{ height: total }}
        onKeyDown={onKeyDown}
        // Elements stand as they were made, options in the order of the list.
        aria-owns={inOrder.map((index) => optionId(rows[index]!)).join(' ') || undefined}
      >
        {slots.map(({ id, key }) => {
          const { index, top } = places.get(id)!
          const row = rows[index]!
          return (
            <RowView
              key={key}
              row={row}
              top={top}
              selected={row.id === dialogId}
              focusable={index === activeIndex}
              foreign={!!row.session.assignee && row.session.assignee.id !== meId}
              place={index + 1}
              of={rows.length}
              onOpen={onOpen}
            />
          )
        })}
      </div>
    </div>
  )
}

/** Rows glide to their new places only when few of those that are seen move; a reshuffle would be a flicker. */
function useMovedFew(rows: readonly Row[], placed: readonly Placed[]): boolean {
  const places = useRef(new Map<string, number>())
  const until = useRef(-Infinity)
  let moved = 0
  const now = new Map<string, number>()
  for (const { index } of placed) {
    const { id } = rows[index]!
    const before = places.current.get(id)
    if (before !== undefined && before !== index) moved++
    now.set(id, index)
  }
  places.current = now
  if (moved) until.current = moved <= FLIP_AT_MOST ? performance.now() + FLIP_FOR : -Infinity
  return performance.now() < until.current
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
