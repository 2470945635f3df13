import { useRef, useState } from 'react'
import type { Dialog } from '../../../shared/api.gen.ts'
import { dateTime } from '../text/format.ts'
import { useText } from '../text/text.tsx'
import { refusalText } from '../ui/errorText.ts'
import { Icon } from '../ui/marks.tsx'
import { FIELD_TEXT, FieldButton, FieldInput } from './Field.tsx'
import { Labels } from './Labels.tsx'
import { type CardField, useCardEdit } from './useCardEdit.ts'

/** Name, e-mail, phone, comment, labels, in this order. Consent opens the four fields for editing (R-065, D-42). */
export function General({ dialog, readOnly }: { dialog: Dialog; readOnly: boolean }) {
  const r = useText()
  const { card, row } = dialog
  const edit = useCardEdit(dialog)
  const section = useRef<HTMLElement>(null)
  const [asked, setAsked] = useState(0)
  const why = readOnly ? undefined : row.can.edit

  // After Enter and Esc the focus stands where editing began; whoever went elsewhere meanwhile stays there.
  const focusBack = (field: CardField) =>
    setTimeout(() => {
      if (document.activeElement === document.body) section.current?.querySelector<HTMLElement>(`[data-field=${field}]`)?.focus()
    })

  const value = (field: CardField) => {
    if (edit.editing?.field === field)
      return (
        <FieldInput
          key={field}
          editing={edit.editing}
          onType={edit.type}
          onCancel={(toButton) => {
            edit.cancel()
            if (toButton) focusBack(field)
          }}
          onSave={(text) => void edit.save(text).then((closed) => closed && focusBack(field))}
        />
      )
    return (
      <>
        {why === undefined ? (
          <span className={card[field] ? 'field-text' : 'mut'} dir="auto">{card[field] || '—'}</span>
        ) : (
          <FieldButton
            field={field}
            value={card[field] ?? ''}
            disabled={why === 'ok' ? undefined : 'card-why'}
            onPress={() => (why === 'ok' ? edit.begin(field) : setAsked(asked + 1))}
          />
        )}
        {edit.conflict === field ? (
          <span className="err" role="alert">
            <Icon name="warn" size={14} />
            {r.t('card.conflict')}
          </span>
        ) : null}
      </>
    )
  }

  return (
    <section className="cs first" aria-label={r.t('card.general')} ref={section}>
      <dl className="kv">
        {(['name', 'email', 'phone'] as const).map((field) => (
          <div key={field} className={edit.editing?.field === field ? 'editing' : undefined}>
            <dt>{r.t(FIELD_TEXT[field])}</dt>
            <dd className={field === 'name' ? 'semi' : undefined}>{value(field)}</dd>
          </div>
        ))}
        <div className="cmt">
          <dt>
            {r.t('card.comment')}
            <span className="t12">
              <Icon name="eye" size={12} />
              {r.t('card.commentHint')}
            </span>
          </dt>
          <dd>{value('comment')}</dd>
        </div>
      </dl>
      <div className="vh" role="status">
        {edit.saved ? `${r.t(FIELD_TEXT[edit.saved])}: ${r.t('card.saved')}` : ''}
      </div>
      <Consent dialog={dialog} why={why} asked={asked} />
      <Labels dialog={dialog} readOnly={readOnly} />
    </section>
  )
}

/** C-05 to C-07, and why the fields are closed (M-29). A click on a closed field says it once more. */
function Consent({ dialog, why, asked }: { dialog: Dialog; why?: string; asked: number }) {
  const r = useText()
  const { card, row } = dialog
  const given = card.consent_at ? (
    <div className="okline">
      <Icon name="shield" size={14} />
      {r.t('consent.given', { date: dateTime(r.locale, card.consent_at) })}
    </div>
  ) : null
  const withdrawn = !card.consent_at && card.withdrawn_at
  const state = withdrawn ? r.t('consent.withdrawn', { date: dateTime(r.locale, withdrawn) }) : r.t('consent.none')
  const reason =
    why === undefined || why === 'ok' ? '' : why === 'consent_required' ? r.t(withdrawn ? 'card.withdrawn' : 'card.noConsent') : refusalText(r, why, { name: row.session.assignee?.name })
  const said = why === 'consent_required' || asked > 0
  return (
    <>
      {given}
      {given && !(reason && said) ? (
        <span className="vh" id="card-why">
          {reason}
        </span>
      ) : (
        <div className={asked ? 'note quiet asked' : 'note quiet'} id="card-why" key={asked}>
          <Icon name="lock" size={14} />
          <span>
            {given ? null : <b>{state}</b>}
            {said ? <span className="block">{reason}</span> : null}
          </span>
        </div>
      )}
      <div className="vh" role="status">
        {asked ? <span key={asked}>{reason}</span> : null}
      </div>
    </>
  )
}
