import { type FormEvent, useId, useState } from 'react'
import type { Me } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { Refusal } from '../api/errors.ts'
import { useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { Icon, Logo } from '../ui/marks.tsx'
import { LanguageSwitch } from './LanguageSwitch.tsx'

export interface SignInProps {
  login?: string
  onSignedIn: (me: Me) => void
}

export function SignInPage(props: SignInProps) {
  const { t } = useText()
  return (
    <main className="signin-page">
      <title>{`${t('signin.title')} · Otklik`}</title>
      <div className="signin-card">
        <div className="signin-brand">
          <Logo />
          Otklik
          <span className="sp" />
          <LanguageSwitch />
        </div>
        <h1>{t('signin.title')}</h1>
        <SignInForm {...props} />
      </div>
    </main>
  )
}

export function SignInForm({ login: known, onSignedIn }: SignInProps) {
  const r = useText()
  const [login, setLogin] = useState(known ?? '')
  const [password, setPassword] = useState('')
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const id = useId()

  async function submit(e: FormEvent) {
    e.preventDefault()
    if (busy) return
    setBusy(true)
    setError(undefined)
    try {
      onSignedIn(await call('post', '/operator/sign-in', { body: { login: login.trim(), password } }))
    } catch (e) {
      setError(e)
      setBusy(false)
    }
  }

  const wrong = error instanceof Refusal && error.status === 401
  return (
    <form className="signin" onSubmit={(e) => void submit(e)}>
      <label htmlFor={`${id}l`}>{r.t('signin.login')}</label>
      <input id={`${id}l`} className="in" autoComplete="username" autoCapitalize="none" spellCheck={false} required maxLength={200}
        value={login} onChange={(e) => setLogin(e.target.value)} autoFocus={!known} aria-invalid={wrong} />
      <label htmlFor={`${id}p`}>{r.t('signin.password')}</label>
      <input id={`${id}p`} className="in" type="password" autoComplete="current-password" required maxLength={200}
        value={password} onChange={(e) => setPassword(e.target.value)} autoFocus={!!known} aria-invalid={wrong} />
      <div role="alert">
        {error ? (
          <p className="err">
            <Icon name="warn" size={14} />
            {wrong ? r.t('signin.wrong') : errorText(r, error)}
          </p>
        ) : null}
      </div>
      <button className="b pri" type="submit" aria-disabled={busy}>
        {r.t('signin.submit')}
      </button>
    </form>
  )
}
