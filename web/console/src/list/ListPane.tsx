import { lazy, Suspense, useEffect, useState } from 'react'
import type { Group, Me, Project } from '../../../shared/api.gen.ts'
import type { Sort } from '../live/rows.ts'
import { useText } from '../text/text.tsx'
import { useStore, useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { Notices } from './Notices.tsx'
import { ProjectSelect } from './ProjectSelect.tsx'
import { Rows } from './Rows.tsx'
import { isGroup, Tabs } from './Tabs.tsx'

const SortMenu = lazy(() => import('./SortMenu.tsx'))

export function ListPane({ me, project, dialogId }: { me: Me; project: Project; dialogId?: string }) {
  const { t } = useText()
  const workspace = useStore(useWorkspace())
  const [{ tab, sort }] = useState(() => workspace.prefs)
  const [chosen, setChosen] = useState(isGroup(tab))

  // The last tab used; the first time «Мои», and «Без оператора» when that is empty. The order is the one he left (D-16).
  useEffect(() => workspace.showList(isGroup(tab) ? tab : 'mine', sort ?? 'priority'), [])
  useEffect(() => {
    if (chosen || !workspace.counts) return
    setChosen(true)
    if (workspace.counts.mine === 0) workspace.showList('unassigned', workspace.sort)
  }, [workspace.counts, chosen])

  const show = (group: Group) => {
    setChosen(true)
    workspace.remember({ tab: group })
    workspace.showList(group, workspace.sort)
  }
  const order = (sort: Sort) => {
    workspace.remember({ sort })
    workspace.showList(workspace.group, sort)
  }

  return (
    <section className="list" aria-label={t('list.title')} data-pane="list">
      <div className="proj">
        <ProjectSelect projects={me.projects} project={project} />
        <Suspense
          fallback={
            <span className="b ic">
              <Icon name="sort" />
            </span>
          }
        >
          <SortMenu sort={workspace.sort} onSort={order} />
        </Suspense>
      </div>
      <Tabs group={workspace.group} counts={workspace.counts} onGroup={show} />
      <Notices project={project} />
      {workspace.delayed ? (
        <div className="ban w" role="status">
          <Icon name="warn" />
          {t('clock.delayed')}
        </div>
      ) : null}
      {workspace.listError ? (
        <div className="ban w" role="alert">
          <Icon name="warn" />
          <span className="sp">{t('list.failed')}</span>
          <button className="link" onClick={() => void workspace.loadList()}>
            {t('btn.retry')}
          </button>
        </div>
      ) : null}
      <Rows project={project} dialogId={dialogId} meId={me.operator.id} />
    </section>
  )
}
