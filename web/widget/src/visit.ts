import { keep, parse, recall } from "./store";

// The visit: page loads less than 30 minutes apart. Its first address gives the utm values (R-106, D-55); a visitor is
// made only when the person acts, so until then this browser remembers where it began.

const GAP = 30 * 60_000;

export function seePage() {
  const now = Date.now();
  const page_url = location.href.slice(0, 2000);
  // no array: old libraries give those a toJSON that breaks them
  let visit = parse(recall("visit")) || {};
  if (!(now - visit.seen < GAP)) visit = { landed: now, landing_url: page_url, referrer: document.referrer.slice(0, 2000) };
  visit.seen = now;
  keep("visit", JSON.stringify(visit));
  const { landed, landing_url, referrer } = visit;
  const page = {
    page_url,
    page_title: document.title.slice(0, 300),
    referrer,
    language: navigator.language,
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
  return { page, start: () => ({ ...page, landing_url, landed_seconds_ago: Math.min(86_400, (Math.abs(Date.now() - landed) / 1000) | 0) }) };
}
