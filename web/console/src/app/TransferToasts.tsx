import { useEffect, useState } from 'react'
import { go } from '../app/route.ts'
import { useText } from '../text/text.tsx'
import { visitorName } from '../text/system.ts'
import { useStore, useWorkspace } from '../ui/hooks.ts'
import { Icon, ReasonBadge } from '../ui/marks.tsx'

const STAYS = 8000

/** A dialog was transferred to this operator (M-16): the only toast, as it happened elsewhere. Stays while looked at. */
export function TransferToast() {
  const r = useText()
  const workspace = useStore(useWorkspace())
  const row = workspace.transferred
  const [held, setHeld] = useState(false)
  useEffect(() => {
    if (!row || held) return
    const timer = setTimeout(() => workspace.dismissTransferred(), STAYS)
    return () => clearTimeout(timer)
  }, [row, held, workspace])
  return (
    <div role="status">
      {row ? (
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
              workspace.dismissTransferred()
            }}
          >
            {r.t('transfer.toYou', { visitor: visitorName(r, row.visitor) })}
          </button>
          <button className="b gh sm ic" aria-label={r.t('btn.close')} onClick={() => workspace.dismissTransferred()}>
            <Icon name="x" size={14} />
          </button>
        </div>
      ) : null}
    </div>
  )
}
