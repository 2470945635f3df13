import { DropdownMenu } from 'radix-ui'
import { lazy, Suspense, useRef, useState } from 'react'
import type { Me } from '../../../shared/api.gen.ts'
import { LOCALE_NAMES, LOCALES, type Locale, type TextKey } from '../../../shared/i18n.ts'
import { call } from '../api/client.ts'
import { clockTime } from '../text/format.ts'
import { useText } from '../text/text.tsx'
import { useMedia, useStore, useWorkspace } from '../ui/hooks.ts'
import { Avatar, Icon } from '../ui/marks.tsx'
import { leaveNoTrace } from './App.tsx'
import { useLanguage } from './LanguageSwitch.tsx'
import { keepSingleKeys, singleKeysOn, useShowKeys } from './shortcuts.ts'
import { keepTheme, savedTheme, type Theme } from './theme.ts'

const KeysHelp = lazy(() => import('./KeysHelp.tsx'))

const THEMES: readonly [Theme, TextKey][] = [
  ['auto', 'theme.auto'],
  ['light', 'theme.light'],
  ['dark', 'theme.dark'],
]

export default function ProfileMenu({ me }: { me: Me }) {
  const r = useText()
  const { t } = r
  const workspace = useStore(useWorkspace())
  const { attention } = workspace
  useStore(attention)
  const prefs = me.operator.prefs
  const theme = prefs?.theme === undefined ? savedTheme() : prefs.theme === 'system' ? 'auto' : prefs.theme
  const { locale, choose } = useLanguage()
  const narrow = useMedia('(max-width: 1180px)')
  const single = prefs?.single_keys ?? singleKeysOn()
  const [denied, setDenied] = useState(false)
  const [keys, setKeys] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  useShowKeys(() => setKeys(true))

  function setTheme(to: Theme) {
    keepTheme(to)
    workspace.remember({ theme: to === 'auto' ? 'system' : to })
  }

  /** Only the browser can allow them, and only when asked by a press. */
  async function setNotify(on: boolean) {
    const allowed = !on || ('Notification' in window && (await Notification.requestPermission()) === 'granted')
    setDenied(!allowed)
    if (allowed) workspace.remember({ notify: on })
  }

  async function signOut() {
    // Whatever the answer, this browser must stop showing the workspace.
    await call('post', '/operator/sign-out').catch(() => {})
    leaveNoTrace()
  }

  return (
    <>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger ref={button} className="me-button" aria-label={`${t('nav.profile')}: ${me.operator.name}`} title={me.operator.name}>
          <Avatar id={me.operator.id} name={me.operator.name} size={28} />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content className="pop menu" align="end" sideOffset={6} collisionPadding={8}>
            <div className="menu-who">
              <div className="semi ell" title={me.operator.name}>
                {me.operator.name}
              </div>
              <div className="t12 mut ell" title={me.operator.login}>
                {me.operator.login}
              </div>
            </div>
            {narrow ? (
              <DropdownMenu.RadioGroup value={locale} onValueChange={(l) => choose(l as Locale)} aria-label={t('lang.title')}>
                <DropdownMenu.Label className="mh">{t('lang.title')}</DropdownMenu.Label>
                {LOCALES.map((l) => (
                  <RadioItem key={l} value={l} text={LOCALE_NAMES[l]} />
                ))}
              </DropdownMenu.RadioGroup>
            ) : null}
            <DropdownMenu.RadioGroup value={theme} onValueChange={(v) => setTheme(v as Theme)} aria-label={t('theme.title')}>
              <DropdownMenu.Label className="mh">{t('theme.title')}</DropdownMenu.Label>
              {THEMES.map(([value, key]) => (
                <RadioItem key={value} value={value} text={t(key)} />
              ))}
            </DropdownMenu.RadioGroup>
            <DropdownMenu.Separator className="menu-line" />
            <CheckItem on={prefs?.sound !== false} text={t('pref.sound')} onChange={(sound) => workspace.remember({ sound })} />
            {prefs?.sound === false ? null : (
              <CheckItem
                on={attention.muted}
                text={attention.muted ? t('pref.muted', { t: clockTime(r.locale, attention.mutedUntil) }) : t('pref.mute')}
                onChange={(on) => attention.mute(on)}
              />
            )}
            <CheckItem on={!!prefs?.notify} text={t('pref.notify')} onChange={(on) => void setNotify(on)} />
            {denied ? (
              <div className="pop-error err" role="alert">
                <Icon name="warn" size={14} />
                {t('pref.denied')}
              </div>
            ) : null}
            {prefs?.notify ? <CheckItem on={!!prefs.notify_text} text={t('pref.notifyText')} onChange={(on) => workspace.remember({ notify_text: on })} /> : null}
            <DropdownMenu.Separator className="menu-line" />
            <CheckItem on={prefs?.send_by_enter !== false} text={t('pref.enter')} onChange={(on) => workspace.remember({ send_by_enter: on })} />
            <CheckItem
              on={single}
              text={t('keys.single')}
              onChange={(on) => {
                keepSingleKeys(on)
                workspace.remember({ single_keys: on })
              }}
            />
            <DropdownMenu.Item className="mi" onSelect={() => setKeys(true)}>
              <span className="mi-check" />
              {t('keys.title')}
              <span className="sp" />
              <kbd>?</kbd>
            </DropdownMenu.Item>
            <DropdownMenu.Separator className="menu-line" />
            <DropdownMenu.Item className="mi" onSelect={() => void signOut()}>
              <span className="mi-check">
                <Icon name="exit" />
              </span>
              {t('nav.signOut')}
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      {keys ? (
        <Suspense>
          <KeysHelp menu={button} onClose={() => setKeys(false)} />
        </Suspense>
      ) : null}
    </>
  )
}

function CheckItem({ on, text, onChange }: { on: boolean; text: string; onChange: (on: boolean) => void }) {
  return (
    <DropdownMenu.CheckboxItem className="mi" checked={on} onCheckedChange={onChange} onSelect={(e) => e.preventDefault()}>
      <span className="mi-check">
        <DropdownMenu.ItemIndicator>
          <Icon name="check" />
        </DropdownMenu.ItemIndicator>
      </span>
      {text}
    </DropdownMenu.CheckboxItem>
  )
}

function RadioItem({ value, text }: { value: string; text: string }) {
  return (
    <DropdownMenu.RadioItem className="mi" value={value} onSelect={(e) => e.preventDefault()}>
      <span className="mi-check">
        <DropdownMenu.ItemIndicator>
          <Icon name="check" />
        </DropdownMenu.ItemIndicator>
      </span>
      {text}
    </DropdownMenu.RadioItem>
  )
}
