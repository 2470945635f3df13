import { useRef, useState } from 'react'
import type { Dialog } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { Command } from '../live/command.ts'
import { useText } from '../text/text.tsx'
import { errorText, refusalText } from '../ui/errorText.ts'
import { useKeptFocus } from '../ui/focus.ts'
import { useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { PopButton } from '../ui/PopButton.tsx'
import { Tip } from '../ui/Tip.tsx'
import { DownloadButton } from './Download.tsx'

/**
 * Block or unblock by address, and the text file. Nothing is blocked where nothing can be written,
 * but what ended with its block is unblocked (D-67); from the log neither (D-63).
 */
export function Actions({ dialog, readOnly, log }: { dialog: Dialog; readOnly: boolean; log: boolean }) {
  const r = useText()
  const buttons = useRef<HTMLDivElement>(null)
  const [error, setError] = useState<unknown>()
  const { block } = dialog
  const own = block?.sources.some((s) => s !== 'system')
  const system = block?.sources.includes('system')
  // Who has blocked stands at what takes it back, and the other way round.
  useKeptFocus(() => buttons.current, () => buttons.current?.querySelector('button')?.focus(), '.block-pop')
  return (
    <section className="cs" aria-label={r.t('act.title')}>
      <div className="act2" ref={buttons}>
        {log || (readOnly && !block) ? null : block ? <Unblock dialog={dialog} off={!own} onError={setError} /> : <Block dialog={dialog} onError={setError} />}
        <DownloadButton dialogId={dialog.row.id} allowed={dialog.can_download} onError={setError} />
      </div>
      {dialog.can_download ? null : (
        <p className="t12 sec why" id="download-off">
          {r.t('download.off')}
        </p>
      )}
      <div role="status">
        {block && own ? <Note text={r.t('card.blocked', { ip: block.ip })} /> : null}
        {block && system ? <Note text={r.t('unblock.system', { ip: block.ip })} /> : null}
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

function Note({ text }: { text: string }) {
  return (
    <p className="t12 sec why iconed">
      <Icon name="block" size={14} />
      {text}
    </p>
  )
}

type Part = { dialog: Dialog; onError: (e: unknown) => void }

/** Asks once more and names the address (M-23). */
function Block({ dialog, onError }: Part) {
  const r = useText()
  const workspace = useWorkspace()
  const [command] = useState(() => new Command())
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const { row } = dialog
  const reason = row.can.block === 'ok' ? '' : row.can.block === 'no_address' ? r.t('block.noAddress') : refusalText(r, row.can.block, { name: row.session.assignee?.name })
  const face = (
    <>
      <Icon name="block" size={14} />
      {r.t('act.block')}
    </>
  )
  if (reason)
    return (
      <Tip text={reason}>
        <button className="b sm" aria-disabled="true">
          {face}
          <span className="vh">. {reason}</span>
        </button>
      </Tip>
    )

  async function block() {
    if (busy) return
    setBusy(true)
    onError(undefined)
    try {
      await command.run({}, (body) => call('post', '/operator/dialogs/{dialog_id}/block', { path: { dialog_id: row.id }, body }))
      // The layer goes with this button when «Разблокировать» takes its place, and hands the focus on.
      await workspace.refreshDialog(row.id)
    } catch (e) {
      onError(e)
      setOpen(false)
    }
    setBusy(false)
  }
  return (
    <PopButton
      className="b sm"
      open={open}
      onOpenChange={setOpen}
      align="start"
      popClass="block-pop"
      popLabel={r.t('act.blockContact')}
      layer={
        <>
          <p className="t13">{r.t('block.confirm', { ip: dialog.ip ?? '' })}</p>
          <div className="pop-buttons">
            <button className="b gh" onClick={() => setOpen(false)}>
              {r.t('btn.cancel')}
            </button>
            <button className="b pri" aria-busy={busy} onClick={() => void block()}>
              {r.t('act.block')}
            </button>
          </div>
        </>
      }
    >
      {face}
    </PopButton>
  )
}

/** `off`: only the system list holds the address, and nobody takes it off here (M-24). */
function Unblock({ dialog, off, onError }: Part & { off: boolean }) {
  const r = useText()
  const workspace = useWorkspace()
  const [busy, setBusy] = useState(false)
  const { row } = dialog
  const may = row.can.edit === 'ok' || row.can.edit === 'consent_required'
  const reason = may ? (off ? r.t('unblock.system', { ip: dialog.block?.ip ?? '' }) : '') : refusalText(r, row.can.edit, { name: row.session.assignee?.name })

  async function unblock() {
    if (busy || reason) return
    setBusy(true)
    onError(undefined)
    try {
      await call('delete', '/operator/dialogs/{dialog_id}/block', { path: { dialog_id: row.id } })
      await workspace.refreshDialog(row.id)
    } catch (e) {
      onError(e)
    }
    setBusy(false)
  }
  const button = (
    <button className="b sm" aria-disabled={!!reason} aria-busy={busy} onClick={() => void unblock()}>
      <Icon name="check" size={14} />
      {r.t('act.unblock')}
      {reason ? <span className="vh">. {reason}</span> : null}
    </button>
  )
  return reason ? <Tip text={reason}>{button}</Tip> : button
}
