import { type ReactNode, useEffect, useId, useState } from 'react'
import { Icon } from './marks.tsx'

export interface PickItem {
  id: string
  /** What the filter searches in. */
  text: string
  disabled?: boolean
  selected?: boolean
  /** A function is given what is searched for, to mark it. */
  view: ReactNode | ((wanted: string) => ReactNode)
}

export interface PickGroup {
  id: string
  title?: string
  items: PickItem[]
}

/** ё is found by е and the other way round. */
export function fold(s: string): string {
  return s.toLocaleLowerCase().replaceAll('ё', 'е')
}

/** A search field over a grouped list; the focus stays in the field, arrows move the choice. */
export function PickList(props: {
  label: string
  placeholder: string
  groups: PickGroup[]
  empty: string
  onPick: (item: PickItem, group: PickGroup) => void
  onFilter?: (text: string) => void
  /** Enter, when nothing in the list fits. */
  onEnterNone?: () => void
  maxLength?: number
}) {
  const id = useId()
  const [filter, setFilter] = useState('')
  // By what it is, not by its place: the list may change under whoever is about to press Enter. Of one that is gone nothing
  // takes the place until an arrow is pressed.
  const [chosen, setChosen] = useState<string>()
  const [place, setPlace] = useState(0)
  const wanted = fold(filter.trim())
  const groups = props.groups
    .map((g) => ({ ...g, items: g.items.filter((i) => fold(`${i.text} ${g.title ?? ''}`).includes(wanted)) }))
    .filter((g) => g.items.length)
  const flat = groups.flatMap((g) => g.items.map((item) => ({ item, group: g })))
  const optionId = (g: PickGroup, i: PickItem) => `${id}${g.id}-${i.id}`
  const found = flat.findIndex((f) => optionId(f.group, f.item) === chosen)
  const gone = chosen !== undefined && found < 0
  const at = found >= 0 ? found : Math.min(place, flat.length - 1)
  const current = gone ? undefined : flat[at]
  const currentId = current && optionId(current.group, current.item)
  useEffect(() => {
    if (!currentId) return
    setChosen(currentId)
    setPlace(at)
  }, [currentId, at])

  function move(step: number) {
    if (!flat.length) return
    const to = flat[gone ? at : (at + step + flat.length) % flat.length]!
    setChosen(optionId(to.group, to.item))
    document.getElementById(optionId(to.group, to.item))?.scrollIntoView({ block: 'nearest' })
  }

  function pick(entry: { item: PickItem; group: PickGroup } | undefined) {
    if (entry && !entry.item.disabled) props.onPick(entry.item, entry.group)
  }

  return (
    <>
      <div className="fld pick-field">
        <Icon name="search" />
        <input
          dir="auto"
          className="in"
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}list`}
          aria-autocomplete="list"
          aria-activedescendant={currentId}
          aria-label={props.label}
          placeholder={props.placeholder}
          value={filter}
          maxLength={props.maxLength}
          autoFocus
          onChange={(e) => {
            setFilter(e.target.value)
            props.onFilter?.(e.target.value)
            setChosen(undefined)
            setPlace(0)
          }}
          onKeyDown={(e) => {
            if (e.nativeEvent.isComposing) return
            if (e.key === 'ArrowDown') move(1)
            else if (e.key === 'ArrowUp') move(-1)
            else if (e.key === 'Enter') current || gone ? pick(current) : props.onEnterNone?.()
            else return
            e.preventDefault()
          }}
        />
      </div>
      <div className={flat.length ? 'pick-list' : undefined} role="listbox" id={`${id}list`} aria-label={props.label}>
        {groups.map((g) => (
          <div key={g.id} role="group" aria-label={g.title}>
            {g.title ? (
              <div className="mh" aria-hidden="true">
                {g.title}
              </div>
            ) : null}
            {g.items.map((item) => (
              <div
                key={item.id}
                id={optionId(g, item)}
                role="option"
                className={current?.item === item ? 'mi hov' : 'mi'}
                aria-selected={!!item.selected}
                aria-disabled={item.disabled}
                onMouseMove={() => setChosen(optionId(g, item))}
                onClick={() => pick({ item, group: g })}
              >
                {typeof item.view === 'function' ? item.view(filter.trim()) : item.view}
              </div>
            ))}
          </div>
        ))}
      </div>
      {flat.length ? null : (
        <div className="pick-empty" role="status">
          {props.empty}
        </div>
      )}
    </>
  )
}
