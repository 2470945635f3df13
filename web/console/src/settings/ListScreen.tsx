// One pattern for templates, labels, departments, operators and tags: a list with a search, and the form of what is chosen.
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { TextKey } from '../../../shared/i18n.ts'
import { Refusal } from '../api/errors.ts'
import { go, pathOf } from '../app/route.ts'
import { useText } from '../text/text.tsx'
import { useAfter } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'
import { Confirm } from './Confirm.tsx'
import { type Page, useList, usePlace, useSearch } from './data.ts'
import { type Errors, errorsOf, type Form, useForm } from './form.ts'
import { FormPane, Wrong } from './fields.tsx'
import { guard } from './guard.ts'
import type { ScreenId } from './nav.ts'

export interface Crud<Item extends { id: string }, Draft extends object> {
  screen: ScreenId
  title: TextKey
  one: TextKey
  none: TextKey
  read: (q: string | undefined, cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>
  blank: Draft
  draft: (item: Item) => Draft
  check?: (draft: Draft) => Errors
  create: (draft: Draft) => Promise<Item>
  update: (item: Item, draft: Draft) => Promise<Item>
  remove?: (item: Item) => Promise<unknown>
  exists?: TextKey
  nameOf: (item: Item) => string
  group?: (item: Item) => { id: string; title: string }
  row: (item: Item, current: boolean) => ReactNode
  tall?: boolean
  /** Beside the title of the form, e.g. the label as it looks. */
  badge?: (draft: Draft) => ReactNode
  fields: (form: Form<Draft>, item: Item | undefined) => ReactNode
  /** Why it cannot be deleted; it is known before one tries. */
  kept?: (item: Item) => string | undefined
  keptTitle?: string
  /** Shown while nothing is chosen. */
  aside?: ReactNode
  wide?: boolean
  global?: boolean
}

export function ListScreen<Item extends { id: string }, Draft extends object>({ crud }: { crud: Crud<Item, Draft> }) {
  const { t } = useText()
  const place = usePlace()
  const [text, asked, search] = useSearch()
  const key = crud.global ? ['settings', crud.screen] : ['settings', place.project.id, crud.screen]
  const list = useList(key, crud.read, asked)
  const late = useAfter(150, list.isPending)
  const heading = useRef<HTMLHeadingElement>(null)
  // What is open stays open while the search shows others.
  const [kept, setKept] = useState<Item>()
  const found = list.items?.find((i) => i.id === place.item)
  const chosen = found ?? (kept?.id === place.item ? kept : undefined)
  useEffect(() => {
    if (found) setKept(found)
  }, [found])
  const fresh = place.item === 'new'
  const open = (item?: string) => go({ area: 'settings', project: place.project.id, screen: crud.screen, item })

  const groups = new Map<string, { title?: string; items: Item[] }>()
  for (const item of list.items ?? []) {
    const g = crud.group?.(item) ?? { id: '', title: undefined }
    if (!groups.has(g.id)) groups.set(g.id, { title: g.title, items: [] })
    groups.get(g.id)!.items.push(item)
  }

  return (
    <>
      <section className="scol" aria-label={t(crud.title)} data-pane="list">
        <div className="h">
          <div className="flex g8">
            <h2 ref={heading} tabIndex={-1}>
              {t(crud.title)}
            </h2>
            <span className="mut t13">{list.items ? `${list.items.length}${list.hasNextPage ? '+' : ''}` : ''}</span>
            <span className="sp" />
            <button className="b sm" onClick={() => open('new')}>
              <Icon name="plus" size={14} />
              {t('btn.add')}
            </button>
          </div>
          <div className="fld search">
            <Icon name="search" />
            <input className="in" type="search" aria-label={t('set.search')} placeholder={t('set.search')} value={text} maxLength={100} onChange={(e) => search(e.target.value)} />
          </div>
        </div>
        <div className="lis" tabIndex={-1}>
          {list.error && !list.items ? <Failed error={list.error} again={() => void list.refetch()} /> : null}
          {late ? Array.from({ length: 5 }, (_, i) => <div key={i} className="li"><span className="sk" style={{ width: `${70 - i * 8}%`, height: 12 }} /></div>) : null}
          {list.items && !list.items.length ? <p className="nothing">{t(asked.trim() ? 'search.none' : crud.none)}</p> : null}
          {[...groups.values()].map((g, i) => (
            <div key={g.title ?? i} role="group" aria-label={g.title}>
              {g.title ? <div className="mh">{g.title}</div> : null}
              <ul>
                {g.items.map((item) => {
                  const current = item.id === place.item
                  const to = { area: 'settings', project: place.project.id, screen: crud.screen, item: item.id } as const
                  return (
                    <li key={item.id}>
                      <a
                        className={`li${current ? ' on' : ''}${crud.tall ? ' tall' : ''}`}
                        href={pathOf(to)}
                        aria-current={current ? 'true' : undefined}
                        onClick={(e) => {
                          if (e.ctrlKey || e.metaKey || e.shiftKey) return
                          e.preventDefault()
                          go(to)
                        }}
                        onKeyDown={walk}
                      >
                        {crud.row(item, current)}
                      </a>
                    </li>
                  )
                })}
              </ul>
            </div>
          ))}
          {list.hasNextPage ? (
            <button className="b gh more" onClick={() => void list.fetchNextPage()}>
              {t('set.more')}
            </button>
          ) : null}
        </div>
      </section>
      {fresh || chosen ? (
        <Editor
          key={place.project.id}
          crud={crud}
          item={fresh ? undefined : chosen}
          listKey={key}
          onMade={(item) => {
            setKept(item)
            open(item.id)
          }}
          onGone={() => {
            open()
            heading.current?.focus()
          }}
          onClose={() => {
            open()
            heading.current?.focus()
          }}
        />
      ) : (
        (crud.aside ?? (
          <section className="ed" aria-label={t(crud.one)}>
            <p className="empty mid">{list.items?.length ? t('set.choose') : ''}</p>
          </section>
        ))
      )}
    </>
  )
}

/** ↑ ↓ Home End go through the list; Enter is the link's own. */
function walk(e: React.KeyboardEvent<HTMLAnchorElement>) {
  const all = [...e.currentTarget.closest('.lis')!.querySelectorAll<HTMLElement>('a.li')]
  const at = all.indexOf(e.currentTarget)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[e.key]
  if (to === undefined) return
  e.preventDefault()
  all[to]?.focus()
}

function Editor<Item extends { id: string }, Draft extends object>(props: {
  crud: Crud<Item, Draft>
  item?: Item
  listKey: readonly unknown[]
  onMade: (item: Item) => void
  onGone: () => void
  onClose: () => void
}) {
  const { crud, item } = props
  const r = useText()
  const query = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [refused, setRefused] = useState<{ id: string; text: string }>()
  const made = useRef<Item>(undefined)
  // Whatever lists these things reads them again: the list itself, and choices on other screens.
  const readAgain = () => query.invalidateQueries({ queryKey: props.listKey })
  const form = useForm<Draft>({
    id: item?.id ?? 'new',
    base: item ? crud.draft(item) : crud.blank,
    check: crud.check,
    refusal: (e) => (e.code === 'exists' ? crud.exists : undefined),
    async save(draft) {
      made.current = item ? await crud.update(item, draft) : await crud.create(draft)
      await readAgain()
      return crud.draft(made.current)
    },
    onConflict: readAgain,
  })
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    // A new one is begun in its first field.
    if (!item) title.current?.closest('form')?.querySelector<HTMLElement>('input:not(.vh),textarea')?.focus()
  }, [item?.id])

  const submit = form.submit
  const kept = item && crud.kept?.(item)
  const remove = async () => {
    if (!item || !crud.remove) return
    setRefused(undefined)
    try {
      await crud.remove(item)
      form.cancel()
      guard.release(props.onGone)
      await readAgain()
    } catch (e) {
      const text = Object.values(errorsOf(r, e))[0]!
      setRefused({ id: item.id, text })
      if (e instanceof Refusal && e.code === 'in_use') void readAgain()
    }
  }
  const whole: Form<Draft> = {
    ...form,
    async submit() {
      const isNew = !item
      const ok = await submit()
      if (ok && isNew) guard.release(() => props.onMade(made.current!))
      return ok
    },
  }

  return (
    <>
      <FormPane
        form={whole}
        wide={crud.wide}
        label={r.t(crud.one)}
        fresh={!item}
        onCancel={item ? undefined : () => guard.release(props.onClose)}
        title={
          <div className="flex g12 ed-title">
            <h2 ref={title} tabIndex={-1}>
              {r.t(crud.one)}
            </h2>
            {crud.badge?.(form.value)}
          </div>
        }
        foot={
          item && crud.remove ? (
            <button type="button" className="b gh" aria-disabled={!!kept} aria-describedby={kept ? 'kept' : undefined} onClick={() => !kept && setAsking(true)}>
              <Icon name="trash" />
              {r.t('btn.delete')}
            </button>
          ) : null
        }
      >
        {crud.fields(whole, item)}
        {kept ? (
          <p className="kept t13 sec" id="kept">
            {kept}
          </p>
        ) : null}
        {refused && refused.id === item?.id ? (
          <div role="alert" className="fr">
            <Wrong text={refused.text} />
          </div>
        ) : null}
      </FormPane>
      {asking && item ? (
        <Confirm
          title={r.t('set.deleteAsk', { name: crud.nameOf(item) })}
          text={r.t('set.deleteText')}
          yes={r.t('btn.delete')}
          onYes={() => {
            setAsking(false)
            void remove()
          }}
          onNo={() => setAsking(false)}
        />
      ) : null}
    </>
  )
}

export function Failed({ error, again }: { error: unknown; again: () => void }) {
  const r = useText()
  return (
    <div className="nothing" role="alert">
      <Wrong text={errorsOf(r, error)['']} />
      <button type="button" className="b sm" onClick={again}>
        {r.t('btn.retry')}
      </button>
    </div>
  )
}
