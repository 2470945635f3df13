import { Popover } from 'radix-ui'
import { type ReactNode, type RefObject, useState } from 'react'
import { focusPane } from './focus.ts'

export interface PopLayerProps {
  anchor: RefObject<HTMLElement | null>
  className: string
  label: string
  align?: 'start' | 'end'
  gap?: number
  onClose: () => void
  children: ReactNode
}

/** The layer of a PopButton, loaded apart: the first screen does not need it. */
export default function PopLayer({ anchor, className, label, align = 'end', gap = 4, onClose, children }: PopLayerProps) {
  const [pane] = useState(() => anchor.current?.closest<HTMLElement>('[data-pane]'))
  return (
    <Popover.Root open onOpenChange={(open) => !open && onClose()}>
      <Popover.Anchor virtualRef={anchor as RefObject<HTMLElement>} />
      <Popover.Portal>
        <Popover.Content
          className={`pop ${className}`}
          align={align}
          sideOffset={gap}
          collisionPadding={8}
          aria-label={label}
          onCloseAutoFocus={(e) => {
            e.preventDefault()
            // Back to the opener, unless the focus went elsewhere on purpose; to its pane, when it is no longer there.
            if (document.activeElement !== document.body && !document.activeElement?.closest('.pop')) return
            if (anchor.current) anchor.current.focus()
            else focusPane(pane)
          }}
          onInteractOutside={(e) => {
            // The opener toggles by itself.
            if (anchor.current?.contains(e.target as Node)) e.preventDefault()
          }}
        >
          {children}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
