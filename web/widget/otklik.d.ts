// The widget's public interface: what a page may use, and nothing else of it (docs/widget.md). For TypeScript, copy this
// file into your project.

/** What the page knows about the visitor. */
export interface OtklikContacts {
  name?: string;
  phone?: string;
  email?: string;
  /**
   * The text of the consent the visitor has given on the page. With it the contacts are sent, and kept with this text as
   * the proof, as soon as a talk is open; without it they only fill in the widget's form, where the visitor ticks the box.
   */
  consent_text?: string;
  /** The version of that text. */
  consent_version?: string;
}

interface OtklikEvents {
  open: CustomEvent<number>;
  close: CustomEvent<number>;
  /** The number of unread messages has changed. */
  unread: CustomEvent<number>;
}

/** Each method waits until the widget is there; where it is switched off, or the visitor is blocked, nothing happens. */
export interface Otklik extends EventTarget {
  open(): void;
  close(): void;
  contacts(contacts: OtklikContacts): void;
  /** Takes the widget out of the page, with all it listens to. Removing the script tag does the same. */
  remove(): void;
  /** `detail` of each event is the number of unread messages. */
  addEventListener<K extends keyof OtklikEvents>(type: K, listener: (event: OtklikEvents[K]) => void, options?: AddEventListenerOptions | boolean): void;
}

declare global {
  interface Window {
    /** Absent before the script has run, and after `remove()`. */
    Otklik?: Otklik;
  }
}
