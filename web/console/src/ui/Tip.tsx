import type { ReactNode } from 'react'

/** A hint on hover and on focus. Its text is also in the name of the control, so it is not read twice. */
export function Tip({ text, children }: { text: string; children: ReactNode }) {
  return (
    <span className="tipped">
      {children}
      <span className="tip" aria-hidden="true">
        {text}
      </span>
    </span>
  )
}
