import { DropdownMenu } from 'radix-ui'
import { useState } from 'react'
import type { TextKey } from '../../../shared/i18n.ts'
import { useWish } from '../app/shortcuts.ts'
import type { Sort } from '../live/rows.ts'
import { useText } from '../text/text.tsx'
import { Icon } from '../ui/marks.tsx'

const SORTS: readonly [Sort, TextKey][] = [
  ['priority', 'sort.default'],
  ['newest', 'sort.newest'],
  ['oldest', 'sort.oldest'],
]

/** Blue and pressed while the order is not the default (R-014, D-16). */
export default function SortMenu({ sort, onSort }: { sort: Sort; onSort: (sort: Sort) => void }) {
  const { t } = useText()
  const [open, setOpen] = useState(false)
  useWish('sort', () => setOpen(true))
  const on = sort !== 'priority'
  return (
    <DropdownMenu.Root modal={false} open={open} onOpenChange={setOpen}>
      <DropdownMenu.Trigger className={on ? 'b ic on-blue' : 'b ic'} aria-pressed={on} aria-label={t('sort.title')} title={t('sort.title')}>
        <Icon name="sort" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="pop sort-pop" align="end" sideOffset={4} collisionPadding={8}>
          <DropdownMenu.Label className="mh">{t('sort.title')}</DropdownMenu.Label>
          <DropdownMenu.RadioGroup value={sort} onValueChange={(v) => onSort(v as Sort)}>
            {SORTS.map(([value, key]) => (
              <DropdownMenu.RadioItem key={value} className="mi" value={value}>
                <span className="mi-check">
                  <DropdownMenu.ItemIndicator>
                    <Icon name="check" />
                  </DropdownMenu.ItemIndicator>
                </span>
                {t(key)}
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <div className="pop-foot">{t('sort.hint')}</div>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
