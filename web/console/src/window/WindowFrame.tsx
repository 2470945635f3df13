// What the window of a dialog and that of a session in the log have in common.
import type { ReactNode } from 'react'
import type { RowVisitor } from '../../../shared/api.gen.ts'
import { isMissing } from '../api/errors.ts'
import { wish } from '../app/shortcuts.ts'
import { visitorName } from '../text/system.ts'
import { useText } from '../text/text.tsx'
import type { IconName } from '../ui/icons.ts'
import { Avatar, Icon } from '../ui/marks.tsx'

/** The pane; `empty` is said while nothing is chosen. */
export function WindowFrame({ children, empty }: { children: ReactNode; empty: { icon: IconName; text: string } }) {
  const { t } = useText()
  return (
    <main
      className="win"
      aria-label={t('win.title')}
      data-pane="window"
      tabIndex={-1}
      onKeyDown={(e) => {
        // Layers close themselves first and stop the key; what is left returns to the row.
        if (e.key === 'Escape' && !e.defaultPrevented && e.currentTarget.contains(e.target as Node)) wish('rows')
      }}
    >
      {children || (
        <div className="empty mid">
          <Icon name={empty.icon} size={32} />
          <div>{empty.text}</div>
          <div className="t12 mut">{t('win.emptyHint')}</div>
        </div>
      )}
    </main>
  )
}

/** Who it is, a line below, what can be done, and the way to the card where it is a drawer. */
export function WindowHead(props: { visitor: RowVisitor; line: string; children?: ReactNode; drawer: boolean; onCard: (button: HTMLElement) => void }) {
  const r = useText()
  const { visitor } = props
  const name = visitorName(r, visitor)
  return (
    <header className="wh">
      <Avatar id={visitor.id} name={visitor.name} />
      <div className="wh-name">
        <h2 className="ell" dir="auto" title={name}>
          {name}
        </h2>
        <div className="t12 mut ell" title={props.line}>
          {props.line}
        </div>
      </div>
      {props.children}
      <button className="b ic only-n" aria-label={r.t('card.title')} title={r.t('card.title')} aria-expanded={props.drawer} onClick={(e) => props.onCard(e.currentTarget)}>
        <Icon name="panel" />
      </button>
    </header>
  )
}

/** The dialog could not be read, or may not be. */
export function WindowFailed({ error, retry }: { error: unknown; retry: () => unknown }) {
  const { t } = useText()
  const missing = isMissing(error)
  return (
    <div className="empty mid" role="alert">
      <Icon name="warn" size={28} />
      <div>{t(missing ? 'win.notFound' : 'win.failed')}</div>
      {missing ? null : (
        <button className="b" onClick={() => void retry()}>
          {t('btn.retry')}
        </button>
      )}
    </div>
  )
}
