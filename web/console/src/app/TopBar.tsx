import { lazy, Suspense } from 'react'
import type { Me } from '../../../shared/api.gen.ts'
import { useText } from '../text/text.tsx'
import { useStore, useWorkspace } from '../ui/hooks.ts'
import { Avatar, Icon, Logo } from '../ui/marks.tsx'
import { LanguageSwitch } from './LanguageSwitch.tsx'
import { go, pathOf } from './route.ts'

// Menus come right after the first screen; until then their button stands there.
const ProfileMenu = lazy(() => import('./ProfileMenu.tsx'))

export function TopBar({ me }: { me: Me }) {
  const { t } = useText()
  const project = useStore(useWorkspace()).project
  return (
    <header className="top">
      <h1 className="vh">{t('nav.dialogs')}</h1>
      <div className="logo">
        <Logo />
        <span className="nmx">Otklik</span>
      </div>
      <nav className="nav" aria-label={t('nav.workspace')}>
        <a
          href={pathOf({ project })}
          aria-current="page"
          onClick={(e) => {
            if (e.ctrlKey || e.metaKey || e.shiftKey) return
            e.preventDefault()
            go({ project })
          }}
        >
          <Icon name="chat" />
          {t('nav.dialogs')}
        </a>
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
