// For the tests of list, window and top bar: any part of the workspace, over the server of the card's tests.
import { QueryClientProvider } from '@tanstack/react-query'
import { act, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import en from '../../../../texts/en.json'
import kk from '../../../../texts/kk.json'
import ru from '../../../../texts/ru.json'
import type { Me, Operator, Prefs, Project } from '../../../shared/api.gen.ts'
import type { Locale } from '../../../shared/i18n.ts'
import type { World } from '../card/harness.tsx'
import { TextProvider } from '../text/text.tsx'
import { WorkspaceContext } from '../ui/hooks.ts'

export function projectOf(change: Partial<Project> = {}): Project {
  return {
    id: 'p', name: 'Лавка', level: 'operator', dot: 'none', red: 0, tagging: false, rating: true, long_wait_seconds: 180, tags: [], departments: [],
    time_zone: 'Europe/Moscow', form_enabled: true, may_create_labels: true, hours: { open: true }, backlog: 0, rev: 1, ...change,
  }
}

export function prefsOf(change: Partial<Prefs> = {}): Prefs {
  return { sort: 'priority', sound: true, notify: false, notify_text: false, send_by_enter: true, single_keys: true, theme: 'system', ...change }
}

export function meOf(projects: Project[] = [projectOf()], operator: Partial<Operator> = {}): Me {
  return {
    operator: { id: 'o', name: 'Анна Иванова', login: 'anna', locale: 'ru', open_dialogs: 1, away: false, prefs: prefsOf(), admin: false, ...operator },
    csrf: 'x', projects, now: new Date().toISOString(), temporal_delayed: false,
  }
}

export function setMe(world: World, me: Me) {
  world.query.setQueryData(['me'], me)
  world.on('GET /operator/me', () => [200, world.query.getQueryData(['me'])])
}

/** Draws a part; the answer draws it anew and ends it. */
export async function stage(world: World, part: () => ReactNode, locale: Locale = 'ru') {
  const el = document.body.appendChild(document.createElement('div'))
  const root = createRoot(el)
  const draw = () =>
    act(async () =>
      root.render(
        <QueryClientProvider client={world.query}>
          <TextProvider locale={locale} texts={{ ru, en, kk }[locale]}>
            <WorkspaceContext value={world.workspace}>{part()}</WorkspaceContext>
          </TextProvider>
        </QueryClientProvider>,
      ),
    )
  await draw()
  return { el, draw, end: () => act(async () => root.unmount()) }
}
