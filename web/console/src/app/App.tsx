import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState } from 'react'
import type { Me } from '../../../shared/api.gen.ts'
import { API_BASE, call, setCsrf, setSignedOutHandler } from '../api/client.ts'
import { isTransient, Refusal } from '../api/errors.ts'
import type { Wire } from '../live/socket.ts'
import { Workspace } from '../live/workspace.ts'
import { hasSavedLocale, useText } from '../text/text.tsx'
import { WorkspaceContext } from '../ui/hooks.ts'
import { Logo } from '../ui/marks.tsx'
import { useBell, useIconBadge } from './bell.ts'
import { redOf } from './PageTitle.tsx'
import { usePrefs } from './prefs.ts'
import { go, useRoute } from './route.ts'
import { Shell } from './Shell.tsx'
import { SignInPage } from './SignIn.tsx'
import { TransferToasts } from './TransferToasts.tsx'

const LogPage = lazy(() => import('../log/LogPage.tsx'))
const SignInOver = lazy(() => import('./SignInOver.tsx'))
const SettingsPage = lazy(() => import('../settings/SettingsPage.tsx'))
const SetupPage = lazy(() => import('../settings/SetupPage.tsx'))

const query = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity, // changes are pushed
      retry: (count, e) => isTransient(e) && count < 5,
      retryDelay: (count) => Math.min(500 * 2 ** count, 5000),
      refetchOnWindowFocus: false,
      networkMode: 'always',
    },
  },
})

function connect(): Wire {
  return new WebSocket(`${location.origin.replace(/^http/, 'ws')}${API_BASE}/operator/socket`) as Wire
}

/** A tab that is hidden has no frames: there, and where one is late, a timer does. */
function oncePerFrame(tell: () => void) {
  const now = () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
    tell()
  }
  const frame = requestAnimationFrame(now)
  const timer = setTimeout(now, 200)
}

export function App() {
  const [expired, setExpired] = useState(false)
  const [workspace] = useState(
    () => new Workspace({ query, connect, onSignedOut: () => setExpired(true), storage: sessionStorage, pace: oncePerFrame }),
  )
  useEffect(() => setSignedOutHandler(() => setExpired(true)), [])
  useEffect(() => {
    const retry = () => workspace.socket.retryNow()
    const doubt = () => workspace.socket.doubt()
    const seen = () => {
      if (document.visibilityState !== 'visible') return
      retry()
      doubt()
    }
    addEventListener('online', retry)
    addEventListener('offline', doubt)
    document.addEventListener('visibilitychange', seen)
    return () => {
      removeEventListener('online', retry)
      removeEventListener('offline', doubt)
      document.removeEventListener('visibilitychange', seen)
    }
  }, [workspace])

  const signedIn = (me: Me, before?: Me) => {
    // Somebody else at the same computer must not find the other's texts.
    if (before && before.operator.id !== me.operator.id) return leaveNoTrace()
    setCsrf(me.csrf)
    query.setQueryData(['me'], me)
    setExpired(false)
    void query.invalidateQueries({ queryKey: ['dialog'] })
    workspace.socket.stop() // it belonged to the sign-in that ended
    workspace.socket.start()
  }

  return (
    <QueryClientProvider client={query}>
      <WorkspaceContext value={workspace}>
        <Gate workspace={workspace} expired={expired} onSignedIn={signedIn} />
      </WorkspaceContext>
    </QueryClientProvider>
  )
}

/** Level view everywhere: the chat log is all there is (D-03). */
function onlyReads(me: Me): boolean {
  return !!me.log_projects?.length && me.projects.every((p) => p.level === 'view')
}

/** Ends everything kept in this tab and begins anew at the sign-in page. */
export function leaveNoTrace() {
  sessionStorage.clear()
  location.assign(import.meta.env.BASE_URL)
}

function Gate(props: { workspace: Workspace; expired: boolean; onSignedIn: (me: Me, before?: Me) => void }) {
  const { workspace, expired, onSignedIn } = props
  const { t, setLocale } = useText()
  const route = useRoute()
  const me = useQuery({
    queryKey: ['me'],
    queryFn: async () => {
      const asked = Date.now()
      const me = await call('get', '/operator/me')
      setCsrf(me.csrf)
      workspace.clock.sync(me.now, asked)
      workspace.setDelayed(me.temporal_delayed)
      return me
    },
  })
  const id = me.data?.operator.id
  usePrefs(me.data?.operator.prefs)
  useBell(id)
  useIconBadge(!!me.data && redOf(me.data) > 0)
  useEffect(() => {
    if (!id) return
    if (!hasSavedLocale()) setLocale(me.data!.operator.locale)
    workspace.socket.start()
    // Only for a new operator: what changes later comes as frames.
  }, [id, workspace])

  if (me.data)
    return (
      <>
        {route.area === 'settings' ? (
          <Suspense>
            <SettingsPage me={me.data} route={route} />
          </Suspense>
        ) : route.area === 'log' || onlyReads(me.data) ? (
          <Suspense>
            <LogPage me={me.data} route={route} />
          </Suspense>
        ) : (
          <Shell me={me.data} />
        )}
        <TransferToasts />
        {expired ? (
          <Suspense>
            <SignInOver login={me.data.operator.login} onSignedIn={(next) => onSignedIn(next, me.data)} />
          </Suspense>
        ) : null}
      </>
    )
  if (me.error instanceof Refusal && me.error.status === 401) return <SignedOut onSignedIn={(next) => onSignedIn(next)} />
  return (
    <div className="splash" role={me.error || me.failureCount > 1 ? 'alert' : undefined}>
      <Logo />
      {me.error || me.failureCount > 1 ? <p>{t('err.unavailable')}</p> : null}
      {me.error ? (
        <button className="b" onClick={() => void me.refetch()}>
          {t('btn.retry')}
        </button>
      ) : null}
    </div>
  )
}

/** The door of the first start stands open until there is an administrator; then it is the sign-in. */
function SignedOut({ onSignedIn }: { onSignedIn: (me: Me) => void }) {
  const setup = useQuery({ queryKey: ['setup'], queryFn: () => call('get', '/setup'), retry: false })
  const open = !!setup.data?.open
  const { area } = useRoute()
  useEffect(() => {
    if (open) go({ area: 'setup' }, { replace: true })
    else if (setup.isFetched && area === 'setup') go({}, { replace: true })
  }, [open, setup.isFetched, area])
  if (!open) return <SignInPage onSignedIn={onSignedIn} />
  return (
    <Suspense>
      <SetupPage
        onSignedIn={(me) => {
          onSignedIn(me)
          const project = me.projects[0]
          go({ area: 'settings', project: project?.id, screen: 'project' }, { replace: true })
        }}
      />
    </Suspense>
  )
}
