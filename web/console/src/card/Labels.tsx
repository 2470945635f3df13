import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { Dialog, LabelChip } from '../../../shared/api.gen.ts'
import { useWish } from '../app/shortcuts.ts'
import { call } from '../api/client.ts'
import { useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { LabelTag } from '../ui/LabelTag.tsx'
import { Icon } from '../ui/marks.tsx'
import { PopButton } from '../ui/PopButton.tsx'
import { LabelPicker } from './LabelPicker.tsx'

const MAX = 5

/** Labels of the dialog: «+» attaches one, the cross takes it off, five at most. Consent is not asked for (D-42). */
export function Labels({ dialog, readOnly }: { dialog: Dialog; readOnly: boolean }) {
  const r = useText()
  const query = useQueryClient()
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState<string>()
  const [error, setError] = useState<unknown>()
  const [said, setSaid] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const id = dialog.row.id
  const { labels } = dialog
  const can = dialog.row.can.edit
  const editable = !readOnly && (can === 'ok' || can === 'consent_required')
  const full = labels.length >= MAX

  useWish('labels', () => {
    if (!editable) return
    if (full) box.current?.querySelector<HTMLElement>('.addb')?.focus()
    else setOpen(true)
  })

  const put = (next: LabelChip[]) => query.setQueryData<Dialog>(['dialog', id], (d) => d && { ...d, labels: next })

  async function detach(label: LabelChip) {
    setBusy(label.id)
    setError(undefined)
    try {
      const answer = await call('delete', '/operator/dialogs/{dialog_id}/labels/{label_id}', { path: { dialog_id: id, label_id: label.id } })
      // The focus goes to the neighbour before its place disappears.
      const crosses = [...(box.current?.querySelectorAll<HTMLElement>('.x, .addb') ?? [])]
      const here = crosses.findIndex((x) => x === document.activeElement)
      if (here >= 0) crosses[here + 1]?.focus()
      put(answer.labels)
      setSaid(`${r.t('label.detach')}: ${label.text}`)
    } catch (e) {
      setError(e)
    }
    setBusy(undefined)
  }

  if (!labels.length && !editable) return null
  return (
    <>
      <div className="label-line" ref={box} role="group" aria-labelledby="labels-title">
        <h3 id="labels-title">{r.t('label.many')}</h3>
        {labels.map((label) => (
          <LabelTag key={label.id} label={label}>
            {editable ? (
              <button
                className="x"
                aria-label={`${r.t('label.detach')}: ${label.text}`}
                title={r.t('label.detach')}
                aria-busy={busy === label.id}
                onClick={() => busy || void detach(label)}
              >
                <Icon name="x" size={12} />
              </button>
            ) : null}
          </LabelTag>
        ))}
        {editable ? (
          <PopButton
            className="addb"
            aria-label={r.t('label.attach')}
            title={full ? r.t('label.limit') : r.t('label.attach')}
            aria-disabled={full}
            aria-describedby={full ? 'label-limit' : undefined}
            aria-keyshortcuts="L"
            open={open && !full}
            onOpenChange={setOpen}
            onPress={full ? () => {} : undefined}
            align="start"
            popClass="label-pop"
            popLabel={r.t('label.attach')}
            layer={
              <LabelPicker
                dialogId={id}
                onDone={(next, text) => {
                  put(next)
                  setError(undefined)
                  setSaid(`${r.t('label.one')}: ${text}`)
                  setOpen(false)
                }}
              />
            }
          >
            <Icon name="plus" size={14} />
          </PopButton>
        ) : null}
      </div>
      {full && editable ? (
        <p className="t12 sec label-limit" id="label-limit">
          {r.t('label.limit')}
        </p>
      ) : null}
      <div className="vh" role="status">
        {said}
      </div>
      <div role="alert">
        {error ? (
          <p className="err">
            <Icon name="warn" size={14} />
            {errorText(r, error)}
          </p>
        ) : null}
      </div>
    </>
  )
}
