import { lazy, Suspense } from 'react'
import type { Dot, Me } from '../../../shared/api.gen.ts'
import { hoursAt } from '../live/hours.ts'
import { clockTime } from '../text/format.ts'
import { useText } from '../text/text.tsx'
import { useNow, useStore, useWorkspace } from '../ui/hooks.ts'
import { Avatar, Icon, Logo, ProjectDot } from '../ui/marks.tsx'
import { strongest } from '../list/ProjectSelect.tsx'
import { LanguageSwitch } from './LanguageSwitch.tsx'
import type { IconName } from '../ui/icons.ts'
import { go, pathOf, type Route } from './route.ts'

// Menus come right after the first screen; until then their button stands there.
const PresenceMenu = lazy(() => import('./PresenceMenu.tsx'))
const ProfileMenu = lazy(() => import('./ProfileMenu.tsx'))

export function TopBar({ me, area = 'dialogs' }: { me: Me; area?: 'dialogs' | 'log' | 'settings' }) {
  const { t } = useText()
  const project = useStore(useWorkspace()).project
  return (
    <header className="top">
      <h1 className="vh">{t(area === 'settings' ? 'nav.settings' : area === 'log' ? 'nav.log' : 'nav.dialogs')}</h1>
      <div className="logo">
        <Logo />
        <span className="nmx">Otklik</span>
      </div>
      <nav className="nav" aria-label={t('nav.workspace')}>
        <NavLink to={{ project }} current={area === 'dialogs'} icon="chat" text={t('nav.dialogs')} dot={area === 'dialogs' ? 'none' : strongest(me.projects)} />
        <NavLink to={{ area: 'log', project }} current={area === 'log'} icon="log" text={t('nav.log')} />
        {me.operator.admin || me.projects.some((p) => p.level !== 'view') ? (
          <NavLink to={{ area: 'settings', project }} current={area === 'settings'} icon="gear" text={t('nav.settings')} />
        ) : null}
      </nav>
      <span className="sp" />
      <Presence me={me} />
      <span className="only-w">
        <LanguageSwitch />
      </span>
      <Suspense
        fallback={
          <span className="me-button">
            <Avatar id={me.operator.id} name={me.operator.name} size={28} />
          </span>
        }
      >
        <ProfileMenu me={me} />
      </Suspense>
    </header>
  )
}

function NavLink({ to, current, icon, text, dot = 'none' }: { to: Route; current: boolean; icon: IconName; text: string; dot?: Dot }) {
  return (
    <a
      href={pathOf(to)}
      aria-current={current ? 'page' : undefined}
      onClick={(e) => {
        if (e.ctrlKey || e.metaKey || e.shiftKey) return
        e.preventDefault()
        go(to)
      }}
    >
      <Icon name={icon} />
      {text}
      <ProjectDot dot={dot} />
    </a>
  )
}

/** Load and presence; without a connection one chip in their place (M-43). */
function Presence({ me }: { me: Me }) {
  const r = useText()
  const { t } = r
  const workspace = useWorkspace()
  const project = me.projects.find((p) => p.id === workspace.project)
  const now = useNow(10_000)
  const { link } = useStore(useWorkspace().socket)
  if (link === 'lost')
    return (
      <span className="chip warn-chip" role="alert">
        <Icon name="wifi" size={14} />
        <span className="ell" title={t('net.lost')}>
          {t('net.lost')}
        </span>
      </span>
    )
  const online = link === 'online' && !me.operator.away
  const hours = project && hoursAt(project.hours, now)
  const until = hours?.own_until && Date.parse(hours.own_until) > now ? hours.own_until : undefined
  const state = (
    <>
      {hours && !hours.open && online ? <Icon name="moon" size={14} /> : <span className={online ? 'st' : 'st off'} />}
      <span className="semi">{r.t(online ? 'status.online' : 'status.offline')}</span>
      {hours && !hours.open ? (
        <span className="mut only-wide">· {r.t('time.off').toLocaleLowerCase()}</span>
      ) : until ? (
        <span className="mut only-wide" title={r.t('top.shift', { t: clockTime(r.locale, until) })}>
          · {r.t('top.shift', { t: clockTime(r.locale, until) })}
        </span>
      ) : null}
    </>
  )
  const { open_dialogs: n, dialog_limit: max } = me.operator
  return (
    <>
      {max ? (
        <span className="load" title={t('top.load', { n, max })}>
          {max <= 20 ? (
            <span className="bars" aria-hidden="true">
              {Array.from({ length: max }, (_, i) => (
                <i key={i} className={i < n ? 'f' : undefined} />
              ))}
            </span>
          ) : null}
          <span className="lt">{t('top.load', { n, max })}</span>
        </span>
      ) : null}
      <Suspense fallback={<span className="pres">{state}</span>}>
        <PresenceMenu away={me.operator.away}>{state}</PresenceMenu>
      </Suspense>
    </>
  )
}
