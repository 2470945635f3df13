import { Dialog } from 'radix-ui'
import { useText } from '../text/text.tsx'
import { SignInForm, type SignInProps } from './SignIn.tsx'

/** The sign-in ended while the page was open: asked again above it, so that the text being written is kept. */
export default function SignInOver(props: SignInProps) {
  const { t } = useText()
  const keep = (e: Event) => e.preventDefault()
  return (
    <Dialog.Root open>
      <Dialog.Portal>
        <Dialog.Overlay className="scrim" />
        <Dialog.Content className="modal signin-over" onEscapeKeyDown={keep} onInteractOutside={keep}>
          <Dialog.Title className="modal-title">{t('signin.title')}</Dialog.Title>
          <Dialog.Description className="t13 sec">{t('signin.expired')}</Dialog.Description>
          <SignInForm {...props} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
