import { useRef } from 'react'
import { useWish } from '../app/shortcuts.ts'
import { useText } from '../text/text.tsx'
import { useStore, useWorkspace } from '../ui/hooks.ts'
import { Icon } from '../ui/marks.tsx'

/** Searches the messages of this dialog, all sessions (R-077 to R-080, D-47). */
export function SearchBox({ dialogId }: { dialogId: string }) {
  const { t } = useText()
  const search = useStore(useWorkspace().search(dialogId))
  const field = useRef<HTMLInputElement>(null)
  const several = search.total > 1
  const none = !!search.query && !search.total
  const place = search.total ? t('search.count', { i: search.at + 1, n: search.total }) : ''

  useWish(['search', 'searchOlder', 'searchNewer'], (w) => {
    if (w !== 'search' && several) return void search.step(w === 'searchOlder')
    const focus = () => {
      field.current?.focus()
      field.current?.select()
    }
    focus()
    if (document.activeElement !== field.current) setTimeout(focus, 60) // a drawer opens first
  })

  return (
    <section className="cs" aria-label={t('search.title')}>
      <div className="search-line" role="search">
        <div className="fld sp">
          <Icon name="search" />
          <input
            dir="auto"
            ref={field}
            className={place ? 'in counted' : 'in'}
            type="text"
            enterKeyHint="search"
            maxLength={200}
            autoComplete="off"
            spellCheck={false}
            placeholder={t('search.title')}
            aria-label={t('search.title')}
            aria-keyshortcuts="/ Control+F"
            value={search.text}
            onChange={(e) => search.type(e.target.value)}
            onKeyDown={(e) => {
              if (e.nativeEvent.isComposing) return
              if (e.key === 'Enter') void search.step(!e.shiftKey)
              else if (e.key === 'Escape' && search.text) search.type('')
              else return
              e.preventDefault()
            }}
          />
          <span className="search-place" aria-hidden="true">
            {place}
          </span>
        </div>
        {search.text ? (
          <>
            <Step older disabled={!several} onPress={() => void search.step(true)} />
            <Step older={false} disabled={!several} onPress={() => void search.step(false)} />
          </>
        ) : null}
      </div>
      <div role="status" className={none ? 't12 sec why' : 'vh'}>
        {none ? t('search.none') : place}
      </div>
      <div role="alert">
        {search.error ? (
          <p className="err">
            <Icon name="warn" size={14} />
            {t('err.unknown')}
          </p>
        ) : null}
      </div>
    </section>
  )
}

function Step({ older, disabled, onPress }: { older: boolean; disabled: boolean; onPress: () => void }) {
  const { t } = useText()
  const name = t(older ? 'search.up' : 'search.down')
  return (
    <button
      className="b ic"
      aria-label={name}
      title={name}
      aria-disabled={disabled}
      aria-keyshortcuts={older ? 'F3' : 'Shift+F3'}
      onClick={disabled ? undefined : onPress}
    >
      <Icon name={older ? 'up' : 'down'} />
    </button>
  )
}
