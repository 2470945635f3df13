import { Emitter } from './emitter.ts'

// Text that was typed and not sent yet, per dialog. It outlives a reload, not the browser tab.

const PREFIX = 'otklik.draft.'

export interface TextStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

export class Drafts extends Emitter {
  private memory = new Map<string, string>()
  private storage?: TextStorage

  constructor(storage?: TextStorage) {
    super()
    this.storage = storage
  }

  get(dialogId: string): string {
    return this.memory.get(dialogId) ?? this.read(dialogId)
  }

  set(dialogId: string, text: string) {
    this.memory.set(dialogId, text)
    try {
      if (text) this.storage?.setItem(PREFIX + dialogId, text)
      else {
        this.storage?.removeItem(PREFIX + dialogId)
        this.memory.delete(dialogId)
      }
    } catch {
      // A full or forbidden storage costs only the survival of a reload.
    }
    this.changed()
  }

  private read(dialogId: string): string {
    try {
      return this.storage?.getItem(PREFIX + dialogId) ?? ''
    } catch {
      return ''
    }
  }
}
