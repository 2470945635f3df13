import { useEffect, useState } from 'react'
import type { Project, Row } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { Refusal } from '../api/errors.ts'
import { go } from '../app/route.ts'
import { useLedTo, wish } from '../app/shortcuts.ts'
import { Command } from '../live/command.ts'
import type { Feed } from '../live/feed.ts'
import { useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { PopButton } from '../ui/PopButton.tsx'
import { TagChips } from '../ui/TagChips.tsx'

/** Leaving finishes the session; with tagging on the tags come first. No other confirmation (D-38). */
export function Leave({ row, project, feed }: { row: Row; project: Project; feed: Feed }) {
  const r = useText()
  const workspace = useWorkspace()
  const [open, setOpen] = useState(false)
  const [tags, setTags] = useState<string[]>(row.session.tags)
  const [command] = useState(() => new Command())
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const gate = project.tagging && project.tags.length > 0

  useEffect(() => {
    if (open) setTags(row.session.tags)
  }, [open])

  async function leave() {
    if (busy || (gate && !tags.length)) return
    setBusy(true)
    setError(undefined)
    // What has stood on his screen is what he has seen; a newer word of the visitor stops him (D-65).
    const body = gate ? { last_seen_seq: feed.seenSeq, tags } : { last_seen_seq: feed.seenSeq }
    const next = neighbour()
    try {
      await command.run(body, (b) => call('post', '/operator/dialogs/{dialog_id}/leave', { path: { dialog_id: row.id }, body: b }))
      void workspace.refreshMe()
      void workspace.refreshDialog(row.id)
      setOpen(false)
      go({ project: project.id, dialog: next })
      setTimeout(() => wish('rows'), 80)
    } catch (e) {
      if (e instanceof Refusal && e.code === 'unseen_message') {
        await feed.catchUp()
        feed.toEnd()
      }
      if (e instanceof Refusal && e.code === 'tag_required' && !gate) {
        void workspace.refreshMe()
      }
      setError(e)
      if (!gate) setOpen(true)
    }
    setBusy(false)
  }

  function neighbour(): string | undefined {
    const rows = workspace.rows.list(workspace.group, workspace.sort) ?? []
    const at = rows.findIndex((x) => x.id === row.id)
    return (rows[at + 1] ?? rows[at - 1])?.id
  }

  const press = () => {
    if (gate) setOpen(!open)
    else void leave()
  }
  const led = useLedTo('leave', gate ? () => setOpen(true) : undefined)

  const close = () => {
    setOpen(false)
    setError(undefined)
  }
  const layer = (
    <>
      {gate ? (
        <>
          <div className="semi leave-title">{r.t('tag.required')}</div>
          <TagChips tags={project.tags} chosen={tags} onChange={setTags} />
          <p className="t12 mut">{r.t('leave.hint')}</p>
        </>
      ) : null}
      <div role="alert">
        {error ? (
          <div className="note w">
            <Icon name="warn" />
            <span>{errorText(r, error)}</span>
          </div>
        ) : null}
      </div>
      <div className="pop-buttons">
        <button className="b gh" onClick={close}>
          {r.t('btn.cancel')}
        </button>
        <button className="b pri" aria-disabled={(gate && !tags.length) || busy} onClick={() => void leave()}>
          {r.t('win.finish')}
        </button>
      </div>
    </>
  )

  return (
    <PopButton
      {...led}
      className="b"
      aria-label={r.t('win.leave')}
      title={r.t('win.leave')}
      aria-busy={busy}
      open={open}
      onOpenChange={(to) => (to ? setOpen(true) : close())}
      onPress={press}
      gap={8}
      popClass="leave-pop"
      popLabel={r.t('win.leave')}
      layer={layer}
    >
      <Icon name="exit" />
      <span className="bt">{r.t('win.leave')}</span>
    </PopButton>
  )
}
