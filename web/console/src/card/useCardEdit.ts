import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Card, CardPatch, Dialog } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { codeOf } from '../api/errors.ts'
import { Command } from '../live/command.ts'
import { signInIsUp } from '../ui/focus.ts'
import { useWorkspace } from '../ui/hooks.ts'

export type CardField = CardPatch['field']

export interface Editing {
  field: CardField
  /** The card as it was when editing began. */
  rev: number
  before: string
  value: string
  saving?: boolean
  error?: unknown
}

/**
 * Editing of one field at a time (D-43). Nothing is sent but by save(). When the card has changed meanwhile and this
 * field has not, what was typed still stands and is sent once more; when this field has, the new value is shown (M-45).
 */
export function useCardEdit(dialog: Dialog) {
  const query = useQueryClient()
  const workspace = useWorkspace()
  const [command] = useState(() => new Command())
  const [editing, setEditing] = useState<Editing>()
  const [conflict, setConflict] = useState<CardField>()
  const [saved, setSaved] = useState<CardField>()
  const id = dialog.row.id
  const key = ['dialog', id]

  const put = (card: Card) => query.setQueryData<Dialog>(key, (d) => d && { ...d, card })
  const patch = (rev: number, field: CardField, value: string) =>
    command.run({ rev, field, value }, (body) => call('patch', '/operator/dialogs/{dialog_id}/card', { path: { dialog_id: id }, body }))

  async function send(e: Editing, value: string): Promise<'saved' | 'changed'> {
    try {
      put(await patch(e.rev, e.field, value))
      return 'saved'
    } catch (error) {
      if (codeOf(error) !== 'conflict') throw error
      await workspace.refreshDialog(id)
      const card = query.getQueryData<Dialog>(key)?.card
      if (!card || (card[e.field] ?? '') !== e.before || card.rev === e.rev) return 'changed'
      return send({ ...e, rev: card.rev }, value)
    }
  }

  return {
    editing,
    conflict,
    saved,
    begin(field: CardField) {
      const before = dialog.card[field] ?? ''
      setConflict(undefined)
      setSaved(undefined)
      setEditing({ field, rev: dialog.card.rev, before, value: before })
    },
    type: (value: string) => setEditing((e) => e && { ...e, value }),
    cancel: () => setEditing((e) => (e?.saving || signInIsUp() ? e : undefined)),
    /** Whether the field is closed now. */
    async save(value: string): Promise<boolean> {
      const e = editing
      if (!e || e.saving) return false
      if (value === e.before) {
        setEditing(undefined)
        return true
      }
      setEditing({ ...e, value, saving: true, error: undefined })
      try {
        const end = await send(e, value)
        setEditing(undefined)
        if (end === 'changed') setConflict(e.field)
        else setSaved(e.field)
        return true
      } catch (error) {
        // The sign-in ended: it is asked for above the page, and the field waits for it as it is.
        const signedOut = codeOf(error) === 'unauthenticated'
        setEditing({ ...e, value, error: signedOut ? undefined : error })
        // Consent or the dialog itself may be gone.
        if (codeOf(error) !== 'invalid' && !signedOut) void workspace.refreshDialog(id)
        return false
      }
    },
  }
}
