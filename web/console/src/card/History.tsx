import { useInfiniteQuery } from '@tanstack/react-query'
import type { Dialog, RowSession, SessionSummary } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { dateTime } from '../text/format.ts'
import { useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'

const PAGE = 10

/** Previous sessions, newest first: not the one that is open now (D-53). Both times lead to their message. */
export function History({ dialog, current, onJump }: { dialog: Dialog; current: RowSession; onJump: () => void }) {
  const r = useText()
  const id = dialog.row.id
  const pages = useInfiniteQuery({
    // Another history begins when a session ends or begins.
    queryKey: ['sessions', id, current.id, !!current.closed_at],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => call('get', '/operator/dialogs/{dialog_id}/sessions', { path: { dialog_id: id }, query: { cursor: pageParam, limit: PAGE } }),
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
  })
  // The dialog is read anew at every change, a rating given later included.
  const fresh = new Map(dialog.sessions.map((s) => [s.id, s]))
  const read = pages.data?.pages.flatMap((p) => p.sessions) ?? []
  const past = (pages.data ? read : dialog.sessions).filter((s) => s.id !== current.id || current.closed_at).map((s) => ({ ...s, ...fresh.get(s.id) }))
  const count = current.closed_at ? current.no : current.no - 1

  return (
    <section className="cs" aria-labelledby="hist-title">
      <h3 id="hist-title">
        {r.t('hist.title')}
        {past.length ? <span className="mut t12">{Math.max(count, past.length)}</span> : null}
      </h3>
      {past.length ? (
        <ol className="hist">
          {past.map((s) => (
            <Session key={s.id} dialogId={id} session={s} onJump={onJump} />
          ))}
        </ol>
      ) : pages.isPending ? null : (
        <div className="t13 mut">{r.t('hist.none')}</div>
      )}
      {pages.hasNextPage ? (
        <button className="link t12 hist-more" aria-busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {r.t('hist.more')}
        </button>
      ) : null}
      <div role="alert">
        {pages.error ? (
          <p className="err">
            <Icon name="warn" size={14} />
            <span>
              {errorText(r, pages.error)}{' '}
              <button className="link" onClick={() => void (pages.data ? pages.fetchNextPage() : pages.refetch())}>
                {r.t('btn.retry')}
              </button>
            </span>
          </p>
        ) : null}
      </div>
    </section>
  )
}

function Session({ dialogId, session, onJump }: { dialogId: string; session: SessionSummary; onJump: () => void }) {
  const { t, locale } = useText()
  const workspace = useWorkspace()
  const end = session.last_message_at ?? session.closed_at
  const jump = (to: 'first' | 'last') => {
    void workspace.feed(dialogId).jump(session, to)
    onJump()
  }
  return (
    <li>
      <dl className="hrow">
        <dt>{t('hist.start')}</dt>
        <dd>
          <button className="link" aria-label={`${t('hist.startShort')}: ${dateTime(locale, session.started_at)}`} onClick={() => jump('first')}>
            {dateTime(locale, session.started_at)}
          </button>
        </dd>
        <dt>{t('hist.end')}</dt>
        <dd>
          {end ? (
            <button className="link" aria-label={`${t('hist.endShort')}: ${dateTime(locale, end)}`} onClick={() => jump('last')}>
              {dateTime(locale, end)}
            </button>
          ) : (
            '—'
          )}
        </dd>
        <dt>{t('who.operator')}</dt>
        <dd className="ell" title={session.operator?.name}>
          {session.operator?.name ?? '—'}
        </dd>
        <dt>{t('tag.many')}</dt>
        <dd className="tags">
          {session.tags.length
            ? session.tags.map((tag) => (
                <span className="chip tagc small" key={tag.id}>
                  {tag.name}
                </span>
              ))
            : '—'}
        </dd>
        {session.rating ? (
          <>
            <dt>{t('log.rating')}</dt>
            <dd>
              {session.rating}, {t(RATING[session.rating as Stars])}
              {session.rating_comment ? <span className="said" dir="auto">«{session.rating_comment}»</span> : null}
            </dd>
          </>
        ) : null}
      </dl>
    </li>
  )
}

export type Stars = 1 | 2 | 3 | 4 | 5
export const RATING = { 1: 'rate.1', 2: 'rate.2', 3: 'rate.3', 4: 'rate.4', 5: 'rate.5' } as const
