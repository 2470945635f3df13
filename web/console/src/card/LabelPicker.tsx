import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Label, LabelChip, LabelChoice } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { codeOf } from '../api/errors.ts'
import { Command } from '../live/command.ts'
import { useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { LABEL_COLORS, MAX_LABEL, swatchClass } from '../ui/labels.ts'
import { Icon } from '../ui/marks.tsx'
import { Marked } from '../ui/Marked.tsx'
import { fold, type PickGroup, PickList } from '../ui/PickList.tsx'

/** Active labels of the session's department and common ones; a new one by right. */
export function LabelPicker({ dialogId, onDone }: { dialogId: string; onDone: (labels: LabelChip[], text: string) => void }) {
  const r = useText()
  const [command] = useState(() => new Command())
  const [text, setText] = useState('')
  const [color, setColor] = useState(() => Math.floor(Math.random() * LABEL_COLORS.length))
  const [error, setError] = useState<unknown>()
  const choice = useQuery({
    queryKey: ['label-choice', dialogId],
    staleTime: 0,
    gcTime: 0,
    queryFn: () => call('get', '/operator/dialogs/{dialog_id}/labels', { path: { dialog_id: dialogId } }),
  })

  async function attach(body: { label_id: string } | { text: string; color: number }, name: string) {
    setError(undefined)
    try {
      const answer = await command.run(body, (b) => call('post', '/operator/dialogs/{dialog_id}/labels', { path: { dialog_id: dialogId }, body: b }))
      onDone(answer.labels, name)
    } catch (e) {
      setError(e)
    }
  }

  const wanted = text.trim()
  const data = choice.data
  const known = data?.labels.some((l) => fold(l.text) === fold(wanted))
  const mayCreate = !!data?.may_create && !!wanted && !known
  const create = () => void attach({ text: wanted, color }, wanted)
  const failed = error ?? choice.error
  return (
    <>
      <PickList
        label={r.t('label.attach')}
        placeholder={r.t('label.find')}
        empty={choice.isPending ? r.t('win.more') : r.t('label.none')}
        groups={data ? groupsOf(data, r.t('label.common')) : []}
        maxLength={MAX_LABEL}
        onFilter={(typed) => {
          setText(typed)
          setError(undefined)
        }}
        onEnterNone={() => mayCreate && create()}
        onPick={(item) => void attach({ label_id: item.id }, item.text)}
      />
      {failed ? (
        <p className="err label-error" role="alert">
          <Icon name="warn" size={14} />
          {codeOf(failed) === 'exists' ? r.t('label.exists') : codeOf(failed) === 'label_limit' ? r.t('label.limit') : errorText(r, failed)}
        </p>
      ) : null}
      {data ? (
        <div className="label-new">
          {mayCreate ? <NewLabel text={wanted} color={color} onColor={setColor} onCreate={create} /> : null}
          {!data.may_create && wanted && !known ? <p className="t12 sec">{r.t('label.noRight')}</p> : null}
          <p className="t12 mut">
            {data.department ? `${r.t('dept.one')}: ${data.department.name}` : r.t('label.common')}
            {` · ${r.t('label.attached', { n: data.attached, max: data.max })}`}
          </p>
        </div>
      ) : null}
    </>
  )
}

/** The colour is chosen first, then the label is made and attached in one step. */
function NewLabel(props: { text: string; color: number; onColor: (color: number) => void; onCreate: () => void }) {
  const { t } = useText()
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault()
        props.onCreate()
      }}
    >
      <button className="label-make" type="submit">
        <Icon name="plus" size={14} />
        <span>{t('label.createNamed', { text: props.text })}</span>
      </button>
      <div className="colors" role="radiogroup" aria-label={t('label.color')}>
        {LABEL_COLORS.map((name, i) => (
          <label key={name} title={t(name)}>
            <input type="radio" name="label-color" value={i} checked={props.color === i} aria-label={t(name)} onChange={() => props.onColor(i)} />
            <span className={swatchClass(i)} aria-hidden="true" />
          </label>
        ))}
      </div>
    </form>
  )
}

function groupsOf(choice: LabelChoice, common: string): PickGroup[] {
  const item = (l: Label) => ({
    id: l.id,
    text: l.text,
    view: (wanted: string) => (
      <>
        <i className={swatchClass(l.color)} aria-hidden="true" />
        <span className="label-name">
          <Marked text={l.text} query={wanted} />
        </span>
      </>
    ),
  })
  const own = choice.labels.filter((l) => l.department)
  const shared = choice.labels.filter((l) => !l.department)
  return [
    { id: 'own', title: choice.department?.name, items: own.map(item) },
    { id: 'common', title: common, items: shared.map(item) },
  ]
}
