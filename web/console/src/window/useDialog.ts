import { useQuery } from '@tanstack/react-query'
import { call } from '../api/client.ts'
import { useStore, useWorkspace } from '../ui/hooks.ts'

/** Row, card and sessions of one dialog. The row of the list is newer than the one read here, or the same. */
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
      return d
    },
  })
  const row = (id && rows.get(id)) || dialog.data?.row
  return { dialog, row }
}
