import { type KeyboardEvent, useLayoutEffect, useRef, useState } from 'react'
import type { Row } from '../../../shared/api.gen.ts'
import { Refusal } from '../api/errors.ts'
import { useText } from '../text/text.tsx'
import { errorText, refusalText } from '../ui/errorText.ts'
import { useStore, useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'

const MAX = 4000

/** Text as the contract takes it: no control characters but line breaks and tabs. */
export function clean(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '').trim()
}

/** `unavailable`: the dialog is no longer this operator's to see; only text he was writing is left to show. */
export function Composer({ row, unavailable = false }: { row: Row; unavailable?: boolean }) {
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
  const field = useRef<HTMLTextAreaElement>(null)

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
      <div className="comp">
        <div className={can === 'limit_reached' ? 'lockbar w' : 'lockbar'} role="status">
          <Icon name={can === 'limit_reached' ? 'warn' : can === 'outside_working_hours' ? 'moon' : 'lock'} />
          {winner && can === 'not_assignee' ? r.t('dialog.foreign', { name: winner }) : blocked}
        </div>
      </div>
    )

  const busy = !!claim?.busy
  const ready = length > 0 && !tooLong && !blocked && !busy

  function send() {
    if (!ready) return
    const body = clean(text)
    // What he saw decides whether a refusal is news to him: a colleague's claim on the screen is not a lost race.
    const seen = workspace.feed(row.id).log.last()
    if (untaken) return void claims.send(row.id, row.session.id, body, seen)
    workspace.sends.send(row.id, body, seen)
    drafts.set(row.id, '')
  }

  const onKeyDown = (e: KeyboardEvent) => {
    // Enter that ends an IME composition belongs to the composition.
    if (e.key !== 'Enter' || e.nativeEvent.isComposing || e.keyCode === 229) return
    if (e.shiftKey && !e.ctrlKey) return
    e.preventDefault()
    send()
  }

  return (
    <div className="comp">
      {blocked ? (
        <Kept text={blocked} draft={text} />
      ) : claim?.error ? (
        <div className="note w" role="alert">
          <Icon name="warn" />
          <span className="sp">
            <b>{r.t('msg.failed')}.</b> {errorText(r, claim.error)}
          </span>
        </div>
      ) : null}
      {blocked ? null : (
        <div className="hint" id="composer-hint">
          {untaken ? <Icon name="info" size={14} /> : null}
          {tooLong ? r.t('msg.tooLong', { max: MAX }) : untaken ? r.t('composer.claims') : r.t('composer.keys')}
        </div>
      )}
      <div className={`cbox${focused ? ' foc' : ''}${blocked || tooLong ? ' lost' : ''}`}>
        <textarea
          ref={field}
          data-pane-focus
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
          <span className="sp" />
          <button className="b pri" aria-disabled={!ready} aria-busy={busy} onClick={send}>
            {busy ? r.t('msg.sending') : r.t('win.send')}
          </button>
        </div>
      </div>
    </div>
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
