import { useQuery } from '@tanstack/react-query'
import type { Dialog, Row } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { isMissing, isTransient } from '../api/errors.ts'
import { useStore, useWorkspace } from '../ui/hooks.ts'

const AGAIN = 5_000

/**
 * Row, card and sessions of one dialog. `failed` is an error that leaves nothing to show: a reading that failed in the
 * background costs nothing of what is known, and is tried again until it succeeds.
 */
export function useDialog(id: string | undefined) {
  const workspace = useWorkspace()
  const rows = useStore(workspace.rows)
  const dialog = useQuery({
    queryKey: ['dialog', id],
    enabled: !!id,
    queryFn: async () => {
      const asked = Date.now()
      const d = await call('get', '/operator/dialogs/{dialog_id}', { path: { dialog_id: id! } })
      workspace.clock.sync(d.now, asked)
      if (d.row.project_id === workspace.project && !d.read_only) workspace.rows.upsert(d.row)
      workspace.dialogRead(id!)
      return d
    },
    refetchInterval: ({ state }) => (isTransient(state.error) ? AGAIN : false),
  })
  const row = newerRow(id ? rows.get(id) : undefined, dialog.data)
  const failed = dialog.data && !isMissing(dialog.error) ? null : dialog.error
  return { dialog, row, failed }
}

/** The list's row is newer than the one read here, or the same; but what has ended is no longer pushed (R-058, D-67). */
function newerRow(listed: Row | undefined, read: Dialog | undefined): Row | undefined {
  if (!listed || !read) return listed ?? read?.row
  return read.read_only && read.row.rev >= listed.rev ? read.row : listed
}
