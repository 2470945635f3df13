import { useQuery } from '@tanstack/react-query'
import { Dialog } from 'radix-ui'
import { type KeyboardEvent, useId, useState } from 'react'
import type { Row, TemplateOffer } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { type Reader, useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { Icon } from '../ui/marks.tsx'
import { fold } from '../ui/PickList.tsx'

interface Group {
  id: string
  title: string
  items: TemplateOffer[]
}

/** Names of the placeholders (D-35). */
const FILLED = { visitor_name: 'template.visitorName', operator_name: 'template.operatorName' } as const

/** Own ones first, then those of departments, then common ones (D-35). */
export function groupsOf(r: Reader, templates: readonly TemplateOffer[]): Group[] {
  const own: Group = { id: 'own', title: r.t('template.own'), items: [] }
  const common: Group = { id: 'common', title: r.t('template.common'), items: [] }
  const departments = new Map<string, Group>()
  for (const one of templates) {
    if (one.scope === 'own') own.items.push(one)
    else if (one.scope === 'common' || !one.department) common.items.push(one)
    else {
      const { id, name } = one.department
      const group = departments.get(id) ?? { id, title: name, items: [] }
      departments.set(id, group)
      group.items.push(one)
    }
  }
  return [own, ...departments.values(), common].filter((g) => g.items.length)
}

/** «/» looks among the commands by their beginning; anything else in title, text and command. */
export function fits(one: TemplateOffer, wanted: string): boolean {
  const w = fold(wanted.trim())
  const command = one.command ? fold(one.command.replace(/^\//, '')) : ''
  if (w.startsWith('/')) return w === '/' || (!!command && command.startsWith(w.slice(1)))
  return fold(`${one.title} ${one.text} ${command}`).includes(w)
}

/** The modal of templates: what is chosen goes into the input, nothing is sent. */
export default function Templates(props: { row: Row; find: string; onUse: (text: string) => void; onClose: () => void; onClosed: () => void }) {
  const r = useText()
  const id = useId()
  const [find, setFind] = useState(props.find)
  const [at, setAt] = useState(0)
  // Asked anew at every opening: one made in the settings a moment ago is offered.
  const choice = useQuery({
    queryKey: ['templates', props.row.id],
    gcTime: 0,
    staleTime: 0,
    queryFn: () => call('get', '/operator/dialogs/{dialog_id}/templates', { path: { dialog_id: props.row.id } }),
  })
  const all = choice.data?.templates
  const groups = groupsOf(r, (all ?? []).filter((one) => fits(one, find)))
  const flat = groups.flatMap((g) => g.items)
  const current = flat[Math.min(at, flat.length - 1)]
  const optionId = (one: TemplateOffer) => `${id}-${one.id}`

  const use = () => current && props.onUse(current.text)
  function move(to: number) {
    if (!flat.length) return
    const next = (to + flat.length) % flat.length
    setAt(next)
    document.getElementById(optionId(flat[next]!))?.scrollIntoView({ block: 'nearest' })
  }
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.nativeEvent.isComposing) return
    if (e.key === 'ArrowDown') move(Math.min(at, flat.length - 1) + 1)
    else if (e.key === 'ArrowUp') move(Math.min(at, flat.length - 1) - 1)
    else if (e.key === 'Enter') use()
    else return
    e.preventDefault()
  }

  return (
    <Dialog.Root open onOpenChange={(open) => !open && props.onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="scrim" />
        <Dialog.Content
          className="modal templates"
          aria-describedby={undefined}
          onCloseAutoFocus={(e) => {
            e.preventDefault()
            props.onClosed()
          }}
        >
          <div className="flex tpl-head">
            <Dialog.Title className="modal-title">{r.t('win.templates')}</Dialog.Title>
            <span className="sp" />
            <Dialog.Close className="b gh sm ic" aria-label={r.t('btn.close')}>
              <Icon name="x" />
            </Dialog.Close>
          </div>
          <div className="fld tpl-find">
            <Icon name="search" />
            <input
              dir="auto"
              className="in"
              role="combobox"
              aria-expanded="true"
              aria-controls={`${id}list`}
              aria-autocomplete="list"
              aria-activedescendant={current && optionId(current)}
              aria-label={r.t('template.find')}
              placeholder={r.t('template.find')}
              value={find}
              autoFocus
              onChange={(e) => {
                setFind(e.target.value)
                setAt(0)
              }}
              onKeyDown={onKeyDown}
            />
          </div>
          <div className="tpl-in">
            <div className="tpl-list">
              <div role="listbox" id={`${id}list`} aria-label={r.t('win.templates')}>
                {groups.map((g) => (
                  <div key={g.id} role="group" aria-label={g.title}>
                    <div className="mh" aria-hidden="true">
                      {g.title}
                    </div>
                    {g.items.map((one) => (
                      <div
                        key={one.id}
                        id={optionId(one)}
                        role="option"
                        className={one === current ? 'mi hov' : 'mi'}
                        aria-selected={one === current}
                        onClick={() => setAt(flat.indexOf(one))}
                        onDoubleClick={() => props.onUse(one.text)}
                      >
                        <span className={one === current ? 'ell semi' : 'ell'} title={one.title}>
                          {one.title}
                        </span>
                        <span className="sp" />
                        {one.command ? <span className="t12 mut">/{one.command.replace(/^\//, '')}</span> : null}
                      </div>
                    ))}
                  </div>
                ))}
              </div>
              <div role="status">
                {choice.isPending ? <div className="pick-empty">{r.t('win.more')}</div> : null}
                {all && !flat.length ? <div className="pick-empty">{r.t(all.length ? 'search.none' : 'template.none')}</div> : null}
              </div>
              {choice.error ? (
                <div className="pop-error err" role="alert">
                  <Icon name="warn" size={14} />
                  {errorText(r, choice.error)}
                </div>
              ) : null}
            </div>
            <div className="tpl-view">
              {current ? (
                <>
                  <div className="t12 mut">{r.t('template.preview')}</div>
                  <div className="tpl-text" dir="auto" role="region" aria-label={r.t('template.preview')} tabIndex={0}>
                    {current.pieces.map((p, i) => (p.filled ? <ins key={i}>{p.text}</ins> : p.text))}
                  </div>
                  {current.pieces.some((p) => p.filled) ? (
                    <div className="t12 mut">{r.t('template.filled', { names: [...new Set(current.pieces.flatMap((p) => (p.filled ? [r.t(FILLED[p.filled])] : [])))].join(', ') })}</div>
                  ) : null}
                </>
              ) : null}
              <div className="sp" />
              <div className="flex tpl-foot">
                <span className="t12 mut">
                  <kbd>Enter</kbd> {r.t('template.insert')}
                </span>
                <span className="sp" />
                <button className="b gh" onClick={props.onClose}>
                  {r.t('btn.cancel')}
                </button>
                <button className="b pri" aria-disabled={!current} onClick={use}>
                  {r.t('win.useTemplate')}
                </button>
              </div>
            </div>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
