import { useState } from 'react'
import type { Named, Project, Row, SessionSummary } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { Command } from '../live/command.ts'
import { useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { PopButton } from '../ui/PopButton.tsx'
import { TagChips } from '../ui/TagChips.tsx'

/** Tags of the open session, settable by whoever may finish it (D-54). */
export function SessionTags({ row, project, sessions }: { row: Row; project: Project; sessions: SessionSummary[] }) {
  const r = useText()
  const workspace = useWorkspace()
  const [command] = useState(() => new Command())
  const [pending, setPending] = useState<string[]>()
  const [error, setError] = useState<unknown>()
  const [open, setOpen] = useState(false)
  const editable = row.can.leave === 'ok' && project.tags.length > 0
  const chosen = pending ?? row.session.tags
  if (!chosen.length && !editable) return null

  // A tag that was switched off has its name only in the session.
  const names = new Map<string, Named>()
  for (const s of sessions) for (const tag of s.tags) names.set(tag.id, tag)
  for (const tag of project.tags) names.set(tag.id, tag)

  async function set(tags: string[]) {
    setPending(tags)
    setError(undefined)
    try {
      await command.run({ tags }, (body) => call('put', '/operator/dialogs/{dialog_id}/tags', { path: { dialog_id: row.id }, body }))
      await workspace.refreshDialog(row.id)
    } catch (e) {
      setError(e)
    }
    setPending((now) => (now === tags ? undefined : now))
  }

  return (
    <section className="cs" aria-labelledby="tags-title">
      <div className="tag-line">
        <h3 id="tags-title">{r.t('tag.session')}</h3>
        {chosen.map((id) => (
          <span className="chip tagc" key={id}>
            {names.get(id)?.name ?? '…'}
          </span>
        ))}
        <span className="sp" />
        {editable ? (
          <PopButton
            className="addb"
            aria-label={r.t('tag.set')}
            title={r.t('tag.set')}
            open={open}
            onOpenChange={setOpen}
            popClass="tags-pop"
            popLabel={r.t('tag.session')}
            layer={<TagChips tags={project.tags} chosen={chosen} onChange={(tags) => void set(tags)} />}
          >
            <Icon name="plus" size={14} />
          </PopButton>
        ) : null}
      </div>
      <div role="alert">
        {error ? (
          <p className="err">
            <Icon name="warn" size={14} />
            {errorText(r, error)}
          </p>
        ) : null}
      </div>
    </section>
  )
}

/** Tags of a finished session; nobody changes them any more. */
export function ReadTags({ session }: { session?: SessionSummary }) {
  const r = useText()
  if (!session) return null
  return (
    <section className="cs" aria-labelledby="tags-title">
      <div className="tag-line">
        <h3 id="tags-title">{r.t('tag.session')}</h3>
        <span className="sp" />
        {session.tags.length
          ? session.tags.map((tag) => (
              <span className="chip tagc" key={tag.id}>
                {tag.name}
              </span>
            ))
          : '—'}
      </div>
    </section>
  )
}
