import { useState } from 'react'
import { call } from '../api/client.ts'
import { useQueryClient } from '@tanstack/react-query'
import { go } from '../app/route.ts'
import { useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { Icon } from '../ui/marks.tsx'
import { PickList } from '../ui/PickList.tsx'
import { PopButton } from '../ui/PopButton.tsx'
import { Wrong } from './fields.tsx'
import { guard } from './guard.ts'
import type { ScreenId } from './nav.ts'

interface Named {
  id: string
  name: string
  active?: boolean
}

/** Which project is set up, and the way to a new one. */
export function ProjectPicker({ projects, project, screen }: { projects: Named[]; project: Named; screen: ScreenId }) {
  const r = useText()
  const query = useQueryClient()
  const [open, setOpen] = useState(false)
  const [adding, setAdding] = useState(false)
  const [name, setName] = useState('')
  const [error, setError] = useState<unknown>()
  const mayAdd = projects.some((p) => p.active !== undefined)
  const close = () => {
    setOpen(false)
    setAdding(false)
    setName('')
    setError(undefined)
  }
  const create = async () => {
    if (!name.trim()) return
    try {
      const made = await call('post', '/admin/projects', { body: { name: name.trim() } })
      await query.invalidateQueries({ queryKey: ['settings', 'projects'] })
      void query.invalidateQueries({ queryKey: ['me'] })
      close()
      go({ area: 'settings', project: made.id, screen: 'project' })
    } catch (e) {
      setError(e)
    }
  }
  return (
    <PopButton
      className="b proj-pick"
      aria-label={`${r.t('project.select')}: ${project.name}`}
      open={open}
      onOpenChange={(next) => (next ? setOpen(true) : close())}
      popClass="proj-pop"
      popLabel={r.t('project.select')}
      layer={
        adding ? (
          <form
            className="pop-form"
            onSubmit={(e) => {
              e.preventDefault()
              guard.pass(() => void create())
            }}
          >
            <label className="flab" htmlFor="new-project">
              {r.t('set.project.name')}
            </label>
            <input id="new-project" className="in" value={name} maxLength={100} onChange={(e) => setName(e.target.value)} autoFocus required />
            <div role="alert">
              <Wrong text={error ? errorText(r, error) : undefined} />
            </div>
            <div className="pop-buttons">
              <button type="button" className="b gh" onClick={close}>
                {r.t('btn.cancel')}
              </button>
              <button type="submit" className="b pri">
                {r.t('set.project.create')}
              </button>
            </div>
          </form>
        ) : (
          <>
            <PickList
              label={r.t('project.search')}
              placeholder={r.t('project.search')}
              empty={r.t('search.none')}
              groups={[
                {
                  id: 'all',
                  items: projects.map((p) => ({
                    id: p.id,
                    text: p.name,
                    selected: p.id === project.id,
                    view: (
                      <>
                        <span className="mi-check">{p.id === project.id ? <Icon name="check" /> : null}</span>
                        <span className="sp ell" title={p.name}>
                          {p.name}
                        </span>
                        {p.active === false ? <span className="t12 mut">{r.t('set.project.off')}</span> : null}
                      </>
                    ),
                  })),
                },
              ]}
              onPick={(picked) => {
                close()
                go({ area: 'settings', project: picked.id, screen })
              }}
            />
            {mayAdd ? (
              <div className="pop-foot">
                <button type="button" className="b gh sm" onClick={() => setAdding(true)}>
                  <Icon name="plus" size={14} />
                  {r.t('set.project.new')}
                </button>
              </div>
            ) : null}
          </>
        )
      }
    >
      <span className="ell" title={project.name}>
        {project.name}
      </span>
      <Icon name="down" size={14} />
    </PopButton>
  )
}
