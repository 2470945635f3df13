import { useEffect } from 'react'
import type { Prefs } from '../../../shared/api.gen.ts'
import { keepSingleKeys } from './shortcuts.ts'
import { keepTheme } from './theme.ts'

/** Settings of the operator come with him to another browser; this one keeps a copy for the time before he is known. */
export function usePrefs(prefs: Partial<Prefs> | undefined) {
  const theme = prefs?.theme
  const single = prefs?.single_keys
  useEffect(() => {
    if (theme) keepTheme(theme === 'system' ? 'auto' : theme)
  }, [theme])
  useEffect(() => {
    if (single !== undefined) keepSingleKeys(single)
  }, [single])
}
