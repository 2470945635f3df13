import { useEffect, useRef, useState } from 'react'
import type { Me } from '../../../shared/api.gen.ts'
import { CardPane } from '../card/CardPane.tsx'
import { ListPane } from '../list/ListPane.tsx'
import { firstProject } from '../list/ProjectSelect.tsx'
import { useText } from '../text/text.tsx'
import { focusPane, paneNamed } from '../ui/focus.ts'
import { useMedia, useStore, useWorkspace } from '../ui/hooks.ts'
import { preloadPopLayer } from '../ui/PopButton.tsx'
import { WindowPane } from '../window/WindowPane.tsx'
import { Announcer } from './Announcer.tsx'
import { PageTitle } from './PageTitle.tsx'
import { go, useRoute } from './route.ts'
import { useShortcuts, useWish } from './shortcuts.ts'
import { TopBar } from './TopBar.tsx'

export function Shell({ me }: { me: Me }) {
  const { t } = useText()
  const route = useRoute()
  const workspace = useStore(useWorkspace())
  const narrow = useMedia('(max-width: 1180px)')
  const [drawer, setDrawer] = useState(false)
  const opener = useRef<HTMLElement | null>(null)
  useShortcuts()
  useEffect(preloadPopLayer, [])
  usePanes(narrow, drawer)

  const project = me.projects.find((p) => p.id === route.project) ?? firstProject(me.projects, me.operator.prefs?.project_id)
  const dialogId = project?.id === route.project ? route.dialog : undefined

  useEffect(() => {
    if (!project) return
    workspace.remember({ project_id: project.id })
    workspace.watchProject(project.id)
    if (route.project !== project.id) go({ project: project.id }, { replace: true })
  }, [workspace, project?.id, route.project])
  useEffect(() => {
    workspace.openDialog(dialogId)
    if (!dialogId) setDrawer(false)
  }, [workspace, dialogId])
  // On the other pages no dialog is before him.
  useEffect(() => () => workspace.openDialog(undefined), [workspace])

  // The field of the search and the labels stand in the card: a drawer opens first.
  useWish(['search', 'labels'], () => {
    if (!narrow || !dialogId || drawer) return
    opener.current = document.activeElement as HTMLElement
    setDrawer(true)
  })

  const closeDrawer = () => {
    setDrawer(false)
    focusOpener(opener.current)
  }

  return (
    <>
      <PageTitle me={me} text={t('nav.dialogs')} />
      <a className="skip" href="#rows">
        {t('nav.skip')}
      </a>
      <TopBar me={me} />
      <div className="frame">
        {project ? (
          <ListPane me={me} project={project} dialogId={dialogId} />
        ) : (
          <section className="list" aria-label={t('list.title')} data-pane="list">
            <p className="empty">{t('project.none')}</p>
          </section>
        )}
        <WindowPane
          key={project?.id}
          project={project}
          dialogId={dialogId}
          onCard={(button) => {
            opener.current = button
            setDrawer(!drawer)
          }}
          drawer={drawer}
        />
        <CardPane project={project} dialogId={dialogId} drawer={narrow} open={drawer} onClose={closeDrawer} />
      </div>
      <Announcer />
    </>
  )
}

/** Back to what opened the drawer; to the window, when a key did with nothing in focus. Whoever went elsewhere stays there. */
export function focusOpener(opener: HTMLElement | null) {
  const at = document.activeElement
  if (at && at !== document.body && !paneNamed('card')?.contains(at)) return
  const back = opener && opener !== document.body ? opener : paneNamed('window')
  back?.focus()
}

/** F6 and Shift+F6 go round the panes. */
export function usePanes(narrow: boolean, drawer: boolean) {
  useWish(['pane', 'paneBack'], (w) => {
    const names = narrow && !drawer ? ['list', 'window'] : ['list', 'window', 'card']
    const panes = names.map(paneNamed).filter((p) => !!p)
    const here = panes.findIndex((p) => p.contains(document.activeElement))
    const step = w === 'pane' ? 1 : -1
    focusPane(panes[here < 0 ? 0 : (here + step + panes.length) % panes.length])
  })
}
