import type { Dialog, RowSession, SessionSummary } from '../../../shared/api.gen.ts'
import { dateTime } from '../text/format.ts'
import { useText } from '../text/text.tsx'
import { useWorkspace } from '../ui/hooks.ts'

/** Previous sessions: not the one that is open now (D-53). Both times lead to their message. */
export function History({ dialog, current }: { dialog: Dialog; current: RowSession }) {
  const { t } = useText()
  const past = dialog.sessions.filter((s) => s.id !== current.id || current.closed_at)
  return (
    <section className="cs" aria-labelledby="hist-title">
      <h3 id="hist-title">
        {t('hist.title')}
        {past.length ? <span className="mut t12">{past.length}</span> : null}
      </h3>
      {past.length ? past.map((s) => <Session key={s.id} dialogId={dialog.row.id} session={s} />) : <div className="t13 mut">{t('hist.none')}</div>}
    </section>
  )
}

function Session({ dialogId, session }: { dialogId: string; session: SessionSummary }) {
  const { t, locale } = useText()
  const workspace = useWorkspace()
  const end = session.last_message_at ?? session.closed_at
  const jump = (to: 'first' | 'last') => void workspace.feed(dialogId).jump(session, to)
  return (
    <dl className="hrow">
      <dt>{t('hist.start')}</dt>
      <dd>
        <button className="link" onClick={() => jump('first')}>
          {dateTime(locale, session.started_at)}
        </button>
      </dd>
      <dt>{t('hist.end')}</dt>
      <dd>
        {end ? (
          <button className="link" onClick={() => jump('last')}>
            {dateTime(locale, end)}
          </button>
        ) : (
          '—'
        )}
      </dd>
      <dt>{t('who.operator')}</dt>
      <dd className="ell">{session.operator?.name ?? '—'}</dd>
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
          <dt>{t('set.rating')}</dt>
          <dd>
            {session.rating}, {t(RATING[session.rating as 1 | 2 | 3 | 4 | 5])}
          </dd>
        </>
      ) : null}
    </dl>
  )
}

const RATING = { 1: 'rate.1', 2: 'rate.2', 3: 'rate.3', 4: 'rate.4', 5: 'rate.5' } as const
