import { type RefObject, useLayoutEffect, useRef, useState } from 'react'

/** Where one goes on in a pane: its field, what says why there is none, or its row; else the pane itself. */
export function focusPane(pane: HTMLElement | null | undefined) {
  const place = pane?.querySelector<HTMLElement>('[data-pane-focus], .lockbar, [role=option][tabindex="0"]')
  if (!place) pane?.setAttribute('tabindex', '-1')
  ;(place ?? pane)?.focus()
}

export const paneNamed = (name: string) => document.querySelector<HTMLElement>(`[data-pane=${name}]`)

/** The sign-in is asked for above the page: what is below waits as it is. */
export const signInIsUp = () => !!document.querySelector('.signin-over')

/** When a layer over the page closes: the focus goes back to where it was, or to `instead`, when that is gone; not when it went elsewhere on purpose. */
export function useWayBack(instead?: RefObject<HTMLElement | null>) {
  const [from] = useState(() => document.activeElement as HTMLElement | null)
  return (e: Event) => {
    e.preventDefault()
    if (document.activeElement !== document.body) return
    const back = from?.isConnected ? from : instead?.current
    back?.focus()
  }
}

/**
 * The focus is never lost: when what held it in `box`, or in a layer of it, is taken away by drawing, `next` gives it
 * another place. Asked while drawing, before anything is taken away.
 */
export function useKeptFocus(box: () => HTMLElement | null | undefined, next: () => void, layer?: string) {
  const held = useRef(false)
  const at = document.activeElement
  held.current = !!box()?.contains(at) || (!!layer && !!at?.closest(layer))
  useLayoutEffect(() => {
    if (held.current && document.activeElement === document.body) next()
  })
}
