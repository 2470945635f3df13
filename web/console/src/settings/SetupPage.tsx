import type { FormEvent } from 'react'
import type { Me } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { LanguageSwitch } from '../app/LanguageSwitch.tsx'
import '../styles/settings.css'
import { useText } from '../text/text.tsx'
import { Logo } from '../ui/marks.tsx'
import { TextField, Wrong } from './fields.tsx'
import { FormProvider, useForm } from './form.ts'
import { useRequired } from './data.ts'
import { SettingsTexts } from './texts.tsx'

/** The first start: the code that the server printed, the first administrator, the first project. */
export default function SetupPage({ onSignedIn }: { onSignedIn: (me: Me) => void }) {
  return (
    <SettingsTexts>
      <Setup onSignedIn={onSignedIn} />
    </SettingsTexts>
  )
}

const EMPTY = { code: '', name: '', login: '', password: '', project_name: '' }

function Setup({ onSignedIn }: { onSignedIn: (me: Me) => void }) {
  const r = useText()
  const required = useRequired()
  const form = useForm({
    id: 'setup',
    base: EMPTY,
    check(d) {
      const errors = (['code', 'name', 'login', 'password', 'project_name'] as const).reduce((all, f) => required(all, f, d[f]), {} as Record<string, string>)
      if (!errors.login && d.login.trim().length < 3) errors.login = r.t('set.tooShort', { min: 3 })
      if (!errors.password && d.password.length < 10) errors.password = r.t('set.tooShort', { min: 10 })
      return errors
    },
    refusal: (e) => (e.field === 'code' || e.code === 'forbidden' ? 'set.setup.codeBad' : e.code === 'not_found' ? 'set.setup.done' : undefined),
    async save(d) {
      const time_zone = Intl.DateTimeFormat().resolvedOptions().timeZone
      const me = await call('post', '/setup', {
        body: { code: d.code.trim(), name: d.name.trim(), login: d.login.trim(), password: d.password, project_name: d.project_name.trim(), locale: r.locale, time_zone },
      })
      onSignedIn(me)
      return d
    },
  })
  const submit = (e: FormEvent) => {
    e.preventDefault()
    void form.submit()
  }
  return (
    <main className="signin-page set">
      <title>{`${r.t('set.setup.title')} · Otklik`}</title>
      <div className="signin-card setup-card">
        <div className="signin-brand">
          <Logo />
          Otklik
          <span className="sp" />
          <LanguageSwitch />
        </div>
        <h1>{r.t('set.setup.title')}</h1>
        <p className="t13 sec">{r.t('set.setup.lead')}</p>
        <FormProvider value={form as never}>
          <form onSubmit={submit} noValidate>
            <TextField name="code" label={r.t('set.setup.code')} maxLength={100} hint={r.t('set.setup.codeHint')} spellCheck={false} autoFocus />
            <TextField name="name" label={r.t('set.setup.name')} maxLength={100} autoComplete="name" />
            <TextField name="login" label={r.t('signin.login')} maxLength={200} autoComplete="username" autoCapitalize="none" spellCheck={false} />
            <TextField name="password" type="password" label={r.t('signin.password')} maxLength={200} autoComplete="new-password" hint={r.t('set.operator.passwordNew')} />
            <TextField name="project_name" label={r.t('set.setup.project')} maxLength={100} hint={r.t('set.setup.projectHint')} />
            <div role="alert">
              <Wrong text={form.errors['']} />
            </div>
            <button type="submit" className="b pri wide" aria-disabled={form.busy}>
              {r.t('set.setup.begin')}
            </button>
          </form>
        </FormProvider>
      </div>
    </main>
  )
}
