import { useEffect, useRef } from 'react'
import type { Dialog, LogRow, SessionSummary } from '../../../shared/api.gen.ts'
import { RATING, type Stars } from '../card/History.tsx'
import { duration } from '../text/format.ts'
import { useText } from '../text/text.tsx'
import { useStore, useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { Stream } from '../window/Stream.tsx'
import { useDialog } from '../window/useDialog.ts'
import { WindowFailed, WindowFrame, WindowHead } from '../window/WindowFrame.tsx'
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
    <WindowFrame empty={{ icon: 'log', text: t('log.choose') }}>{props.dialogId ? <OpenSession key={props.dialogId} {...props} dialogId={props.dialogId} /> : null}</WindowFrame>
  )
}

function OpenSession(props: LogWindowProps & { dialogId: string }) {
  const { dialogId, sessionId, entry } = props
  const workspace = useWorkspace()
  const { dialog, failed } = useDialog(dialogId)
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

  // Who only reads is told nothing by a push: that a client was erased he learns from the row (D-64).
  const forgotten = useRef<string>(undefined)
  const erased = entry?.last?.kind === 'message' && !entry.last.text
  useEffect(() => {
    if (!erased || forgotten.current === sessionId || !feed.shown().some((e) => e.session_id === sessionId && e.kind === 'message' && e.text)) return
    forgotten.current = sessionId // once: what is read then is true
    void feed.forget()
    void dialog.refetch()
    void workspace.search(dialogId).refresh()
  }, [erased, feed.ready])

  if (failed || (feed.error && !feed.ready)) return <WindowFailed error={failed} retry={() => void (failed ? dialog.refetch() : feed.reload())} />
  if (!d || !feed.ready) return <WindowSkeleton row={d?.row} />
  return (
    <>
      <Head {...props} dialog={d} session={session} />
      <Summary entry={entry} session={session} />
      <Stream feed={feed} row={d.row} sessions={d.sessions} typing={null} past />
    </>
  )
}

function Head(props: LogWindowProps & { dialog: Dialog; session?: SessionSummary }) {
  const r = useText()
  const { dialog, session, entry } = props
  const department = session?.department?.name ?? entry?.department?.name
  const from = session?.started_at ?? entry?.started_at
  const to = session?.closed_at ?? entry?.closed_at
  const line = [from && to && `${r.t('hist.session')} ${period(r, from, to)}`, department ? `${r.t('dept.one')}: ${department}` : r.t('dept.general')]
  return (
    <WindowHead visitor={dialog.row.visitor} line={line.filter(Boolean).join(' · ')} drawer={props.drawer} onCard={props.onCard}>
      <span className="read-only">
        <Icon name="lock" size={14} />
        {r.t('log.readOnly')}
      </span>
    </WindowHead>
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
  const first = session?.first_reply_seconds ?? entry?.first_reply_seconds
  return (
    <div className="nextbar calm">
      {rating ? (
        <>
          <Icon name="star" />
          <span className="fix">
            {r.t('log.rating')}: <b className="t13">{`${rating}, ${r.t(RATING[rating as Stars])}`}</b>
          </span>
          {session?.rating_comment ? (
            <span className="t12 mut ell" dir="auto" title={session.rating_comment}>
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
