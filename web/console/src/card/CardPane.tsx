import { type RefObject, useEffect, useRef, useState } from 'react'
import type { Dialog, Project, Row } from '../../../shared/api.gen.ts'
import { useWish, wish } from '../app/shortcuts.ts'
import { useText } from '../text/text.tsx'
import { paneNamed } from '../ui/focus.ts'
import { useAfter, useLatest } from '../ui/hooks.ts'
import { Avatar, Icon } from '../ui/marks.tsx'
import { useDialog } from '../window/useDialog.ts'
import { Actions } from './Actions.tsx'
import { Details } from './Details.tsx'
import { General } from './General.tsx'
import { History } from './History.tsx'
import { SearchBox } from './SearchBox.tsx'
import { ReadTags, SessionTags } from './SessionTags.tsx'

export interface CardProps {
  project?: Project
  dialogId?: string
  /** In the chat log: which session was opened (D-63). */
  sessionId?: string
  readOnly?: boolean
  drawer: boolean
  open: boolean
  onClose: () => void
}

/** Right of the window; on narrow screens a drawer over it. */
export function CardPane(props: CardProps) {
  const { t } = useText()
  const { dialogId, drawer, open, onClose } = props
  const { dialog, row, failed } = useDialog(dialogId)
  const pane = useRef<HTMLElement>(null)
  const [kept, setKept] = useState<Dialog>()
  const late = useAfter(200, !!dialogId && !dialog.data && !failed)
  useEffect(() => {
    if (dialog.data) setKept(dialog.data)
  }, [dialog.data])
  useEffect(() => {
    if (drawer && open && !pane.current?.contains(document.activeElement)) pane.current?.focus()
  }, [drawer, open])
  useDrawer(pane, drawer && open, onClose)
  // While the next card is on its way the old one stays, 200 ms at most.
  const data = dialogId && !failed ? (dialog.data ?? (late ? undefined : kept)) : undefined
  const shown = data && row?.id === data.row.id ? row : data?.row

  return (
    <aside
      className={open ? 'card open' : 'card'}
      aria-label={t('card.title')}
      data-pane="card"
      data-dialog={data?.row.id}
      tabIndex={-1}
      ref={pane}
      inert={drawer && !open}
      onKeyDown={(e) => {
        // Layers and fields take the key first; what is left returns to the row, or closes the drawer.
        if (e.key === 'Escape' && !e.defaultPrevented && !drawer && e.currentTarget.contains(e.target as Node)) wish('rows')
      }}
    >
      {dialogId && !failed ? (
        <>
          <div className="card-head">
            <h2>{t('card.title')}</h2>
            <span className="sp" />
            {/* The same as in list and window. */}
            {shown ? <Avatar id={shown.visitor.id} name={shown.visitor.name} size={28} /> : null}
            <button className="b gh sm ic only-n" aria-label={t('btn.close')} onClick={onClose}>
              <Icon name="x" />
            </button>
          </div>
          {data && shown ? (
            <CardBody key={dialogId} dialog={data} row={shown} {...props} />
          ) : late ? (
            <CardSkeleton />
          ) : null}
        </>
      ) : null}
    </aside>
  )
}

/** It lies over the window: Esc wherever one is, a press elsewhere, or the focus that goes to what is below, closes it (WCAG 2.4.11). */
function useDrawer(pane: RefObject<HTMLElement | null>, open: boolean, onClose: () => void) {
  const close = useLatest(onClose)
  useWish(open ? 'closeCard' : [], onClose)
  useEffect(() => {
    if (!open) return
    const away = (e: UIEvent) => {
      const at = e.target as Element
      if (pane.current?.contains(at) || at.closest('.pop,.modal,.scrim')) return
      // A click without a press comes of a key, or of the page itself.
      if (e.type === 'click' ? e.detail : paneNamed('window')?.contains(at)) close.current()
    }
    // Before anything that was pressed acts: what opens the drawer does not close it.
    document.addEventListener('click', away, true)
    document.addEventListener('focusin', away)
    return () => {
      document.removeEventListener('click', away, true)
      document.removeEventListener('focusin', away)
    }
  }, [pane, open, close])
}

/** A new dialog begins with nothing in editing (D-43). */
function CardBody(props: CardProps & { dialog: Dialog; row: Row }) {
  const { dialog, row, project, drawer, onClose } = props
  const readOnly = !!props.readOnly || dialog.read_only
  const live = row === dialog.row ? dialog : { ...dialog, row }
  return (
    <>
      <General dialog={live} readOnly={readOnly} />
      <SearchBox dialogId={dialog.row.id} />
      <Actions dialog={live} readOnly={readOnly} log={!!props.readOnly} />
      <History dialog={dialog} current={row.session} onJump={() => drawer && onClose()} />
      {readOnly ? (
        <ReadTags session={dialog.sessions.find((s) => s.id === props.sessionId) ?? dialog.sessions[0]} />
      ) : project ? (
        <SessionTags row={row} project={project} sessions={dialog.sessions} />
      ) : null}
      <Details dialog={dialog} />
    </>
  )
}

function CardSkeleton() {
  return (
    <div aria-hidden="true">
      <div className="cs first">
        {[0, 1, 2, 3].map((i) => (
          <span key={i} className="sk-kv">
            <span className="sk k" />
            <span className={`sk v w${i}`} />
          </span>
        ))}
        <TwoShapes />
      </div>
      <div className="cs">
        <span className="sk wide" />
      </div>
      <div className="cs">
        <TwoShapes />
      </div>
      <div className="cs">
        {[0, 1, 2, 3].map((i) => (
          <span key={i} className={`sk line w${i}`} />
        ))}
      </div>
    </div>
  )
}

function TwoShapes() {
  return (
    <span className="sk-row-of">
      <span className="sk" />
      <span className="sk" />
    </span>
  )
}
