import { createRoot } from 'react-dom/client'
import '../../shared/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/marks.css'
import './styles/top.css'
import './styles/list.css'
import './styles/window.css'
import './styles/stream.css'
import './styles/card.css'
import './styles/labels.css'
import { App } from './app/App.tsx'
import { followSystemTheme } from './app/theme.ts'
import { loadTexts, savedLocale, TextProvider } from './text/text.tsx'

followSystemTheme()
const locale = savedLocale()
document.documentElement.lang = locale
const root = createRoot(document.getElementById('app')!)
void loadTexts(locale).then((texts) =>
  root.render(
    <TextProvider locale={locale} texts={texts}>
      <App />
    </TextProvider>,
  ),
)
