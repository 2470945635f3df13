import type { Named } from '../../../shared/api.gen.ts'
import { Icon } from './marks.tsx'

/** One or more tags, each a toggle (D-54). */
export function TagChips(props: { tags: Named[]; chosen: string[]; onChange: (ids: string[]) => void }) {
  const { tags, chosen, onChange } = props
  return (
    <div className="tag-chips">
      {tags.map((tag) => {
        const on = chosen.includes(tag.id)
        return (
          <button
            key={tag.id}
            className="tag-toggle"
            aria-pressed={on}
            onClick={() => onChange(on ? chosen.filter((id) => id !== tag.id) : [...chosen, tag.id])}
          >
            <Icon name={on ? 'check' : 'plus'} size={14} />
            {tag.name}
          </button>
        )
      })}
    </div>
  )
}
