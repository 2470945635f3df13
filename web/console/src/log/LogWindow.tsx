import { useEffect, useRef } from 'react'
import type { Dialog, LogRow, SessionSummary } from '../../../shared/api.gen.ts'
import { Refusal } from '../api/errors.ts'
import { wish } from '../app/shortcuts.ts'
import { RATING, type Stars } from '../card/History.tsx'
import { duration } from '../text/format.ts'
import { visitorName } from '../text/system.ts'
import { useText } from '../text/text.tsx'
import { useStore, useWorkspace } from '../ui/hooks.ts'
import { Avatar, Icon } from '../ui/marks.tsx'
import { Stream } from '../window/Stream.tsx'
import { useDialog } from '../window/useDialog.ts'
import { WindowSkeleton } from '../window/WindowSkeleton.tsx'
import { period } from './LogList.tsx'

interface LogWindowProps {
  dialogId?: string
  sessionId?: string
  /** The row of the list, when it is one that was read. */
  entry?: LogRow
  drawer: boolean
  onCard: (button: HTMLElement) => void
}

/** The conversation of a finished session, for reading only (D-63). */
export function LogWindow(props: LogWindowProps) {
  const { t } = useText()
  return (
    <main
      className="win"
      aria-label={t('win.title')}
      data-pane="window"
      tabIndex={-1}
      onKeyDown={(e) => {
        if (e.key === 'Escape' && !e.defaultPrevented && e.currentTarget.contains(e.target as Node)) wish('rows')
      }}
    >
      {props.dialogId ? (
        <OpenSession key={props.dialogId} {...props} dialogId={props.dialogId} />
      ) : (
        <div className="empty mid">
          <Icon name="log" size={32} />
          <div>{t('log.choose')}</div>
          <div className="t12 mut">{t('win.emptyHint')}</div>
        </div>
      )}
    </main>
  )
}

function OpenSession(props: LogWindowProps & { dialogId: string }) {
  const r = useText()
  const { dialogId, sessionId, entry } = props
  const workspace = useWorkspace()
  const { dialog } = useDialog(dialogId)
  const feed = useStore(workspace.feed(dialogId))
  const d = dialog.data
  const session = d?.sessions.find((s) => s.id === sessionId)
  const opened = useRef<string>(undefined)

  // The session that was chosen begins at the top of the window; one stays where one is while it is read.
  useEffect(() => {
    if (!feed.ready || !session || opened.current === session.id) return
    opened.current = session.id
    void feed.jump(session, 'first', true)
  }, [feed, feed.ready, session])

  if (dialog.error || (feed.error && !feed.ready)) return <Failed error={dialog.error} retry={() => void (dialog.error ? dialog.refetch() : feed.reload())} />
  if (!d || !feed.ready) return <WindowSkeleton row={d?.row} />
  return (
    <>
      <Head {...props} dialog={d} session={session} />
      <Summary entry={entry} session={session} />
      <Stream feed={feed} row={d.row} sessions={d.sessions} typing={null} />
      <div className="comp">
        <div className="lockbar">
          <Icon name="lock" />
          {r.t('log.readOnly')}
        </div>
      </div>
    </>
  )
}

function Head(props: LogWindowProps & { dialog: Dialog; session?: SessionSummary }) {
  const r = useText()
  const { dialog, session, entry } = props
  const name = visitorName(r, dialog.row.visitor)
  const department = session?.department?.name ?? entry?.department?.name
  const from = session?.started_at ?? entry?.started_at
  const to = session?.closed_at ?? entry?.closed_at
  return (
    <header className="wh">
      <Avatar id={dialog.row.visitor.id} name={dialog.row.visitor.name} />
      <div className="wh-name">
        <h2 className="ell" title={name}>
          {name}
        </h2>
        <div className="t12 mut ell">
          {from && to ? `${r.t('hist.session')} ${period(r, from, to)} · ` : null}
          {department ? `${r.t('dept.one')}: ${department}` : r.t('dept.general')}
        </div>
      </div>
      <button className="b ic only-n" aria-label={r.t('card.title')} title={r.t('card.title')} aria-expanded={props.drawer} onClick={(e) => props.onCard(e.currentTarget)}>
        <Icon name="panel" />
      </button>
    </header>
  )
}

/** How it went: the rating, for who may see it (D-39), the first answer, the length. */
function Summary({ entry, session }: { entry?: LogRow; session?: SessionSummary }) {
  const r = useText()
  const from = session?.started_at ?? entry?.started_at
  const to = session?.closed_at ?? entry?.closed_at
  if (!from || !to) return null
  const rating = session?.rating ?? entry?.rating
  const minutes = Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / 60_000))
  const first = entry?.first_reply_seconds
  return (
    <div className="nextbar calm">
      {rating ? (
        <>
          <Icon name="star" />
          <span className="fix">
            {r.t('log.rating')}: <b className="t13">{`${rating}, ${r.t(RATING[rating as Stars])}`}</b>
          </span>
          {session?.rating_comment ? (
            <span className="t12 mut ell" title={session.rating_comment}>
              «{session.rating_comment}»
            </span>
          ) : null}
        </>
      ) : (
        <Icon name="clock" />
      )}
      {rating ? <span className="sp" /> : null}
      <span className="t12 fix">{first === undefined ? capital(r.t('log.length', { n: minutes })) : r.t('log.stats', { t: duration(r, first * 1000), n: minutes })}</span>
    </div>
  )
}

const capital = (s: string) => s.charAt(0).toUpperCase() + s.slice(1)

function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  const { t } = useText()
  const missing = error instanceof Refusal && (error.status === 404 || error.status === 403)
  return (
    <div className="empty mid" role="alert">
      <Icon name="warn" size={28} />
      <div>{t(missing ? 'win.notFound' : 'win.failed')}</div>
      {missing ? null : (
        <button className="b" onClick={retry}>
          {t('btn.retry')}
        </button>
      )}
    </div>
  )
}
