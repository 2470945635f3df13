import { useEffect, useState } from 'react'
import type { Row } from '../../../shared/api.gen.ts'
import { useText } from '../text/text.tsx'
import { visitorName } from '../text/system.ts'
import { useStore, useWorkspace } from '../ui/hooks.ts'
import { Icon, ReasonBadge } from '../ui/marks.tsx'
import { go } from './route.ts'

const STAYS = 8000

/** Dialogs were transferred to this operator (M-16): the only toasts, as it happened elsewhere; on whatever page he is. */
export function TransferToasts() {
  const workspace = useStore(useWorkspace())
  return (
    <div role="status" className="toasts">
      {workspace.transferred.map((row) => (
        <TransferToast key={row.id} row={row} />
      ))}
    </div>
  )
}

/** Stays while looked at. */
function TransferToast({ row }: { row: Row }) {
  const r = useText()
  const workspace = useWorkspace()
  const [held, setHeld] = useState(false)
  const dismiss = () => workspace.dismissTransferred(row.id)
  useEffect(() => {
    if (held) return
    const timer = setTimeout(() => workspace.dismissTransferred(row.id), STAYS)
    return () => clearTimeout(timer)
  }, [row.id, held, workspace])
  return (
    <div
      className="toast"
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <ReasonBadge reason="transferred" size={18} />
      <button
        className="toast-text"
        onClick={() => {
          go({ project: row.project_id, dialog: row.id })
          dismiss()
        }}
      >
        {r.t('transfer.toYou', { visitor: visitorName(r, row.visitor) })}
      </button>
      <button className="b gh sm ic" aria-label={r.t('btn.close')} onClick={dismiss}>
        <Icon name="x" size={14} />
      </button>
    </div>
  )
}
