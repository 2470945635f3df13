import { Dialog } from 'radix-ui'
import type { TextKey } from '../../../shared/i18n.ts'
import { useText } from '../text/text.tsx'
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

export default function KeysHelp({ onClose }: { onClose: () => void }) {
  const { t } = useText()
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="scrim" />
        <Dialog.Content className="modal keys" aria-describedby={undefined}>
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
