// The visitor's memory: localStorage, no cookie; the page's own memory where storage is blocked.

export type Store = ReturnType<typeof createStore>;

export function createStore(prefix: string, area: () => Storage = () => localStorage) {
  let items: Record<string, string>;
  try {
    items = (area() as unknown as Record<string, string>) || {};
  } catch {
    items = {};
  }
  return {
    get: (name: string): string | undefined => items[prefix + name],
    set(name: string, value: string) {
      try {
        items[prefix + name] = value;
      } catch {
        // full: it lives as long as the page
      }
    },
    drop(name: string) {
      delete items[prefix + name];
    },
    names: (start: string) =>
      Object.keys(items)
        .filter((key) => key.startsWith(prefix + start))
        .map((key) => key.slice(prefix.length)),
    // Calls back when another tab changes a value.
    watch: (changed: (name: string, value: string | null) => void) =>
      addEventListener("storage", (e) => e.key?.startsWith(prefix) && changed(e.key.slice(prefix.length), e.newValue)),
  };
}
