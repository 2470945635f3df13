import { lazy, Suspense } from 'react'
import type { Dot, Me } from '../../../shared/api.gen.ts'
import { useText } from '../text/text.tsx'
import { useStore, useWorkspace } from '../ui/hooks.ts'
import { Avatar, Icon, Logo, ProjectDot } from '../ui/marks.tsx'
import { strongest } from '../list/ProjectSelect.tsx'
import { LanguageSwitch } from './LanguageSwitch.tsx'
import type { IconName } from '../ui/icons.ts'
import { go, pathOf, type Route } from './route.ts'

// Menus come right after the first screen; until then their button stands there.
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
  const { t } = useText()
  const { link } = useStore(useWorkspace().socket)
  if (link === 'lost')
    return (
      <span className="chip warn-chip" role="alert">
        <Icon name="wifi" size={14} />
        <span className="ell">{t('net.lost')}</span>
      </span>
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
      <span className="pres">
        <span className={link === 'online' ? 'st' : 'st off'} />
        {t(link === 'online' ? 'status.online' : 'status.offline')}
      </span>
    </>
  )
}
