import { DropdownMenu } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'

/** «В сети / Не в сети», set by hand (D-04). */
export default function PresenceMenu({ away, children }: { away: boolean; children: ReactNode }) {
  const r = useText()
  const workspace = useWorkspace()
  const [open, setOpen] = useState(false)
  const [error, setError] = useState<unknown>()
  async function set(to: boolean) {
    setError(undefined)
    try {
      if (to !== away) await workspace.patchMe({ away: to })
    } catch (e) {
      setError(e)
      setOpen(true)
    }
  }
  return (
    <DropdownMenu.Root modal={false} open={open} onOpenChange={setOpen}>
      <DropdownMenu.Trigger className="pres pres-button" title={r.t('status.title')}>
        {children}
        <Icon name="down" size={14} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="pop pres-pop" align="end" sideOffset={4} collisionPadding={8}>
          <DropdownMenu.RadioGroup value={away ? 'off' : 'on'} onValueChange={(v) => void set(v === 'off')} aria-label={r.t('status.title')}>
            <Choice value="on" text={r.t('status.online')} />
            <Choice value="off" text={r.t('status.offline')} />
          </DropdownMenu.RadioGroup>
          {error ? (
            <div className="pop-error err" role="alert">
              <Icon name="warn" size={14} />
              {errorText(r, error)}
            </div>
          ) : null}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

function Choice({ value, text }: { value: 'on' | 'off'; text: string }) {
  return (
    <DropdownMenu.RadioItem className="mi" value={value}>
      <span className="mi-check">
        <DropdownMenu.ItemIndicator>
          <Icon name="check" />
        </DropdownMenu.ItemIndicator>
      </span>
      <span className={value === 'on' ? 'st' : 'st off'} />
      {text}
    </DropdownMenu.RadioItem>
  )
}
