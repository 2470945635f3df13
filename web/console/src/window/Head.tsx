import type { Project, Row } from '../../../shared/api.gen.ts'
import type { Feed } from '../live/feed.ts'
import { upright } from '../text/system.ts'
import { useText } from '../text/text.tsx'
import { Leave } from './Leave.tsx'
import { Transfer } from './Transfer.tsx'
import { WindowHead } from './WindowFrame.tsx'

export function Head(props: { row: Row; project: Project; feed: Feed; page?: string; drawer: boolean; onCard: (button: HTMLElement) => void }) {
  const r = useText()
  const { row, project, page } = props
  const department = row.session.department?.name
  const line = [department ? `${r.t('dept.one')}: ${department}` : r.t('dept.general'), page && r.t('win.onPage', { title: upright(page) })]
  return (
    <WindowHead visitor={row.visitor} line={line.filter(Boolean).join(' · ')} drawer={props.drawer} onCard={props.onCard}>
      {row.can.transfer === 'ok' || row.can.transfer === 'not_claimed' ? <Transfer row={row} /> : null}
      {row.can.leave === 'ok' ? <Leave row={row} project={project} feed={props.feed} /> : null}
    </WindowHead>
  )
}
