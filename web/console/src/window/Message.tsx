import { memo } from 'react'
import type { Event } from '../../../shared/api.gen.ts'
import type { TextKey } from '../../../shared/i18n.ts'
import type { Outgoing } from '../live/sendqueue.ts'
import { clockTime, dateTime } from '../text/format.ts'
import { pieces } from '../text/links.ts'
import { authorName } from '../text/spoken.ts'
import { systemText } from '../text/system.ts'
import { type Reader, useText } from '../text/text.tsx'
import { refusalText } from '../ui/errorText.ts'
import { useAfter } from '../ui/hooks.ts'
import type { IconName } from '../ui/icons.ts'
import { Marked } from '../ui/Marked.tsx'
import { Icon, Ring } from '../ui/marks.tsx'

const SYSTEM_ICON: Partial<Record<string, IconName>> = {
  'dialog.ended.operator': 'exit',
  'form.sent': 'check',
  'form.filled': 'form',
  'dept.chosen': 'dept',
  'transfer.done': 'swap',
  'block.done': 'block',
  'unblock.done': 'check',
  'backlog.visitor': 'hour',
  'hours.visitor': 'moon',
  'offline.visitor': 'nouser',
}

/** `query` is what is searched for, `now` whether this is the match one stands at. */
interface LineProps {
  event: Event
  follows: boolean
  mark: boolean
  query?: string
  now?: boolean
  /** The contact form that stands open: others are no longer active (D-34). */
  openForm?: number
  /** The visitor has read it, and has not answered (D-72). */
  read?: boolean
  /** The focus is here: links are stops of Tab, elsewhere they are passed over. */
  entered?: boolean
  /** Of the session that this entry ends; the log says them there. */
  tags?: string
}

export const EventLine = memo(function EventLine(props: LineProps) {
  const { event, mark } = props
  const r = useText()
  switch (event.kind) {
    case 'message':
      return <Bubble {...props} />
    case 'form':
      return <FormCard {...props} />
    case 'department':
      return <SystemLine icon="dept" text={r.t('dept.chosen', { department: event.params?.department ?? '' })} event={event} mark={mark} />
    case 'system': {
      const text = systemText(r, event)
      return text ? (
        <>
          <SystemLine icon={SYSTEM_ICON[event.key!] ?? 'info'} text={text} event={event} mark={mark} />
          {props.tags ? <SystemLine icon="tag" text={`${r.t('tag.session')}: ${props.tags}`} event={event} mark={false} /> : null}
        </>
      ) : null
    }
    case 'form_request':
      return <FormRequest event={event} mark={mark} open={props.openForm === event.seq} />
    case 'erased':
      return <SystemLine icon="trash" text={r.t('msg.erased')} event={event} mark={mark} />
  }
})

function Bubble({ event, follows, mark, read, query, now, entered }: LineProps) {
  const r = useText()
  const operator = event.author === 'operator'
  const who = authorName(r, event)
  return (
    <div className={classOf(operator ? 'm o' : 'm v', follows && 'c', mark && 'marked')} data-seq={event.seq}>
      {operator && !follows ? <span className="who">{who}</span> : <span className="vh">{who}: </span>}
      <div className="bub" dir="auto">
        {event.text ? <SafeText text={event.text} query={query} now={now} passed={!entered} /> : <span className="mut">{r.t('msg.erased')}</span>}
        <BubbleTime r={r} at={event.at} />
      </div>
      {read ? (
        <span className="st">
          <Icon name="check" size={14} />
          {r.t('msg.read')}
        </span>
      ) : null}
    </div>
  )
}

/**
 * Text is only ever text (I-11): no HTML, links open elsewhere and learn nothing of this page, and no sign of it turns the
 * direction of what stands beside it.
 */
function SafeText({ text, query, now, passed }: { text: string; query?: string; now?: boolean; passed?: boolean }) {
  return (
    <span className="apart">
      {pieces(text).map((p, i) =>
        p.href ? (
          <a key={i} href={p.href} target="_blank" rel="noopener noreferrer nofollow" tabIndex={passed ? -1 : undefined}>
            <Marked text={p.text} query={query} now={now} />
          </a>
        ) : (
          <Marked key={i} text={p.text} query={query} now={now} />
        ),
      )}
    </span>
  )
}

