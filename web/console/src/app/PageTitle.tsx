import type { Me } from '../../../shared/api.gen.ts'

/** How many dialogs are red for the operator, in all his projects. */
export function redOf(me: Me): number {
  return me.projects.reduce((n, p) => n + p.red, 0)
}

/** The title says it on every page (D-09): he may be anywhere when a dialog turns red. */
export function PageTitle({ me, text }: { me: Me; text: string }) {
  const red = redOf(me)
  return <title>{`${red ? `(${red}!) ` : ''}${text} · Otklik`}</title>
}
