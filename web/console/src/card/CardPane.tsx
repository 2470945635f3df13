import { useEffect, useRef, useState } from 'react'
import type { Dialog, Project } from '../../../shared/api.gen.ts'
import { dateTime } from '../text/format.ts'
import { useText } from '../text/text.tsx'
import { useAfter } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { useDialog } from '../window/useDialog.ts'
import { Download } from './Download.tsx'
import { History } from './History.tsx'
import { SessionTags } from './SessionTags.tsx'

/** Right of the window; on narrow screens a drawer over it. */
export function CardPane(props: { project?: Project; dialogId?: string; drawer: boolean; open: boolean; onClose: () => void }) {
  const { t } = useText()
  const { project, dialogId, drawer, open, onClose } = props
  const { dialog, row } = useDialog(dialogId)
  const pane = useRef<HTMLElement>(null)
  const [kept, setKept] = useState<Dialog>()
  const late = useAfter(200, !!dialogId && !dialog.data && !dialog.error)
  useEffect(() => {
    if (dialog.data) setKept(dialog.data)
  }, [dialog.data])
  useEffect(() => {
    if (drawer && open) pane.current?.focus()
  }, [drawer, open])
  // While the next card is on its way the old one stays, 200 ms at most.
  const data = dialogId && !dialog.error ? (dialog.data ?? (late ? undefined : kept)) : undefined

  return (
    <aside
      className={open ? 'card open' : 'card'}
      aria-label={t('card.title')}
      data-pane="card"
      tabIndex={-1}
      ref={pane}
      inert={drawer && !open}
      onKeyDown={(e) => {
        if (e.key !== 'Escape' || e.defaultPrevented || !drawer) return
        e.preventDefault()
        onClose()
      }}
    >
      {dialogId && !dialog.error ? (
        <>
          <div className="card-head">
            <h2>{t('card.title')}</h2>
            <span className="sp" />
            <button className="b gh sm ic only-n" aria-label={t('btn.close')} onClick={onClose}>
              <Icon name="x" />
            </button>
          </div>
          {data && project ? (
            <>
              <General dialog={data} />
              <div className="cs">
                <Download dialogId={data.row.id} allowed={data.can_download} />
              </div>
              <History dialog={data} current={(row?.id === data.row.id ? row : data.row).session} />
              <SessionTags row={row?.id === data.row.id ? row : data.row} project={project} sessions={data.sessions} />
            </>
          ) : late ? (
            <CardSkeleton />
          ) : null}
        </>
      ) : null}
    </aside>
  )
}

function General({ dialog }: { dialog: Dialog }) {
  const r = useText()
  const { card } = dialog
  return (
    <section className="cs first" aria-label={r.t('card.general')}>
      <dl className="kv">
        <dt>{r.t('card.name')}</dt>
        <dd className="semi">{card.name || '—'}</dd>
        <dt>{r.t('card.email')}</dt>
        <dd>{card.email || '—'}</dd>
        <dt>{r.t('card.phone')}</dt>
        <dd>{card.phone || '—'}</dd>
      </dl>
      <div className="cmt">
        <div className="k">
          {r.t('card.comment')}
          <span className="t12">
            <Icon name="eye" size={12} />
            {r.t('card.commentHint')}
          </span>
        </div>
        {card.comment || <span className="mut">—</span>}
      </div>
      {card.consent_at ? (
        <div className="okline">
          <Icon name="shield" size={14} />
          {r.t('consent.given', { date: dateTime(r.locale, card.consent_at) })}
        </div>
      ) : (
        <div className="note quiet">
          <Icon name="lock" size={14} />
          <b>{r.t('consent.none')}</b>
        </div>
      )}
    </section>
  )
}

function CardSkeleton() {
  return (
    <div className="card-sk" aria-hidden="true">
      {[0, 1, 2, 3, 4, 5, 6].map((i) => (
        <span key={i}>
          <span className="sk k" />
          <span className={`sk v w${i % 4}`} />
        </span>
      ))}
    </div>
  )
}
