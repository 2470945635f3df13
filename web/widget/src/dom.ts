// Small helpers over the DOM. Text only ever goes in as text nodes (I-11); no HTML is parsed anywhere.

type Child = Node | string | false | undefined;

// h("button.s on", { onclick: f, "aria-label": "…" }, child, …)
export function h<K extends keyof HTMLElementTagNameMap>(spec: K | `${K}.${string}`, props?: Record<string, unknown> | null, ...children: Child[]) {
  const [tag, classes = ""] = spec.split(".");
  const el = document.createElement(tag as K);
  el.className = classes;
  for (const name in props) {
    if (name in el) (el as Record<string, unknown>)[name] = props[name];
    else el.setAttribute(name, props[name] as string);
  }
  put(el, ...children);
  return el;
}

export const put = (el: Element, ...children: Child[]) => el.replaceChildren(...children.filter((c) => !!c) as Node[]);

// Own icons: 16 px grid, stroke 1.5, round joins.
export const CHAT = "M2 3h12v8H8l-3 3v-3H2z";
export const CHECK = "m3 8 3 4 7-7";
export const CROSS = "m4 4 8 8m0-8-8 8";
export const DOWN = "m4 6 4 4 4-4";
export const HOUR = "M4 2h8L4 14h8z";
export const LOCK = "M4 7h8v6H4zm2 0V4h4v3";
export const MOON = "M13 10a5.5 5.5 0 0 1-7-7 5.5 5.5 0 1 0 7 7z";
export const RIGHT = "m6 4 4 4-4 4";
export const SAVE = "M8 2v8M5 7l3 3 3-3M3 11v3h10v-3";
export const SEND = "m3 3 11 5-11 5 1-5zm1 5h5";
export const SOUND = "M2 6h3l4-3v10l-4-3H2z";
export const SILENT = SOUND + "m9 0 4 4m0-4-4 4";
export const STAR = "m8 2 2 4 4 .5-3 3 1 4-4-2-4 2 1-4-3-3 4-.5z";
export const WARN = "m8 2 6 11H2zm0 4v3m0 2v0";
export const WIFI = "M1 6q7-5 14 0M4 9q4-3 8 0m-4 3v0M3 14 13 2";

export function icon(path: string, size = 16) {
  const make = (tag: string, name: string, value: string) => {
    const el = document.createElementNS("http://www.w3.org/2000/svg", tag);
    el.setAttribute(name, value);
    return el;
  };
  const svg = make("svg", "viewBox", "0 0 16 16");
  svg.setAttribute("width", size as unknown as string);
  svg.append(make("path", "d", path));
  return svg;
}

// What is wrong, with its sign; nothing when nothing is.
export function warn(el: HTMLElement, text?: string | false) {
  el.hidden = !text;
  put(el, !!text && icon(WARN, 14), text);
}

export type Entry = [key: string, make: () => Node];

let nodes = new Map<string, Node>();

// Makes the children of parent, one for good, those of the list. A node that stays in order is not touched: it keeps focus and typed text.
export function reconcile(parent: Node, list: Entry[]) {
  const old = nodes;
  nodes = new Map(list.map(([key, make]) => [key, old.get(key) ?? make()]));
  old.forEach((node, key) => nodes.has(key) || (node as ChildNode).remove());
  let at = parent.firstChild;
  nodes.forEach((node) => (node === at ? (at = at.nextSibling) : parent.insertBefore(node, at)));
}
