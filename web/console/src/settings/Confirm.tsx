import { AlertDialog } from 'radix-ui'
import { useStore } from '../ui/hooks.ts'
import { useText } from '../text/text.tsx'
import { useWayBack } from '../ui/focus.ts'
import { guard } from './guard.ts'

/** A question before something that cannot be taken back; the safe answer has the focus. */
export function Confirm(props: { title: string; text?: string; yes: string; no?: string; onYes: () => void; onNo: () => void }) {
  const { t } = useText()
  const goBack = useWayBack()
  return (
    <AlertDialog.Root open onOpenChange={(open) => !open && props.onNo()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="scrim" />
        <AlertDialog.Content className="modal confirm" onCloseAutoFocus={goBack} {...(props.text ? {} : { 'aria-describedby': undefined })}>
          <AlertDialog.Title className="modal-title">{props.title}</AlertDialog.Title>
          {props.text ? <AlertDialog.Description className="t13 sec">{props.text}</AlertDialog.Description> : null}
          <div className="pop-buttons">
            <AlertDialog.Cancel className="b">{props.no ?? t('btn.cancel')}</AlertDialog.Cancel>
            <AlertDialog.Action className="b pri" onClick={props.onYes}>
              {props.yes}
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

/** Asked when something would lose what is typed. */
export function LeaveQuestion() {
  const { t } = useText()
  const { pending } = useStore(guard)
  return pending ? (
    <Confirm title={t('set.dirty')} text={t('set.leaveText')} yes={t('set.leave')} no={t('set.stay')} onYes={() => guard.answer(true)} onNo={() => guard.answer(false)} />
  ) : null
}
