import { useSyncExternalStore } from 'react'

/** Addresses of the console: /console/dialogs/:project/:dialog. Later screens get their own first part. */
export interface Route {
  project?: string
  dialog?: string
}

const BASE = import.meta.env.BASE_URL

export function parse(pathname: string): Route {
  const parts = pathname.startsWith(BASE) ? pathname.slice(BASE.length).split('/').filter(Boolean).map(decodeURIComponent) : []
  return parts[0] === 'dialogs' ? { project: parts[1], dialog: parts[2] } : {}
}

export function pathOf(route: Route): string {
  return BASE + ['dialogs', route.project, route.project && route.dialog].filter(Boolean).join('/')
}

const listeners = new Set<() => void>()
const tell = () => listeners.forEach((f) => f())

export function go(route: Route, options: { replace?: boolean } = {}) {
  const path = pathOf(route)
  if (path === location.pathname) return
  history[options.replace ? 'replaceState' : 'pushState'](null, '', path)
  tell()
}

let current = parse(location.pathname)
let currentPath = location.pathname

function snapshot(): Route {
  if (location.pathname !== currentPath) {
    currentPath = location.pathname
    current = parse(currentPath)
  }
  return current
}

export function useRoute(): Route {
  return useSyncExternalStore((f) => {
    listeners.add(f)
    addEventListener('popstate', f)
    return () => {
      listeners.delete(f)
      removeEventListener('popstate', f)
    }
  }, snapshot)
}
