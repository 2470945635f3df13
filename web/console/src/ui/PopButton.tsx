import { type ComponentProps, lazy, type ReactNode, Suspense, useRef } from 'react'

const load = () => import('./PopLayer.tsx')
const PopLayer = lazy(load)
export const preloadPopLayer = () => void load()

export interface PopButtonProps extends Omit<ComponentProps<'button'>, 'onClick'> {
  open: boolean
  onOpenChange: (open: boolean) => void
  /** Instead of toggling the layer. */
  onPress?: () => void
  popClass: string
  popLabel: string
  /** Which edge of the layer stands at the button's. */
  align?: 'start' | 'end'
  /** Between the two. */
  gap?: number
  layer: ReactNode
}

/** A button with a layer below it. */
export function PopButton({ open, onOpenChange, onPress, popClass, popLabel, align, gap, layer, ...button }: PopButtonProps) {
  const ref = useRef<HTMLButtonElement>(null)
  return (
    <>
      <button {...button} ref={ref} aria-haspopup="dialog" aria-expanded={open} data-state={open ? 'open' : 'closed'} onClick={onPress ?? (() => onOpenChange(!open))} />
      {open ? (
        <Suspense>
          <PopLayer anchor={ref} className={popClass} label={popLabel} align={align} gap={gap} onClose={() => onOpenChange(false)}>
            {layer}
          </PopLayer>
        </Suspense>
      ) : null}
    </>
  )
}
