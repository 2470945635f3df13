import { useRef, useState } from 'react'
import type { Row } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { Refusal } from '../api/errors.ts'
import { useLedTo } from '../app/shortcuts.ts'
import { Command } from '../live/command.ts'
import { type Reader, useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'

/**
 * «Запросить контакты»: an answer like a message, so it takes an untaken dialog and can lose the race (D-28).
 * What is typed stays: it is no part of it.
 */
export function ContactButton({ row, off, onError }: { row: Row; off: boolean; onError: (error: unknown) => void }) {
  const { t } = useText()
  const workspace = useWorkspace()
  const [command] = useState(() => new Command())
  const [busy, setBusy] = useState(false)
  // Pressing again after no answer is the same command, whatever has appeared on the screen since (I-10).
  const seen = useRef(0)

  async function request() {
    if (busy || off) return
    setBusy(true)
    onError(undefined)
    try {
      if (!command.id) seen.current = workspace.feed(row.id).log.last()
      const answer = await command.run({ seen_seq: seen.current }, (body) =>
        call('post', '/operator/dialogs/{dialog_id}/contact-request', { path: { dialog_id: row.id }, body }),
      )
      workspace.take(row.id, answer.event)
      workspace.feed(row.id).toEnd() // what was sent is seen, whatever was being read
      void workspace.refreshMe()
      void workspace.refreshDialog(row.id)
    } catch (e) {
      onError(e)
    }
    setBusy(false)
  }
  const led = useLedTo('contacts')

  return (
    <button {...led} className="b gh" aria-disabled={busy || off} aria-busy={busy} aria-label={t('win.contacts')} title={t('win.contacts')} onClick={() => void request()}>
      <Icon name="form" />
      <span className="bt">{t('win.contacts')}</span>
    </button>
  )
}

/** Why the form was not sent. Nothing was lost with it, so who was faster is named without the words about kept text. */
export function contactError(r: Reader, error: unknown): string {
  if (error instanceof Refusal && error.code === 'already_claimed' && error.operator) return r.t('dialog.foreign', { name: error.operator.name })
  return errorText(r, error)
}
