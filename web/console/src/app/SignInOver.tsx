import { Dialog } from 'radix-ui'
import { useState } from 'react'
import { useText } from '../text/text.tsx'
import { focusPane, paneNamed } from '../ui/focus.ts'
import { SignInForm, type SignInProps } from './SignIn.tsx'

/** The sign-in ended while the page was open: asked again above it, so that the text being written is kept. */
export default function SignInOver(props: SignInProps) {
  const { t } = useText()
  const keep = (e: Event) => e.preventDefault()
  const [before] = useState(() => document.activeElement)
  // Where one was, when it is still there.
  const goBack = (e: Event) => {
    e.preventDefault()
    if (before instanceof HTMLElement && before !== document.body && before.isConnected) before.focus()
    else focusPane(paneNamed('window'))
  }
  return (
    <Dialog.Root open>
      <Dialog.Portal>
        <Dialog.Overlay className="scrim" />
        <Dialog.Content className="modal signin-over" onEscapeKeyDown={keep} onInteractOutside={keep} onCloseAutoFocus={goBack}>
          <Dialog.Title className="modal-title">{t('signin.title')}</Dialog.Title>
          <Dialog.Description className="t13 sec">{t('signin.expired')}</Dialog.Description>
          <SignInForm {...props} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
