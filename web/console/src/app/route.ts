import { useSyncExternalStore } from 'react'

/** Addresses of the console: dialogs/:project/:dialog, log/:project/:dialog/:session?filters, settings/:project/:screen/:item, setup. */
export interface Route {
  /** Absent: dialogs. */
  area?: 'settings' | 'setup' | 'log'
  project?: string
  dialog?: string
  session?: string
  /** What the chat log is filtered by, as it stands behind the «?». */
  filters?: string
  screen?: string
  item?: string
}

const BASE = import.meta.env.BASE_URL

export function parse(path: string): Route {
  const [pathname = '', search] = path.split('?')
  const parts = pathname.startsWith(BASE) ? pathname.slice(BASE.length).split('/').filter(Boolean).map(decoded) : []
  if (parts[0] === 'settings') return { area: 'settings', project: parts[1], screen: parts[2], item: parts[3] }
  if (parts[0] === 'log') return { area: 'log', project: parts[1], dialog: parts[2], session: parts[3], filters: search || undefined }
  if (parts[0] === 'setup') return { area: 'setup' }
  return parts[0] === 'dialogs' ? { project: parts[1], dialog: parts[2] } : {}
}

/** What is no text of an address stands for itself: nothing has such a name, and the page says so. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function pathOf(route: Route): string {
  if (route.area === 'setup') return `${BASE}setup`
  if (route.area === 'settings')
    return BASE + ['settings', route.project, route.project && route.screen, route.screen && route.item].filter(Boolean).join('/')
  if (route.area === 'log') {
    const path = ['log', route.project, route.project && route.dialog, route.dialog && route.session].filter(Boolean).join('/')
    return BASE + path + (route.filters ? `?${route.filters}` : '')
  }
  return BASE + ['dialogs', route.project, route.project && route.dialog].filter(Boolean).join('/')
}

const here = () => location.pathname + (parse(location.pathname).area === 'log' ? location.search : '')

const listeners = new Set<() => void>()
const tell = () => listeners.forEach((f) => f())

// Unsaved changes: a guard may hold a change of the address; `act` makes it after all.
type LeaveGuard = (act: () => void) => boolean
let leaveGuard: LeaveGuard | undefined

export function guardLeaving(guard: LeaveGuard): () => void {
  leaveGuard = guard
  return () => {
    if (leaveGuard === guard) leaveGuard = undefined
  }
}

export function go(route: Route, options: { replace?: boolean } = {}) {
  const path = pathOf(route)
  if (path === here()) return
  if (leaveGuard?.(() => go(route, options))) return
  history[options.replace ? 'replaceState' : 'pushState'](null, '', path)
  tell()
}

/** The browser went back or forward: the address has changed already, so a held one is put back. */
function travelled() {
  const path = here()
  if (path === currentPath) return
  if (leaveGuard?.(() => go(parse(path)))) {
    history.pushState(null, '', currentPath)
    return
  }
  tell()
}

let current = parse(here())
let currentPath = here()

function snapshot(): Route {
  if (here() !== currentPath) {
    currentPath = here()
    current = parse(currentPath)
  }
  return current
}

export function useRoute(): Route {
  return useSyncExternalStore((f) => {
    if (!listeners.size) addEventListener('popstate', travelled)
    listeners.add(f)
    return () => {
      listeners.delete(f)
      if (!listeners.size) removeEventListener('popstate', travelled)
    }
  }, snapshot)
}