function BubbleTime({ r, at }: { r: Reader; at: string | number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={dateTime(r.locale, at, true)}>
      {clockTime(r.locale, at)}
    </time>
  )
}

function SystemLine(props: { icon: IconName; text: string; event: Event; mark: boolean }) {
  const { locale } = useText()
  return (
    <div className={classOf('sysm', props.mark && 'marked')} data-seq={props.event.seq}>
      <Icon name={props.icon} size={14} />
      {props.text}
      <time className="mut" dateTime={props.event.at} title={dateTime(locale, props.event.at, true)}>
        {clockTime(locale, props.event.at)}
      </time>
    </div>
  )
}

const FORM_FIELDS: readonly [string, TextKey][] = [
  ['name', 'card.name'],
  ['phone', 'card.phone'],
  ['email', 'card.email'],
]

function FormCard({ event, mark, query, now }: LineProps) {
  const r = useText()
  return (
    <div role="group" className={classOf('fcard', mark && 'marked')} data-seq={event.seq} aria-label={r.t('win.contactForm')}>
      <h3>
        <Icon name="form" />
        {r.t('win.contactForm')}
        <time className="mut" dateTime={event.at}>
          {clockTime(r.locale, event.at)}
        </time>
      </h3>
      <dl>
        {FORM_FIELDS.map(([field, label]) =>
          event.params?.[field] ? (
            <div key={field}>
              <dt>{r.t(label)}</dt>
              <dd>
                <bdi>
                  <Marked text={event.params[field]} query={query} now={now} />
                </bdi>
              </dd>
            </div>
          ) : null,
        )}
      </dl>
      <div className="okline">
        <Icon name="check" size={14} />
        <span>{r.t('consent.short')}</span>
      </div>
    </div>
  )
}

/** The form as the visitor has it before him: what it asks for, and whether it can still be filled in (M-58). */
function FormRequest({ event, mark, open }: { event: Event; mark: boolean; open: boolean }) {
  const r = useText()
  const fields = FORM_FIELDS.filter(([field]) => event.params?.[field] === 'shown' || event.params?.[field] === 'required')
  return (
    <div role="group" className={classOf('fcard', 'asked', mark && 'marked')} data-seq={event.seq} aria-label={r.t('win.contactForm')}>
      <h3>
        <Icon name="form" />
        {r.t('win.contactForm')}
        <time className="mut" dateTime={event.at} title={dateTime(r.locale, event.at, true)}>
          {clockTime(r.locale, event.at)}
        </time>
      </h3>
      <p className="sec">{fields.map(([field, label]) => r.t(label) + (event.params?.[field] === 'required' ? '*' : '')).join(' · ')}</p>
      <p className="t12 mut">{r.t(open ? 'form.open' : 'form.pendingReplaced')}</p>
    </div>
  )
}

/** A message on its way: outlined, then filled by the log; «Не отправлено» keeps it with the same client id (M-44, I-10). */
export function OutgoingBubble(props: { message: Outgoing; author?: string; onRetry: () => void; onDelete: () => void }) {
  const r = useText()
  const { message, author } = props
  const failed = message.state === 'failed'
  const slow = useAfter(400, !failed)
  return (
    <div className={classOf('m o', !author && 'c', failed ? 'fail' : 'held')}>
      {author ? <span className="who">{author}</span> : null}
      <div className="bub" dir="auto">
        <SafeText text={message.text} />
        <BubbleTime r={r} at={message.at} />
      </div>
      {failed ? (
        <span className="st" role="alert">
          <Icon name="warn" size={14} />
          <span>
            {r.t('msg.failed')}
            {message.code && message.code !== 'no_answer' ? `. ${refusalText(r, message.code)}` : null}
          </span>
          <button onClick={props.onRetry}>{r.t('btn.retry')}</button>
          <button onClick={props.onDelete}>{r.t('btn.delete')}</button>
        </span>
      ) : slow ? (
        <span className="st">
          <Ring share={0.3} size={12} />
          {r.t('msg.sending')}
        </span>
      ) : null}
    </div>
  )
}

function classOf(...names: (string | false)[]): string {
  return names.filter(Boolean).join(' ')
}
