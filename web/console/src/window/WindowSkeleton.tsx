import type { Row } from '../../../shared/api.gen.ts'
import { visitorName } from '../text/system.ts'
import { useText } from '../text/text.tsx'
import { useAfter } from '../ui/hooks.ts'
import { Avatar } from '../ui/marks.tsx'

/** What is known of the row stands at once; grey shapes come only after a moment, never a spinner. */
export function WindowSkeleton({ row }: { row?: Row }) {
  const r = useText()
  const late = useAfter(150, true)
  return (
    <div className="win-sk" aria-busy="true">
      <div className="wh">
        {row ? <Avatar id={row.visitor.id} name={row.visitor.name} /> : late ? <span className="sk sk-av" /> : null}
        <div className="wh-name">
          {row ? <h2 className="ell" dir="auto">{visitorName(r, row.visitor)}</h2> : late ? <span className="sk sk-name" /> : null}
          <span className={late ? 'sk sk-under' : 'sk-under'} />
        </div>
      </div>
      <div className="nextbar calm" />
      <div className="stream sk-stream">
        {late ? [0, 1, 2, 3, 4].map((i) => <span key={i} className={`sk bub${i}`} />) : null}
      </div>
    </div>
  )
}
