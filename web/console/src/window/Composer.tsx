import { type KeyboardEvent, lazy, Suspense, useLayoutEffect, useRef, useState } from 'react'
import type { Row } from '../../../shared/api.gen.ts'
import { Refusal } from '../api/errors.ts'
import { useText } from '../text/text.tsx'
import { errorText, refusalText } from '../ui/errorText.ts'
import { focusPane, useKeptFocus } from '../ui/focus.ts'
import { useStore, useWorkspace } from '../ui/hooks.ts'
import type { IconName } from '../ui/icons.ts'
import { Icon } from '../ui/marks.tsx'
import { ContactButton, contactError } from './ContactButton.tsx'
import { insertAt } from './insert.ts'

const Templates = lazy(() => import('./Templates.tsx'))

const LOCK_ICON: Partial<Record<string, IconName>> = { limit_reached: 'warn', outside_working_hours: 'moon', blocked: 'block' }

const MAX = 4000

/** Text as the contract takes it: no control characters but line breaks and tabs. */
export function clean(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '').trim()
}

/**
 * `unavailable`: the dialog is no longer this operator's to see; only text he was writing is left to show.
 * `loading`: its log is not there yet; one may write, and sends when one sees what one answers.
 */
export function Composer({ row, unavailable = false, loading = false }: { row: Row; unavailable?: boolean; loading?: boolean }) {
  const r = useText()
  const workspace = useWorkspace()
  const drafts = useStore(workspace.drafts)
  const claims = useStore(workspace.claims)
  const text = drafts.get(row.id)
  const meId = workspace.me()?.operator.id
  const tried = claims.get(row.id)
  // A refusal is over when the dialog has become one's own since, or when another session has begun.
  const claim = tried && tried.sessionId === row.session.id && row.session.assignee?.id !== meId ? tried : undefined
  const [focused, setFocused] = useState(false)
  const [contactFailed, setContactFailed] = useState<unknown>()
  /** What the modal of templates begins to look for; undefined: it is closed. */
  const [templates, setTemplates] = useState<string>()
  const cursor = useRef<[number, number]>([0, 0])
  const byEnter = workspace.me()?.operator.prefs?.send_by_enter !== false
  const box = useRef<HTMLDivElement>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  // Field and reason stand for each other.
  useKeptFocus(() => box.current, () => focusPane(box.current))

  const length = [...clean(text)].length
  const can = unavailable ? 'not_found' : row.can.write
  const untaken = !row.session.assignee
  const tooLong = length > MAX

  // The box grows with its text.
  useLayoutEffect(() => {
    const el = field.current
    if (!el) return
    el.style.height = 'auto'
    el.style.height = `${Math.min(el.scrollHeight, innerHeight * 0.35)}px`
  }, [text, can])

  // What cannot be written into says why; text that was being written stays (M-09, M-59).
  const winner = claim?.error instanceof Refusal && claim.error.code === 'already_claimed' ? claim.error.operator?.name : undefined
  const blocked = can === 'ok' && !winner ? undefined : blockedText()
  function blockedText(): string {
    if (winner) return r.t('claim.lost', { name: winner })
    const taken = (unavailable || can === 'forbidden') && text.trim() ? workspace.winnerOf(row.id) : undefined
    if (taken) return r.t('claim.lost', { name: taken })
    const holder = row.session.assignee?.name
    // Somebody was faster while the reply was being written: the same news as losing the race by a moment.
    if (can === 'not_assignee' && text.trim()) return wasMine() ? r.t('transfer.lost') : r.t('claim.lost', { name: holder ?? '' })
    return refusalText(r, can, { name: holder })
  }
  function wasMine(): boolean {
    const log = workspace.feed(row.id).log.tail()
    return log.some((e) => e.session_id === row.session.id && e.author === 'operator' && e.operator?.id === meId)
  }
  if (unavailable && !text.trim()) return null
  if (blocked && !text.trim())
    return (
      <div className="comp" ref={box}>
        <div className={can === 'limit_reached' ? 'lockbar w' : 'lockbar'} role="status" tabIndex={-1}>
          <Icon name={LOCK_ICON[can] ?? 'lock'} />
          {winner && can === 'not_assignee' ? r.t('dialog.foreign', { name: winner }) : blocked}
        </div>
      </div>
    )

  const busy = !!claim?.busy
  // Switched off in the settings: no button (D-34).
  const withForm = workspace.projectOf(row.project_id)?.form_enabled
  const ready = length > 0 && !tooLong && !blocked && !busy && !loading

  function send() {
    if (!ready) return
    const body = clean(text)
    // What he saw decides whether a refusal is news to him: a colleague's claim on the screen is not a lost race.
    const feed = workspace.feed(row.id)
    const seen = feed.log.last()
    feed.toEnd() // whoever was reading the past sees his own words appear
    if (untaken) return void claims.send(row.id, row.session.id, body, seen)
    workspace.sends.send(row.id, body, seen)
    drafts.set(row.id, '')
  }

  function openTemplates(find: string) {
    const el = field.current
    cursor.current = el ? [el.selectionStart, el.selectionEnd] : [text.length, text.length]
    setTemplates(find)
  }

  function useTemplate(piece: string) {
    const put = insertAt(text, ...cursor.current, piece)
    cursor.current = [put.cursor, put.cursor]
    drafts.set(row.id, put.text)
    setTemplates(undefined)
  }

  function backToField() {
    field.current?.focus()
    field.current?.setSelectionRange(...cursor.current)
  }

  const onKeyDown = (e: KeyboardEvent) => {
    // On an empty box «/» begins the command of a template.
    if (e.key === '/' && !text && !e.ctrlKey && !e.metaKey && !e.altKey && !e.nativeEvent.isComposing) {
      e.preventDefault()
      return openTemplates('/')
    }
    // Enter that ends an IME composition belongs to the composition.
    if (e.key !== 'Enter' || e.nativeEvent.isComposing || e.keyCode === 229) return
    const ctrl = e.ctrlKey || e.metaKey
    if (!ctrl && (e.shiftKey || !byEnter)) return
    e.preventDefault()
    send()
  }

  return (
    <div className="comp" ref={box}>
      {blocked ? (
        <Kept text={blocked} draft={text} />
      ) : claim?.error ? (
        <div className="note w" role="alert">
          <Icon name="warn" />
          <span className="sp">
            <b>{r.t('msg.failed')}.</b> {errorText(r, claim.error)}
          </span>
        </div>
      ) : contactFailed ? (
        <div className="note w" role="alert">
          <Icon name="warn" />
          <span className="sp">
            <b>{r.t('win.contacts')}.</b> {contactError(r, contactFailed)}
          </span>
          <button className="b gh sm ic" aria-label={r.t('btn.close')} onClick={() => setContactFailed(undefined)}>
            <Icon name="x" size={14} />
          </button>
        </div>
      ) : null}
      {blocked ? null : (
        <div className="hint" id="composer-hint">
          {untaken ? <Icon name="info" size={14} /> : null}
          {tooLong ? r.t('msg.tooLong', { max: MAX }) : untaken ? r.t('composer.claims') : r.t(byEnter ? 'composer.keys' : 'composer.keysCtrl')}
        </div>
      )}
      <div className={`cbox${focused ? ' foc' : ''}${blocked || tooLong ? ' lost' : ''}`}>
        <textarea
          ref={field}
          data-pane-focus
          dir="auto"
          rows={1}
          placeholder={r.t('win.placeholder')}
          aria-label={r.t('win.placeholder')}
          aria-describedby={blocked ? undefined : 'composer-hint'}
          aria-invalid={tooLong}
          value={text}
          readOnly={busy}
          onChange={(e) => {
            drafts.set(row.id, e.target.value)
            if (tried?.error && (!winner || !e.target.value)) claims.dismiss(row.id)
            if (e.target.value) workspace.sayTyping(row.id)
          }}
          onKeyDown={onKeyDown}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
        />
        <div className="tl">
          {withForm ? <ContactButton row={row} off={!!blocked} onError={setContactFailed} /> : null}
          <TemplateButton off={!!blocked} onPress={() => openTemplates('')} />
          <span className="sp" />
          <button className="b pri" aria-disabled={!ready} aria-busy={busy} onClick={send}>
            {busy ? r.t('msg.sending') : r.t('win.send')}
          </button>
        </div>
      </div>
      {templates === undefined ? null : (
        <Suspense>
          <Templates row={row} find={templates} onUse={useTemplate} onClose={() => setTemplates(undefined)} onClosed={backToField} />
        </Suspense>
      )}
    </div>
  )
}

function TemplateButton({ off, onPress }: { off: boolean; onPress: () => void }) {
  const { t } = useText()
  return (
    <button className="b gh" aria-haspopup="dialog" aria-disabled={off} aria-label={t('win.template')} title={t('win.template')} onClick={off ? undefined : onPress}>
      <Icon name="template" />
      <span className="bt">{t('win.template')}</span>
    </button>
  )
}

/** The reason, with a way to take the text along. */
function Kept({ text, draft }: { text: string; draft: string }) {
  const { t } = useText()
  const [copied, setCopied] = useState(false)
  const first = text.indexOf('. ') + 1 // what happened is bold, what follows from it is not
  return (
    <div className="note w" role="alert">
      <Icon name="warn" />
      <span className="sp">
        <b>{text.slice(0, first)}</b>
        {text.slice(first)}
      </span>
      <button className="b sm" onClick={() => void navigator.clipboard.writeText(draft).then(() => setCopied(true))}>
        <Icon name={copied ? 'check' : 'copy'} size={14} />
        {t(copied ? 'claim.copied' : 'claim.copy')}
      </button>
    </div>
  )
}
