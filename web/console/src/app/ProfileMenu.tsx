import { DropdownMenu } from 'radix-ui'
import { lazy, Suspense, useState } from 'react'
import type { Me } from '../../../shared/api.gen.ts'
import { LOCALE_NAMES, LOCALES, type Locale, type TextKey } from '../../../shared/i18n.ts'
import { call } from '../api/client.ts'
import { useText } from '../text/text.tsx'
import { useMedia } from '../ui/hooks.ts'
import { Avatar, Icon } from '../ui/marks.tsx'
import { leaveNoTrace } from './App.tsx'
import { useLanguage } from './LanguageSwitch.tsx'
import { useShowKeys, useSingleKeys } from './shortcuts.ts'
import { type Theme, useTheme } from './theme.ts'

const KeysHelp = lazy(() => import('./KeysHelp.tsx'))

const THEMES: readonly [Theme, TextKey][] = [
  ['auto', 'theme.auto'],
  ['light', 'theme.light'],
  ['dark', 'theme.dark'],
]

export default function ProfileMenu({ me }: { me: Me }) {
  const { t } = useText()
  const { theme, setTheme } = useTheme()
  const { locale, choose } = useLanguage()
  const narrow = useMedia('(max-width: 1180px)')
  const [single, setSingle] = useSingleKeys()
  const [keys, setKeys] = useState(false)
  useShowKeys(() => setKeys(true))

  async function signOut() {
    // Whatever the answer, this browser must stop showing the workspace.
    await call('post', '/operator/sign-out').catch(() => {})
    leaveNoTrace()
  }

  return (
    <>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger className="me-button" aria-label={`${t('nav.profile')}: ${me.operator.name}`} title={me.operator.name}>
          <Avatar id={me.operator.id} name={me.operator.name} size={28} />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content className="pop menu" align="end" sideOffset={6} collisionPadding={8}>
            <div className="menu-who">
              <div className="semi ell">{me.operator.name}</div>
              <div className="t12 mut ell">{me.operator.login}</div>
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
            <DropdownMenu.CheckboxItem className="mi" checked={single} onCheckedChange={setSingle} onSelect={(e) => e.preventDefault()}>
              <span className="mi-check">
                <DropdownMenu.ItemIndicator>
                  <Icon name="check" />
                </DropdownMenu.ItemIndicator>
              </span>
              {t('keys.single')}
            </DropdownMenu.CheckboxItem>
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
          <KeysHelp onClose={() => setKeys(false)} />
        </Suspense>
      ) : null}
    </>
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
