import type { TextKey } from '../../../shared/i18n.ts'

export type ScreenId =
  | 'templates' | 'labels' | 'departments' | 'operators'
  | 'project' | 'priority' | 'contacts' | 'elements' | 'tags' | 'hours' | 'closing'
  | 'access' | 'blocks' | 'audit'

interface Section {
  title: TextKey
  screens: readonly [ScreenId, TextKey][]
}

export const SECTIONS: readonly Section[] = [
  {
    title: 'nav.workspaceSettings',
    screens: [
      ['templates', 'win.templates'],
      ['labels', 'label.many'],
      ['departments', 'set.departments'],
      ['operators', 'set.operators'],
    ],
  },
  {
    title: 'nav.widgetSettings',
    screens: [
      ['project', 'set.project'],
      ['priority', 'queue.priority'],
      ['contacts', 'set.contacts'],
      ['elements', 'set.elements'],
      ['tags', 'tag.tagging'],
      ['hours', 'time.working'],
      ['closing', 'set.autoClose'],
    ],
  },
  {
    title: 'set.account',
    screens: [
      ['access', 'nav.access'],
      ['blocks', 'act.blockPage'],
      ['audit', 'set.audit'],
    ],
  },
]

/** Below admin there are only one's own templates (D-03, D-35). */
export function sectionsFor(admin: boolean): Section[] {
  return admin ? [...SECTIONS] : [{ ...SECTIONS[0]!, screens: SECTIONS[0]!.screens.slice(0, 1) }]
}

export function titleOf(screen: ScreenId): TextKey {
  return SECTIONS.flatMap((s) => s.screens).find(([id]) => id === screen)![1]
}
