import type { Project, Row } from '../../../shared/api.gen.ts'
import type { Feed } from '../live/feed.ts'
import { visitorName } from '../text/system.ts'
import { useText } from '../text/text.tsx'
import { Avatar, Icon } from '../ui/marks.tsx'
import { Leave } from './Leave.tsx'
import { Transfer } from './Transfer.tsx'

export function Head(props: { row: Row; project: Project; feed: Feed; page?: string; drawer: boolean; onCard: (button: HTMLElement) => void }) {
  const r = useText()
  const { row, project } = props
  const name = visitorName(r, row.visitor)
  const department = row.session.department?.name
  return (
    <header className="wh">
      <Avatar id={row.visitor.id} name={row.visitor.name} />
      <div className="wh-name">
        <h2 className="ell" title={name}>
          {name}
        </h2>
        <div className="t12 mut ell">
          {department ? `${r.t('dept.one')}: ${department}` : r.t('dept.general')}
          {props.page ? <span title={props.page}>{` · ${r.t('win.onPage', { title: props.page })}`}</span> : null}
        </div>
      </div>
      {row.can.transfer === 'ok' || row.can.transfer === 'not_claimed' ? <Transfer row={row} /> : null}
      {row.can.leave === 'ok' ? <Leave row={row} project={project} feed={props.feed} /> : null}
      <button className="b ic only-n" aria-label={r.t('card.title')} title={r.t('card.title')} aria-expanded={props.drawer} onClick={(e) => props.onCard(e.currentTarget)}>
        <Icon name="panel" />
      </button>
    </header>
  )
}
