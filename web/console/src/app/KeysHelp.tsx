import { Dialog } from 'radix-ui'
import type { RefObject } from 'react'
import type { TextKey } from '../../../shared/i18n.ts'
import { useText } from '../text/text.tsx'
import { useWayBack } from '../ui/focus.ts'
import { Icon } from '../ui/marks.tsx'

const KEYS: readonly [string[], TextKey][] = [
  [['F6', 'Shift+F6'], 'keys.panes'],
  [['Alt+1…4'], 'keys.tabs'],
  [['Alt+↑', 'Alt+↓'], 'keys.near'],
  [['Alt+N'], 'keys.next'],
  [['↑', '↓', 'Home', 'End', 'PgUp', 'PgDn'], 'keys.rows'],
  [['Enter'], 'keys.open'],
  [['Esc'], 'keys.back'],
  [['Ctrl+Enter'], 'keys.send'],
  [['/'], 'keys.template'],
  [['/', 'Ctrl+F'], 'keys.search'],
  [['F3', 'Shift+F3'], 'keys.matches'],
  [['L'], 'label.attach'],
  [['T'], 'win.transfer'],
  [['X, Enter'], 'win.leave'],
  [['C, Enter'], 'win.contacts'],
  [['S'], 'sort.title'],
  [['P'], 'project.select'],
  [['?'], 'keys.title'],
]

/** `menu`: the button of the menu that leads here as well; its items are gone by then. */
export default function KeysHelp({ menu, onClose }: { menu: RefObject<HTMLElement | null>; onClose: () => void }) {
  const { t } = useText()
  const goBack = useWayBack(menu)
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="scrim" />
        <Dialog.Content className="modal keys" aria-describedby={undefined} onCloseAutoFocus={goBack}>
          <div className="flex">
            <Dialog.Title className="modal-title">{t('keys.title')}</Dialog.Title>
            <span className="sp" />
            <Dialog.Close className="b gh sm ic" aria-label={t('btn.close')}>
              <Icon name="x" />
            </Dialog.Close>
          </div>
          <dl>
            {KEYS.map(([keys, text]) => (
              <div key={text}>
                <dt>{t(text)}</dt>
                <dd>
                  {keys.map((k) => (
                    <kbd key={k}>{k}</kbd>
                  ))}
                </dd>
              </div>
            ))}
            <div>
              <dt>{t('composer.keys')}</dt>
              <dd />
            </div>
          </dl>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
