// The visitor's memory: localStorage, no cookie; the page's own memory where storage is refused.

let items: Record<string, string>;
let prefix: string;

export function openStore(prefix_: string) {
  prefix = prefix_;
  try {
    items = (localStorage as unknown as Record<string, string>) || {};
  } catch {
    items = {};
  }
}

export const recall = (name: string): string | undefined => items[prefix + name];

export function keep(name: string, value: string) {
  try {
    items[prefix + name] = value;
  } catch {
    // full: it lives as long as the page
  }
}

export function forget(name: string) {
  delete items[prefix + name];
}

// Every value whose name begins so.
export const recallAll = (start: string) => Object.keys(items).filter((key) => key.startsWith(prefix + start)).map((key) => items[key]!);

// What the store holds under a name of ours may be anybody's: what cannot be read counts as nothing.
export function parse(text: string | undefined) {
  try {
    return JSON.parse(text!);
  } catch {
    // nothing
  }
}
