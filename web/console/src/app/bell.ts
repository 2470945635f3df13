import { useEffect } from 'react'
import badge from '../icon-badge.svg'
import plain from '../icon.svg'
import type { Bell, Sound } from '../live/attention.ts'
import { BrowserTabs, canJoin } from '../live/tabs.ts'
import { visitorName } from '../text/system.ts'
import { useText } from '../text/text.tsx'
import { useLatest, useWorkspace } from '../ui/hooks.ts'
import { REASON_TEXT } from '../ui/marks.tsx'
import { go } from './route.ts'

// Frequency, start and length of each note; nothing is loaded for them.
const NOTES: Record<Sound, readonly [number, number, number][]> = {
  call: [[659, 0, 0.18], [880, 0.2, 0.26]],
  transfer: [[740, 0, 0.3]],
  tick: [[520, 0, 0.06]],
}
const VOLUME: Record<Sound, number> = { call: 0.22, transfer: 0.2, tick: 0.08 }

let audio: AudioContext | undefined

export function play(sound: Sound, soft: boolean) {
  try {
    audio ??= new AudioContext()
    // A browser that was never clicked in stays silent; it is not an error.
    void audio.resume().catch(() => {})
    for (const [frequency, after, length] of NOTES[sound]) {
      const from = audio.currentTime + after
      const tone = audio.createOscillator()
      const volume = audio.createGain()
      tone.frequency.value = frequency
      volume.gain.setValueAtTime(0, from)
      volume.gain.linearRampToValueAtTime(VOLUME[sound] * (soft ? 0.4 : 1), from + 0.01)
      volume.gain.exponentialRampToValueAtTime(0.0001, from + length)
      tone.connect(volume).connect(audio.destination)
      tone.start(from)
      tone.stop(from + length)
    }
  } catch {
    // No sound here.
  }
}

/** Android Chrome has the name but throws: there a page may notify only through a service worker, and this one has none (D-62). */
function notification(title: string, options: NotificationOptions): Notification | undefined {
  try {
    return new Notification(title, options)
  } catch {
    return undefined
  }
}

/**
 * Sound and notifications. A notification says who and why, the text only when the operator allows it. Of his tabs in this browser
 * one rings for all.
 */
export function useBell(operatorId?: string) {
  const r = useLatest(useText())
  const { attention } = useWorkspace()
  useEffect(() => {
    if (operatorId && canJoin()) return attention.join(new BrowserTabs(operatorId))
    return undefined
  }, [attention, operatorId])
  useEffect(() => {
    const shown = new Map<string, Notification>()
    const close = (id: string) => {
      shown.get(id)?.close()
      shown.delete(id)
    }
    const bell: Bell = {
      visible: () => document.visibilityState === 'visible',
      ring: play,
      close,
      notify(row, reason, withText) {
        if (!('Notification' in window) || Notification.permission !== 'granted') return
        const { t } = r.current
        const body = [t(reason ? REASON_TEXT[reason] : 'tab.unassigned'), withText ? row.last?.text : ''].filter(Boolean).join('\n')
        const note = notification(visitorName(r.current, row.visitor), { body, tag: row.id })
        if (!note) return
        shown.set(row.id, note)
        note.onclick = () => {
          window.focus()
          go({ project: row.project_id, dialog: row.id })
          close(row.id)
        }
      },
    }
    const before = attention.bell
    attention.bell = bell
    const seen = () => bell.visible() && [...shown.keys()].forEach(close)
    document.addEventListener('visibilitychange', seen)
    return () => {
      attention.bell = before
      document.removeEventListener('visibilitychange', seen)
      ;[...shown.keys()].forEach(close)
    }
  }, [attention, r])
}

/** The icon of the tab carries a mark while something is important. */
export function useIconBadge(on: boolean) {
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
    if (link) link.href = on ? badge : plain
  }, [on])
}
