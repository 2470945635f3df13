import { createContext, use, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { Emitter } from '../live/emitter.ts'
import type { Workspace } from '../live/workspace.ts'

export const WorkspaceContext = createContext<Workspace | null>(null)

export function useWorkspace(): Workspace {
  const w = use(WorkspaceContext)
  if (!w) throw new Error('no workspace above')
  return w
}

/** Draws again whenever the store changes. */
export function useStore<T extends Emitter>(store: T): T {
  useSyncExternalStore(store.subscribe, store.getVersion)
  return store
}

// One timer for everything that shows time; it ticks on the server's whole seconds, so that all figures step together.
const tickers = new WeakMap<Workspace, { subscribe: (f: () => void) => () => void }>()

function ticker(w: Workspace) {
  let t = tickers.get(w)
  if (!t) {
    const listeners = new Set<() => void>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const tick = () => {
      timer = setTimeout(tick, 1000 - (w.clock.now() % 1000) + 5)
      for (const f of [...listeners]) f()
    }
    t = {
      subscribe(f) {
        listeners.add(f)
        if (!timer) timer = setTimeout(tick, 1000 - (w.clock.now() % 1000) + 5)
        return () => {
          listeners.delete(f)
          if (listeners.size) return
          clearTimeout(timer)
          timer = undefined
        }
      },
    }
    tickers.set(w, t)
  }
  return t
}

/** Server time, moving once a second, or once in `step` for what shows minutes only. */
export function useNow(step = 1000): number {
  const w = useWorkspace()
  const second = useSyncExternalStore(ticker(w).subscribe, () => Math.floor(w.clock.now() / step))
  return step === 1000 ? w.clock.now() : second * step
}

/** False at first, true after `ms`: skeletons come only when the answer takes a while. */
export function useAfter(ms: number, waiting: boolean): boolean {
  const [late, setLate] = useState(false)
  useEffect(() => {
    if (!waiting) return setLate(false)
    const timer = setTimeout(() => setLate(true), ms)
    return () => clearTimeout(timer)
  }, [ms, waiting])
  return waiting && late
}

export function useLatest<T>(value: T) {
  const ref = useRef(value)
  ref.current = value
  return ref
}

export function useTabVisible(): boolean {
  return useSyncExternalStore(
    (f) => {
      document.addEventListener('visibilitychange', f)
      return () => document.removeEventListener('visibilitychange', f)
    },
    () => document.visibilityState === 'visible',
  )
}

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (f) => {
      const m = matchMedia(query)
      m.addEventListener('change', f)
      return () => m.removeEventListener('change', f)
    },
    () => matchMedia(query).matches,
  )
}
