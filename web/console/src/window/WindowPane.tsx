import { useEffect } from 'react'
import type { Project, Row } from '../../../shared/api.gen.ts'
import { isMissing } from '../api/errors.ts'
import { go } from '../app/route.ts'
import { upright } from '../text/system.ts'
import { useText } from '../text/text.tsx'
import { focusPane, paneNamed, useKeptFocus } from '../ui/focus.ts'
import { useStore, useTabVisible, useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { Composer } from './Composer.tsx'
import { Head } from './Head.tsx'
import { NextBar } from './NextBar.tsx'
import { Stream } from './Stream.tsx'
import { useDialog } from './useDialog.ts'
import { WindowFailed, WindowFrame } from './WindowFrame.tsx'
import { WindowSkeleton } from './WindowSkeleton.tsx'

export interface WindowProps {
  project?: Project
  dialogId?: string
  drawer: boolean
  onCard: (button: HTMLElement) => void
}

export function WindowPane(props: WindowProps) {
  const { t } = useText()
  return (
    <WindowFrame empty={{ icon: 'chat', text: t('win.empty') }}>
      {props.dialogId && props.project ? <OpenDialog key={props.dialogId} {...props} project={props.project} dialogId={props.dialogId} /> : null}
    </WindowFrame>
  )
}

function OpenDialog(props: WindowProps & { project: Project; dialogId: string }) {
  const { t } = useText()
  const { project, dialogId } = props
  const workspace = useWorkspace()
  const { dialog, row, failed } = useDialog(dialogId)
  const feed = useStore(workspace.feed(dialogId))
  const visible = useTabVisible()
  // Somebody else may end, take or move the dialog under one's hands.
  useKeptFocus(() => paneNamed('window'), () => focusPane(paneNamed('window')))

  // A bookmark of a dialog of another project leads to that project.
  const other = dialog.data && dialog.data.row.project_id !== project.id ? dialog.data.row.project_id : undefined
  useEffect(() => {
    if (other) go({ project: other, dialog: dialogId }, { replace: true })
  }, [other, dialogId])

  const last = feed.ready ? feed.log.last() : 0
  const readBefore = dialog.data?.read_seq
  useEffect(() => {
    if (visible && last && readBefore !== undefined && last > readBefore) workspace.markRead(dialogId, last)
  }, [visible, last, readBefore, dialogId, workspace])

  if (!row) return failed ? <WindowFailed error={failed} retry={dialog.refetch} /> : <WindowSkeleton />
  if (failed)
    return (
      <>
        <WindowFailed error={failed} retry={dialog.refetch} />
        {/* A claim may give the dialog to another department: the text that was being written must not vanish with it. */}
        <Composer row={row} unavailable={isMissing(failed)} loading />
      </>
    )
  const loading = !feed.ready && !feed.error
  return (
    <>
      {loading ? (
        <WindowSkeleton row={row} />
      ) : (
        <>
          <Head row={row} project={project} feed={feed} page={dialog.data?.visit?.page_title} drawer={props.drawer} onCard={props.onCard} />
          <NextBar row={row} foreign={isForeign(row, workspace.me()?.operator.id)} />
          <Stream feed={feed} row={row} sessions={dialog.data?.sessions ?? []} typing={<Typing dialogId={dialogId} row={row} />} />
        </>
      )}
      {/* The same element before and after: who opens a dialog by Enter writes at once, and no letter is lost. */}
      <Composer row={row} loading={loading} />
      {feed.error && !feed.ready ? (
        <div className="note w" role="alert">
          <Icon name="warn" />
          <span className="sp">{t('win.failed')}</span>
          <button className="b sm" onClick={() => void feed.reload()}>
            {t('btn.retry')}
          </button>
        </div>
      ) : null}
    </>
  )
}

export function isForeign(row: Row, meId: string | undefined): boolean {
  return !!row.session.assignee && row.session.assignee.id !== meId
}

function Typing({ dialogId, row }: { dialogId: string; row: Row }) {
  const r = useText()
  const workspace = useStore(useWorkspace())
  if (!workspace.isTyping(dialogId)) return null
  return <>{r.t('typing', { name: upright(row.visitor.name) || r.t('who.visitor') })}</>
}
