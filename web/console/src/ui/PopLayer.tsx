import { Popover } from 'radix-ui'
import type { ReactNode, RefObject } from 'react'

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
            // Back to the opener, unless the focus went elsewhere on purpose.
            if (document.activeElement === document.body || document.activeElement?.closest('.pop')) anchor.current?.focus()
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
