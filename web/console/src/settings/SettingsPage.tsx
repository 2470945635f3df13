import { lazy, Suspense, useEffect } from 'react'
import type { AdminProject, Me } from '../../../shared/api.gen.ts'
import { PageTitle } from '../app/PageTitle.tsx'
import { go, pathOf, type Route } from '../app/route.ts'
import { useShortcuts, useWish } from '../app/shortcuts.ts'
import { TopBar } from '../app/TopBar.tsx'
import '../styles/settings.css'
import { useText } from '../text/text.tsx'
import { preloadPopLayer } from '../ui/PopButton.tsx'
import { LeaveQuestion } from './Confirm.tsx'
import { PlaceContext, useAdminProjects } from './data.ts'
import { watchLeaving } from './guard.ts'
import { Failed } from './ListScreen.tsx'
import { type ScreenId, sectionsFor, titleOf } from './nav.ts'
import { ProjectPicker } from './ProjectPicker.tsx'
import { Labels } from './screens/Labels.tsx'
import { Templates } from './screens/Templates.tsx'
import { Departments, Operators } from './screens/People.tsx'
import { Tags } from './screens/Tags.tsx'
import { ProjectScreen } from './screens/Project.tsx'
import { Closing, Contacts, Elements, Priority, WidgetHours } from './screens/Widget.tsx'
import { Access } from './screens/Access.tsx'
import { SettingsTexts } from './texts.tsx'

const Blocks = lazy(() => import('./screens/Blocks.tsx'))
const Audit = lazy(() => import('./screens/Audit.tsx'))

const SCREENS: Record<ScreenId, React.ComponentType> = {
  templates: Templates,
  labels: Labels,
  departments: Departments,
  operators: Operators,
  project: ProjectScreen,
  priority: Priority,
  contacts: Contacts,
  elements: Elements,
  tags: Tags,
  hours: WidgetHours,
  closing: Closing,
  access: Access,
  blocks: Blocks,
  audit: Audit,
}
const WITH_LIST = new Set<ScreenId>(['templates', 'labels', 'departments', 'operators', 'tags'])

export default function SettingsPage({ me, route }: { me: Me; route: Route }) {
  return (
    <SettingsTexts>
      <Settings me={me} route={route} />
    </SettingsTexts>
  )
}

function Settings({ me, route }: { me: Me; route: Route }) {
  const { t } = useText()
  const administrator = me.operator.admin || me.projects.some((p) => p.level === 'admin')
  const administered = useAdminProjects(administrator)
  useShortcuts()
  useEffect(watchLeaving, [])
  useEffect(preloadPopLayer, [])
  usePanes()

  // Projects he administers, on or off, and those where he has templates of his own.
  const own = me.projects.filter((p) => p.level !== 'view' && !administered.data?.projects.some((a) => a.id === p.id))
  const projects: Pick<AdminProject, 'id' | 'name'>[] = [...(administered.data?.projects ?? []), ...own]
  const project = projects.find((p) => p.id === route.project) ?? projects[0]
  const admin = !!administered.data?.projects.some((p) => p.id === project?.id)
  const sections = sectionsFor(admin)
  const allowed = sections.flatMap((s) => s.screens.map(([id]) => id))
  const screen = allowed.find((s) => s === route.screen) ?? 'templates'
  const ready = !administrator || !!administered.data

  useEffect(() => {
    if (ready && project && (route.project !== project.id || route.screen !== screen)) go({ area: 'settings', project: project.id, screen }, { replace: true })
  }, [ready, project?.id, screen, route.project, route.screen])

  const Screen = SCREENS[screen]
  return (
    <>
      <PageTitle me={me} text={`${t(titleOf(screen))} · ${t('nav.settings')}`} />
      <a className="skip" href="#settings">
        {t('set.skip')}
      </a>
      <TopBar me={me} area="settings" />
      <div className={`set${WITH_LIST.has(screen) ? '' : ' one'}`}>
        <nav className="snav" aria-label={t('nav.settings')} data-pane="nav">
          {project ? <ProjectPicker projects={projects} project={project} screen={screen} /> : null}
          {sections.map((s) => (
            <div key={s.title} role="group" aria-label={t(s.title)}>
              <h2>{t(s.title)}</h2>
              {s.screens.map(([id, key]) => (
                <Link key={id} to={{ area: 'settings', project: project?.id, screen: id }} current={id === screen} text={t(key)} />
              ))}
            </div>
          ))}
        </nav>
        <main className="screen" id="settings" tabIndex={-1} aria-label={t(titleOf(screen))} data-pane="main">
          {administered.error && !administered.data ? <Failed error={administered.error} again={() => void administered.refetch()} /> : null}
          {ready && project ? (
            <PlaceContext value={{ me, project, admin, item: route.item }}>
              <Suspense>
                <Screen key={project.id} />
              </Suspense>
            </PlaceContext>
          ) : null}
          {ready && !project ? <p className="empty">{t('project.none')}</p> : null}
        </main>
      </div>
      <LeaveQuestion />
    </>
  )
}

function Link({ to, current, text }: { to: Route; current: boolean; text: string }) {
  return (
    <a
      href={pathOf(to)}
      aria-current={current ? 'page' : undefined}
      onClick={(e) => {
        if (e.ctrlKey || e.metaKey || e.shiftKey) return
        e.preventDefault()
        go(to)
      }}
    >
      {text}
    </a>
  )
}

/** F6: menu of the settings, list, form. */
function usePanes() {
  useWish(['pane', 'paneBack'], (w) => {
    const all = ['.snav a[aria-current]', '.scol a.li[aria-current], .scol input', '.ed input:not(.vh), .ed textarea, .ed button']
    const stops = all.map((q) => document.querySelector<HTMLElement>(q)).filter((x) => !!x)
    const here = ['.snav', '.scol', '.ed'].findIndex((q) => document.activeElement?.closest(q))
    const n = stops.length
    if (n) stops[here < 0 ? 0 : (Math.min(here, n - 1) + (w === 'pane' ? 1 : n - 1)) % n]?.focus()
  })
}
