import { type KeyboardEvent as ReactKey, useEffect, useId, useRef } from 'react'
import { useLatest } from '../ui/hooks.ts'

/** What keys can ask for; whoever can do it listens. By `code`, so that they work in Russian and Kazakh layouts too. */
export type Wish =
  | 'tab1' | 'tab2' | 'tab3' | 'tab4'
  | 'prev' | 'next' | 'nextDeadline'
  | 'transfer' | 'leave' | 'sort' | 'project' | 'keys'
  | 'pane' | 'paneBack' | 'rows'
  | 'closeCard' | 'search' | 'searchOlder' | 'searchNewer' | 'labels' | 'contacts'

const target = new EventTarget()

/** Whether anybody was there to do it. */
export function wish(w: Wish): boolean {
  return !target.dispatchEvent(new Event(w, { cancelable: true }))
}

export function useWish(w: Wish | Wish[], act: (w: Wish) => void) {
  const latest = useLatest(act)
  const names = Array.isArray(w) ? w.join() : w
  useEffect(() => {
    const listen = (e: Event) => {
      e.preventDefault()
      latest.current(e.type as Wish)
    }
    const all = names.split(',')
    all.forEach((n) => target.addEventListener(n, listen))
    return () => all.forEach((n) => target.removeEventListener(n, listen))
  }, [names, latest])
}

/** To the box of the answer; false when there is none. */
export function focusComposer(): boolean {
  const field = document.querySelector<HTMLElement>('[data-pane=window] [data-pane-focus]')
  field?.focus()
  return !!field
}

/**
 * A single key leads to a button that acts for good, and no further: the letter may be the first of a text (D-28, D-38). Enter
 * presses it; whatever is typed on, a space too, belongs to the answer. `instead`: it asks before it acts, so the key may open it.
 */
export function useLedTo(w: Wish, instead?: () => void) {
  const id = useId()
  const led = useRef(false)
  useWish(w, () => {
    if (instead) return instead()
    document.getElementById(id)?.focus()
    led.current = true
  })
  return {
    id,
    onBlur: () => void (led.current = false),
    onKeyDown: (e: ReactKey) => {
      if (!led.current || e.key.length !== 1 || e.ctrlKey || e.metaKey || e.altKey) return
      e.stopPropagation() // no other shortcut
      if (!focusComposer()) e.preventDefault()
    },
  }
}

export const useShowKeys = (act: () => void) => useWish('keys', act)

const SINGLE_KEY = 'otklik.singleKeys'

/** Single keys can be switched off: they get in the way of speech input (WCAG 2.1.4). */
export function singleKeysOn(): boolean {
  return localStorage.getItem(SINGLE_KEY) !== 'off'
}

export function keepSingleKeys(on: boolean) {
  localStorage.setItem(SINGLE_KEY, on ? 'on' : 'off')
}

const SINGLE: Record<string, Wish> = { KeyT: 'transfer', KeyX: 'leave', KeyS: 'sort', KeyP: 'project', KeyL: 'labels', KeyC: 'contacts', Slash: 'search' }

export function wishOf(e: Pick<KeyboardEvent, 'code' | 'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey'>, inText: boolean, single: boolean): Wish | undefined {
  if (e.key === 'Escape') return 'closeCard'
  if (e.code === 'F6') return e.shiftKey ? 'paneBack' : 'pane'
  if (e.code === 'F3' && !e.altKey && !e.ctrlKey && !e.metaKey) return e.shiftKey ? 'searchNewer' : 'searchOlder'
  if (e.code === 'KeyF' && (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey) return 'search'
  if (e.altKey && !e.ctrlKey && !e.metaKey) {
    const tab = /^Digit([1-4])$/.exec(e.code)
    if (tab) return `tab${tab[1]}` as Wish
    if (e.code === 'ArrowUp') return 'prev'
    if (e.code === 'ArrowDown') return 'next'
    if (e.code === 'KeyN') return 'nextDeadline'
    return undefined
  }
  if (inText || !single || e.ctrlKey || e.metaKey) return undefined
  if (e.code === 'Slash' && e.shiftKey) return 'keys'
  return e.shiftKey ? undefined : SINGLE[e.code]
}

export function useShortcuts() {
  useEffect(() => {
    const down = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.isComposing) return
      const el = e.target as HTMLElement
      const inLayer = el.closest?.('[role=menu],[role=dialog]')
      const inText = el.matches?.('input,textarea,select,[contenteditable]')
      const w = wishOf(e, inText, singleKeysOn() && !inLayer)
      if (!w) return
      // The browser's own search stays where there is no dialog to search in, and its Esc where no drawer is open.
      const handled = wish(w)
      if (handled || !/^(search|closeCard)/.test(w)) e.preventDefault()
    }
    addEventListener('keydown', down)
    return () => removeEventListener('keydown', down)
  }, [])
}
