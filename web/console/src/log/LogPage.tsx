import { useEffect, useMemo, useRef, useState } from 'react'
import type { Me } from '../../../shared/api.gen.ts'
import { PageTitle } from '../app/PageTitle.tsx'
import { go, type Route } from '../app/route.ts'
import { focusOpener, usePanes } from '../app/Shell.tsx'
import { useShortcuts, useWish } from '../app/shortcuts.ts'
import { TopBar } from '../app/TopBar.tsx'
import { CardPane } from '../card/CardPane.tsx'
import '../styles/log.css'
import { useText } from '../text/text.tsx'
import { useAfter, useMedia, useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { preloadPopLayer } from '../ui/PopButton.tsx'
import { LogFilters, logProjects } from './LogFilters.tsx'
import { LogList } from './LogList.tsx'
import { LogWindow } from './LogWindow.tsx'
import { useDialog } from '../window/useDialog.ts'
import { acrossProjects, earlier, type Filters, readFilters, useLog, writeFilters } from './useLog.ts'

/** So many pages are read to come to the session of the address. */
const FAR = 10

/** «Журнал чатов» (I-07, D-63): finished sessions by filters, each with its conversation and card, for reading only. */
export default function LogPage({ me, route }: { me: Me; route: Route }) {
  const { t } = useText()
  const workspace = useWorkspace()
  const narrow = useMedia('(max-width: 1180px)')
  const [drawer, setDrawer] = useState(false)
  const opener = useRef<HTMLElement | null>(null)
  useShortcuts()
  useEffect(preloadPopLayer, [])
  usePanes(narrow, drawer)

  const projects = logProjects(me)
  const project = projects.find((p) => p.id === (route.project ?? workspace.project)) ?? projects[0]
  const here = route.area === 'log' && project?.id === route.project
  const dialogId = here ? route.dialog : undefined
  const filters = readFilters(route.filters)
  const log = useLog(project?.id, filters)
  const rows = useMemo(() => log.data?.pages.flatMap((p) => p.rows) ?? [], [log.data])

  useEffect(() => {
    // Also when the access to this one has ended.
    if (project && !here) go({ area: 'log', project: project.id, filters: route.project ? acrossProjects(filters) : route.filters }, { replace: true })
  }, [project?.id, here])
  // After a reload the chosen session may stand further down than the first page.
  const chosen = useDialog(dialogId).dialog.data?.sessions.find((s) => s.id === route.session)
  const below = !!chosen?.closed_at && !!rows.length && earlier(chosen.closed_at, rows.at(-1)!.closed_at)
  useEffect(() => {
    if (below && log.hasNextPage && !log.isFetching && !log.isFetchNextPageError && log.data!.pages.length < FAR) void log.fetchNextPage()
  }, [below, log.data, log.isFetching])
  useEffect(() => {
    workspace.openDialog(undefined) // nothing is read as an operator here
  }, [workspace])
  useEffect(() => {
    if (!dialogId) setDrawer(false)
  }, [dialogId])
  useWish('search', () => {
    if (!narrow || !dialogId || drawer) return
    opener.current = document.activeElement as HTMLElement
    setDrawer(true)
  })

  const filter = (next: Filters) => go({ ...route, area: 'log', project: project?.id, filters: writeFilters(next) }, { replace: true })

  return (
    <>
      <PageTitle me={me} text={t('nav.log')} />
      <a className="skip" href="#rows">
        {t('nav.skip')}
      </a>
      <TopBar me={me} area="log" />
      {project ? <LogFilters me={me} projectId={project.id} filters={filters} onChange={filter} found={log.hasNextPage || !rows.length ? undefined : rows.length} /> : null}
      <div className="frame log-frame">
        <section className="list" id="rows" tabIndex={-1} aria-label={t('nav.log')} data-pane="list">
          {project ? <State log={log} empty={!rows.length} filtered={!!writeFilters(filters)} onReset={() => {
            filter({})
            document.querySelector<HTMLElement>('.log-find input')?.focus() // the button goes
          }} /> : <p className="empty">{t('project.none')}</p>}
          {rows.length ? (
            <LogList
              rows={rows}
              sessionId={route.session}
              more={log.hasNextPage}
              onMore={() => !log.isFetchingNextPage && !log.isFetchNextPageError && void log.fetchNextPage()}
              onOpen={(row) => go({ area: 'log', project: project?.id, dialog: row.dialog_id, session: row.session_id, filters: route.filters })}
            />
          ) : null}
        </section>
        <LogWindow
          dialogId={dialogId}
          sessionId={route.session}
          entry={rows.find((r) => r.session_id === route.session)}
          drawer={drawer}
          onCard={(button) => {
            opener.current = button
            setDrawer(!drawer)
          }}
        />
        <CardPane
          dialogId={dialogId}
          sessionId={route.session}
          readOnly
          drawer={narrow}
          open={drawer}
          onClose={() => {
            setDrawer(false)
            focusOpener(opener.current)
          }}
        />
      </div>
    </>
  )
}

function State({ log, empty, filtered, onReset }: { log: ReturnType<typeof useLog>; empty: boolean; filtered: boolean; onReset: () => void }) {
  const { t } = useText()
  const slow = useAfter(150, log.isPending)
  return (
    <>
      <div role="status">
        {empty && log.isSuccess ? (
          <div className="empty">
            <Icon name="log" size={28} />
            <div className="semi">{t(filtered ? 'search.none' : 'list.empty')}</div>
            {filtered ? (
              <button className="b sm log-reset" onClick={onReset}>
                {t('log.reset')}
              </button>
            ) : null}
          </div>
        ) : slow ? (
          <p className="more">{t('win.more')}</p>
        ) : null}
      </div>
      {log.error ? (
        <div className="ban w" role="alert">
          <Icon name="warn" />
          <span className="sp">{t('list.failed')}</span>
          <button className="link" onClick={() => void (log.data ? log.fetchNextPage() : log.refetch())}>
            {t('btn.retry')}
          </button>
        </div>
      ) : null}
    </>
  )
}
