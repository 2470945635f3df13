import { useState } from 'react'
import type { Dot, Project } from '../../../shared/api.gen.ts'
import { go } from '../app/route.ts'
import { useWish } from '../app/shortcuts.ts'
import { useText } from '../text/text.tsx'
import { Icon, ProjectDot } from '../ui/marks.tsx'
import { type PickItem, PickList } from '../ui/PickList.tsx'
import { PopButton } from '../ui/PopButton.tsx'

/** The closed selector shows the strongest state of all projects, the open list each project's own (D-12). */
export function strongest(projects: readonly Project[]): Dot {
  const dots = projects.map((p) => p.dot)
  return dots.includes('red') ? 'red' : dots.includes('blue') ? 'blue' : 'none'
}

/** Where to begin: the project last looked at, else the one whose dot is strongest (D-12). */
export function firstProject(projects: readonly Project[], last: string | undefined): Project | undefined {
  return projects.find((p) => p.id === last) ?? projects.find((p) => p.dot !== 'none' && p.dot === strongest(projects)) ?? projects[0]
}

export function ProjectSelect({ projects, project }: { projects: Project[]; project: Project }) {
  const { t } = useText()
  const [open, setOpen] = useState(false)
  useWish('project', () => setOpen(true))
  // One project: only its name, nothing to press.
  if (projects.length < 2)
    return (
      <div className="proj-name ell" title={project.name}>
        {project.name}
      </div>
    )
  return (
    <PopButton
      className="projb"
      aria-label={`${t('project.select')}: ${project.name}`}
      open={open}
      onOpenChange={setOpen}
      popClass="project-pop"
      popLabel={t('project.select')}
      layer={
        <PickList
          label={t('project.search')}
          placeholder={t('project.search')}
          empty={t('search.none')}
          groups={[{ id: 'all', items: projects.map((p) => item(p, p.id === project.id)) }]}
          onPick={(picked) => {
            setOpen(false)
            go({ project: picked.id })
          }}
        />
      }
    >
      <span className="ell" title={project.name}>
        {project.name}
      </span>
      <ProjectDot dot={strongest(projects)} />
      <span className="sp" />
      <Icon name="down" size={14} />
    </PopButton>
  )
}

function item(project: Project, selected: boolean): PickItem {
  return { id: project.id, text: project.name, selected, view: <ProjectLine project={project} selected={selected} /> }
}

function ProjectLine({ project, selected }: { project: Project; selected: boolean }) {
  const { t } = useText()
  return (
    <>
      <span className="mi-check">{selected ? <Icon name="check" /> : null}</span>
      <span className="sp">
        <span className={selected ? 'semi' : undefined}>{project.name}</span>
        {project.dot === 'none' ? null : (
          <span className={`dot-text ${project.dot}`}>{t(project.dot === 'red' ? 'dot.red' : 'dot.blue')}</span>
        )}
      </span>
      {project.dot === 'none' ? null : (
        <span aria-hidden="true">
          <ProjectDot dot={project.dot} />
        </span>
      )}
    </>
  )
}
