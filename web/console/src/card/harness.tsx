// For the tests of the card: the card as it stands in the workspace, over a server that answers what it is told to.
import { notifyManager, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { vi } from 'vitest'
import ru from '../../../../texts/ru.json'
import type { Dialog, Row, SessionSummary } from '../../../shared/api.gen.ts'
import { row } from '../live/fixtures.ts'
import type { Wire } from '../live/socket.ts'
import { Workspace } from '../live/workspace.ts'
import { eventually, told } from '../testing.ts'
import { TextProvider } from '../text/text.tsx'
import { WorkspaceContext } from '../ui/hooks.ts'
import { CardPane, type CardProps } from './CardPane.tsx'

vi.setConfig({ testTimeout: 30_000 })
notifyManager.setNotifyFunction(told)

export const AT = '2026-11-25T10:00:00Z'
export const project = { id: 'p', name: 'Лавка', level: 'senior', tags: [], departments: [] } as never

export function can(change: Partial<Row['can']> = {}): Row['can'] {
  return { write: 'ok', transfer: 'ok', leave: 'ok', block: 'ok', edit: 'ok', ...change }
}

export function dialogOf(id: string, change: Partial<Dialog> = {}, ofRow: Partial<Row> = {}): Dialog {
  return {
    row: row(id, { can: can(), ...ofRow }),
    card: { rev: 3, name: 'Тимур Асланов', email: 't@example.com', consent_at: AT },
    sessions: [],
    labels: [],
    ip: '203.0.113.77',
    read_only: false,
    head_seq: 9,
    read_seq: 9,
    can_download: true,
    now: AT,
    ...change,
  }
}

export function sessionOf(no: number, change: Partial<SessionSummary> = {}): SessionSummary {
  return { id: `x${no}`, no, started_at: AT, last_message_at: AT, closed_at: AT, first_seq: no * 10, last_seq: no * 10 + 9, tags: [], ...change }
}

export interface Asked {
  method: string
  path: string
  query: URLSearchParams
  body: Record<string, unknown>
}

export class World {
  asked: Asked[] = []
  /** The newest answer given to a path wins: `PATCH /operator/dialogs/d/card`. */
  private answers = new Map<string, (asked: Asked) => [number, unknown]>()
  query = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } })
  workspace: Workspace
  private root: Root

  constructor() {
    vi.stubGlobal('fetch', (url: string, init?: RequestInit) => this.fetch(url, init))
    this.query.setQueryData(['me'], { operator: { id: 'o', name: 'Анна Иванова' }, projects: [] })
    this.workspace = new Workspace({ query: this.query, connect: () => ({}) as Wire, onSignedOut: () => {} })
    document.body.innerHTML = '<div id="app"></div><button id="aside">aside</button>'
    this.root = createRoot(document.getElementById('app')!)
  }

  on(what: string, answer: unknown, status = 200) {
    this.answers.set(what, typeof answer === 'function' ? (answer as (asked: Asked) => [number, unknown]) : () => [status, answer])
    return this
  }

  has(dialog: Dialog, sessions: SessionSummary[] = []) {
    const path = `/operator/dialogs/${dialog.row.id}`
    this.on(`GET ${path}`, dialog)
    if (!this.answers.has(`GET ${path}/sessions`)) this.on(`GET ${path}/sessions`, { sessions })
    this.on(`GET ${path}/events`, { events: [], head_seq: 0, more_before: false, more_after: false })
    return this
  }

  /** Requests of one kind; all writing ones without an argument. */
  sent(what?: string): Asked[] {
    return this.asked.filter((a) => (what ? `${a.method} ${a.path}` === what : a.method !== 'GET'))
  }

  async draw(dialogId = 'd', props: Partial<CardProps> = {}) {
    await act(() =>
      this.root.render(
        <QueryClientProvider client={this.query}>
          <TextProvider locale="ru" texts={ru}>
            <WorkspaceContext value={this.workspace}>
              <CardPane project={project} dialogId={dialogId} drawer={false} open={false} onClose={() => {}} {...props} />
            </WorkspaceContext>
          </TextProvider>
        </QueryClientProvider>,
      ),
    )
    // Not the card before it, which stays for a moment.
    await until(() => document.querySelector(`.card[data-dialog="${dialogId}"] [aria-labelledby=details-title]`))
  }

  async end() {
    await act(() => this.root.unmount())
    this.query.clear()
    vi.unstubAllGlobals()
  }

  private async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const { pathname, searchParams } = new URL(url, 'http://test')
    const path = pathname.replace('/api/v1', '')
    const asked = { method: init.method ?? 'GET', path, query: searchParams, body: init.body ? JSON.parse(String(init.body)) : {} }
    this.asked.push(asked)
    const answer = this.answers.get(`${asked.method} ${path}`)
    const [status, body] = answer ? answer(asked) : [404, { code: 'not_found', message: '' }]
    return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })
  }
}

export const until = <T,>(is: () => T | null | undefined | false) =>
  eventually(() => {
    const found = is()
    if (!found) throw new Error(`not so: ${is}`)
    return found
  })

export const shown = () => document.body.textContent ?? ''
export const $ = <T extends HTMLElement = HTMLElement>(selector: string) => document.querySelector<T>(selector)

export function button(name: string): HTMLButtonElement {
  const found = [...document.querySelectorAll<HTMLButtonElement>('button')].find((b) => (b.getAttribute('aria-label') ?? b.textContent ?? '').includes(name))
  if (!found) throw new Error(`no button «${name}» in ${shown()}`)
  return found
}

export const focus = (el: HTMLElement | null | undefined) => act(async () => el!.focus())

export const click = (el: HTMLElement | null) => act(async () => el!.click())

export const press = (key: string, more: KeyboardEventInit = {}) =>
  act(async () => void document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })))

export async function type(field: HTMLElement | null, value: string) {
  const proto = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype
  await act(async () => {
    Object.getOwnPropertyDescriptor(proto, 'value')!.set!.call(field, value)
    field!.dispatchEvent(new Event('input', { bubbles: true }))
  })
}
