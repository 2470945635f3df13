import type { Event } from "./api";

// The visitor's log: contiguous by seq, whatever comes twice or out of turn (design, section 5).

export const last = (events: Event[]) => events.at(-1)?.seq ?? 0;

// Appends what follows the last event; false when something in between is missing and must be asked for.
export const add = (events: Event[], news: Event[]) =>
  news.every((e) => {
    if (e.seq === last(events) + 1) events.push(e);
    return e.seq <= last(events);
  });

// A page before the first event; it may overlap. The newest page starts an empty log.
export const prepend = (page: Event[], events: Event[]) => [...page.filter((e) => !(e.seq >= events[0]?.seq!)), ...events];
