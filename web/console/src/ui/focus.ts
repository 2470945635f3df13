import { useLayoutEffect, useRef } from 'react'

/** Where one goes on in a pane: its field, or what says why there is none; else the pane itself. */
export function focusPane(pane: HTMLElement | null | undefined) {
  const place = pane?.querySelector<HTMLElement>('[data-pane-focus], .lockbar') ?? pane
  place?.focus()
}

export const paneNamed = (name: string) => document.querySelector<HTMLElement>(`[data-pane=${name}]`)

/** The sign-in is asked for above the page: what is below waits as it is. */
export const signInIsUp = () => !!document.querySelector('.signin-over')

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
