import { useRef } from 'react'
import type { Counts, Group } from '../../../shared/api.gen.ts'
import type { TextKey } from '../../../shared/i18n.ts'
import { useWish } from '../app/shortcuts.ts'
import { useText } from '../text/text.tsx'

const TABS: readonly [Group, TextKey][] = [
  ['mine', 'tab.mine'],
  ['important', 'tab.important'],
  ['unassigned', 'tab.unassigned'],
  ['all', 'tab.all'],
]

export function isGroup(x: unknown): x is Group {
  return TABS.some(([g]) => g === x)
}

export function Tabs({ group, counts, onGroup }: { group: Group; counts?: Counts; onGroup: (group: Group) => void }) {
  const { t } = useText()
  const bar = useRef<HTMLDivElement>(null)
  useWish(['tab1', 'tab2', 'tab3', 'tab4'], (w) => onGroup(TABS[Number(w.at(-1)) - 1]![0]))

  function move(to: number) {
    const next = TABS[(to + TABS.length) % TABS.length]![0]
    onGroup(next)
    bar.current?.querySelector<HTMLElement>(`[data-tab=${next}]`)?.focus()
  }

  return (
    <div className="tabs" role="tablist" aria-label={t('list.title')} ref={bar}>
      {TABS.map(([g, key], i) => {
        const n = counts?.[g]
        const red = g === 'important' && !!n
        return (
          <button
            key={g}
            role="tab"
            id={`tab-${g}`}
            data-tab={g}
            aria-controls="rows"
            aria-selected={g === group}
            tabIndex={g === group ? 0 : -1}
            className={red ? 'tab imp' : 'tab'}
            onClick={() => onGroup(g)}
            onKeyDown={(e) => {
              if (e.altKey) return
              if (e.key === 'ArrowRight') move(i + 1)
              else if (e.key === 'ArrowLeft') move(i - 1)
              else if (e.key === 'Home') move(0)
              else if (e.key === 'End') move(TABS.length - 1)
              else return
              e.preventDefault()
            }}
          >
            <b>
              {n ?? '–'}
              {red ? (
                <span className="sq bang" aria-hidden="true">
                  !
                </span>
              ) : null}
            </b>
            <span className="l">{t(key)}</span>
          </button>
        )
      })}
    </div>
  )
}
