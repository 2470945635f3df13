import type { Dot, Reason } from '../../../shared/api.gen.ts'
import type { TextKey } from '../../../shared/i18n.ts'
import { useText } from '../text/text.tsx'
import { ICONS, type IconName } from './icons.ts'

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="i" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  )
}

/** Share of the wait that has passed, from 12 o'clock, clockwise. Dashed while the server's timers are late. */
export function Ring({ share, size = 14, dashed }: { share: number; size?: number; dashed?: boolean }) {
  const r = size / 2 - 1.5
  const length = 2 * Math.PI * r
  const c = size / 2
  return (
    <svg className={dashed ? 'ring dashed' : 'ring'} width={size} height={size} viewBox={`0 0 ${size} ${size}`} strokeWidth={size > 16 ? 3 : 2.5} aria-hidden="true">
      <circle cx={c} cy={c} r={r} className="ring-all" />
      <circle cx={c} cy={c} r={r} strokeDasharray={`${length * share} ${length}`} transform={`rotate(-90 ${c} ${c})`} />
    </svg>
  )
}

/** Colour and initials come from the id and the name, so a visitor looks the same everywhere (D-18). */
export function Avatar({ id, name, size = 36, outlined }: { id: string; name?: string; size?: number; outlined?: boolean }) {
  return (
    // Initials are drawn, not written: as text they would have to be part of every name they stand beside.
    <span className={`av a${tint(id)} s${size}${outlined ? ' outlined' : ''}`} data-initials={name ? initials(name) : ''} aria-hidden="true">
      {name ? null : <Icon name="user" size={Math.round(size / 2)} />}
    </span>
  )
}

export function tint(id: string): number {
  let h = 0
  for (const c of id) h = (h * 31 + c.charCodeAt(0)) | 0
  return (Math.abs(h) % 8) + 1
}

export function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const letters = words.slice(0, 2).map((w) => [...w][0])
  return letters.join('').toLocaleUpperCase() || [...name.trim()][0] || ''
}

/** Dot of a project: red carries «!», blue is plain, both are said in words. */
export function ProjectDot({ dot }: { dot: Dot }) {
  const { t } = useText()
  if (dot === 'none') return null
  const label = t(dot === 'red' ? 'dot.red' : 'dot.blue')
  return (
    <span className={`pd ${dot}`} role="img" aria-label={label} title={label}>
      {dot === 'red' ? '!' : null}
    </span>
  )
}

export const REASON_TEXT: Record<Reason, TextKey> = {
  transferred: 'list.transferred',
  unclaimed: 'list.unclaimed',
  overdue: 'list.overdue',
}

const REASON_ICON: Record<Reason, IconName> = { transferred: 'swap', unclaimed: 'hour', overdue: 'clock' }

/** A row may have several reasons; the one shown is the one that takes it furthest up (D-15). */
export function firstReason(reasons: readonly Reason[]): Reason | undefined {
  return (['transferred', 'unclaimed', 'overdue'] as const).find((r) => reasons.includes(r))
}

export function ReasonBadge({ reason, size = 16 }: { reason: Reason; size?: number }) {
  return (
    <span className={size > 16 ? 'sq big' : 'sq'}>
      <Icon name={REASON_ICON[reason]} size={size - 4} />
    </span>
  )
}

export function Logo() {
  return (
    <svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M4 3h16a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-8l-5 4v-4H4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z" className="logo-bubble" />
      <path d="M12 6.2v4.6l3.2 1.9" className="logo-hand" />
    </svg>
  )
}
