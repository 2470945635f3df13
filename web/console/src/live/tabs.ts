/** The tabs of one operator in one browser: they hear each other, and one of them leads. */
export interface Tabs<W> {
  readonly leads: boolean
  start(hear: (word: W) => void, onLead: () => void): void
  /** To the other tabs. */
  say(word: W): void
  /** Whether any of them is looked at. */
  ifVisible(then: (visible: boolean) => void): void
  stop(): void
}

/** A tab that knows of no other: it leads, and whether it is looked at it knows itself. */
export const ALONE: Tabs<never> = { leads: true, start: () => {}, say: () => {}, ifVisible: (then) => then(false), stop: () => {} }

/** Only a page of a secure origin has locks; elsewhere each tab is alone. */
export function canJoin(): boolean {
  return typeof BroadcastChannel !== 'undefined' && !!navigator.locks
}

/**
 * Who leads holds a lock, who is looked at holds another one that all may share: the browser frees both when a tab ends, however
 * it ends.
 */
export class BrowserTabs<W> implements Tabs<W> {
  leads = false
  private name: string
  private channel: BroadcastChannel
  private stopped = new AbortController()
  private release?: () => void
  private hide?: () => void

  constructor(operatorId: string) {
    this.name = `otklik.tabs.${operatorId}`
    this.channel = new BroadcastChannel(this.name)
  }

  start(hear: (word: W) => void, onLead: () => void) {
    this.channel.onmessage = (e: MessageEvent<W>) => hear(e.data)
    const { signal } = this.stopped
    void this.lead(onLead, false)
    // A tab nobody has pressed anything in may not make a sound: the first press makes it the one that leads.
    if (!navigator.userActivation?.hasBeenActive)
      for (const e of ['pointerup', 'keydown']) addEventListener(e, () => void this.pressed(onLead), { once: true, signal })
    document.addEventListener('visibilitychange', () => this.show(), { signal })
    this.show()
  }

  say(word: W) {
    if (!this.stopped.signal.aborted) this.channel.postMessage(word)
  }

  ifVisible(then: (visible: boolean) => void) {
    void navigator.locks.query().then(({ held }) => then(!!held?.some((lock) => lock.name === `${this.name}.seen`)))
  }

  stop() {
    this.stopped.abort()
    this.release?.()
    this.hide?.()
    this.leads = false
    this.channel.close()
  }

  private async pressed(onLead: () => void) {
    if (!this.leads) await this.lead(onLead, true)
  }

  private async lead(onLead: () => void, steal: boolean): Promise<void> {
    const { signal } = this.stopped
    if (signal.aborted) return
    const options = steal ? { steal } : { signal }
    try {
      await navigator.locks.request(this.name, options, () => {
        if (signal.aborted) return
        this.leads = true
        onLead()
        return new Promise<void>((done) => (this.release = done))
      })
    } catch {
      // Another tab took it, or this one has stopped waiting.
      this.leads = false
      if (!steal) return this.lead(onLead, false)
    }
  }

  private show() {
    if (document.visibilityState !== 'visible') {
      this.hide?.()
      this.hide = undefined
      return
    }
    this.hide ??= this.hold()
  }

  private hold(): () => void {
    let done = () => {}
    const seen = new Promise<void>((resolve) => (done = resolve))
    void navigator.locks.request(`${this.name}.seen`, { mode: 'shared' }, () => seen)
    return done
  }
}
