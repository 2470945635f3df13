import type { Store } from "./store";

// The visit: page loads less than 30 minutes apart. Its first address gives the utm values (R-106, D-55); a visitor is
// made only when the person acts, so until then this browser remembers where it began.

const GAP = 30 * 60_000;

export function seePage(store: Store) {
  const now = Date.now();
  const page_url = location.href.slice(0, 2000);
  let [seen, landed, landing_url, referrer] = JSON.parse(store.get("visit") ?? "[0]");
  if (now - seen >= GAP) [landed, landing_url, referrer] = [now, page_url, document.referrer.slice(0, 2000)];
  store.set("visit", JSON.stringify([now, landed, landing_url, referrer]));
  const page = {
    page_url,
    page_title: document.title.slice(0, 300),
    referrer,
    language: navigator.language,
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
  return { page, start: () => ({ ...page, landing_url, landed_seconds_ago: Math.round(Math.min(86_400_000, Math.abs(Date.now() - landed)) / 1000) }) };
}
