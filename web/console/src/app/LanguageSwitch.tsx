import { useQueryClient } from '@tanstack/react-query'
import type { Me } from '../../../shared/api.gen.ts'
import { LOCALE_NAMES, LOCALES, type Locale } from '../../../shared/i18n.ts'
import { call } from '../api/client.ts'
import { useText } from '../text/text.tsx'

/** The choice is kept in this browser and with the operator. */
export function useLanguage() {
  const { locale, setLocale } = useText()
  const query = useQueryClient()
  const choose = (next: Locale) => {
    setLocale(next)
    const me = query.getQueryData<Me>(['me'])
    if (!me) return
    query.setQueryData<Me>(['me'], { ...me, operator: { ...me.operator, locale: next } })
    // Kept here already; the server learns it with the next change if it cannot be reached now.
    call('patch', '/operator/me', { body: { locale: next } }).catch(() => {})
  }
  return { locale, choose }
}

export function LanguageSwitch() {
  const { t } = useText()
  const { locale, choose } = useLanguage()
  return (
    <span className="sw" role="group" aria-label={t('lang.title')}>
      {LOCALES.map((l) => (
        <button key={l} aria-pressed={l === locale} onClick={() => choose(l)} type="button">
          {LOCALE_NAMES[l]}
        </button>
      ))}
    </span>
  )
}
