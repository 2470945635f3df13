export type Theme = 'auto' | 'light' | 'dark'
const KEY = 'otklik.theme'
const dark = matchMedia('(prefers-color-scheme: dark)')

export function savedTheme(): Theme {
  const saved = localStorage.getItem(KEY)
  return saved === 'light' || saved === 'dark' ? saved : 'auto'
}

export function applyTheme(theme = savedTheme()) {
  document.documentElement.dataset.theme = theme === 'auto' ? (dark.matches ? 'dark' : 'light') : theme
}

export function followSystemTheme() {
  applyTheme()
  dark.addEventListener('change', () => applyTheme())
}

export function keepTheme(theme: Theme) {
  localStorage.setItem(KEY, theme)
  applyTheme(theme)
}
