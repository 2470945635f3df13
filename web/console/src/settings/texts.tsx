// The words of the settings are loaded with them, not with the first screen.
import { type ReactNode, useEffect, useState } from 'react'
import type { Locale, Texts } from '../../../shared/i18n.ts'
import { makeReader, ReaderContext, useText } from '../text/text.tsx'

type Part = Partial<Texts>
const loaders: Record<Locale, () => Promise<{ default: Part }>> = {
  ru: () => import('../../../../texts/settings/ru.json'),
  en: () => import('../../../../texts/settings/en.json'),
  kk: () => import('../../../../texts/settings/kk.json'),
}

export function SettingsTexts({ children }: { children: ReactNode }) {
  const reader = useText()
  const [part, setPart] = useState<{ locale: Locale; texts: Part }>()
  useEffect(() => {
    let here = true
    void loaders[reader.locale]().then((m) => here && setPart({ locale: reader.locale, texts: m.default }))
    return () => {
      here = false
    }
  }, [reader.locale])
  if (!part) return null
  return <ReaderContext value={makeReader(reader.locale, { ...reader.texts, ...part.texts }, reader.setLocale)}>{children}</ReaderContext>
}
