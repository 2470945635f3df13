// Small helpers over the DOM. Text only ever goes in as text nodes (I-11); no HTML is parsed anywhere.

type Child = Node | string | false | undefined;

// h("button.s.on", { onclick: f, "aria-label": "…" }, child, …)
export function h<K extends keyof HTMLElementTagNameMap>(spec: K | `${K}.${string}`, props?: Record<string, unknown> | null, ...children: Child[]) {
  const [tag, ...classes] = spec.split(".");
  const el = document.createElement(tag as K);
  el.className = classes.join(" ");
  for (const name in props) {
    if (name in el) (el as Record<string, unknown>)[name] = props[name];
    else el.setAttribute(name, props[name] as string);
  }
  put(el, ...children);
  return el;
}

export const put = (el: Element, ...children: Child[]) => el.replaceChildren(...children.filter((c) => !!c) as Node[]);

// Own icons: 16 px grid, stroke 1.5, round joins.
const PATHS = {
  chat: "M2 3h12v8H8l-3 3v-3H2z",
  check: "m3 8 3 4 7-7",
  down: "m4 6 4 4 4-4",
  hour: "M4 2h8L4 14h8z",
  lock: "M4 7h8v6H4zm2 0V4h4v3",
  moon: "M13 10a5 5 0 1 1-7-7 5 5 0 0 0 7 7z",
  right: "m6 4 4 4-4 4",
  save: "M8 2v8M5 7l3 3 3-3M3 11v3h10v-3",
  send: "m3 3 11 5-11 5 1-5zm1 5h5",
  star: "m8 2 2 4 4 .5-3 3 1 4-4-2-4 2 1-4-3-3 4-.5z",
  warn: "m8 2 6 11H2zm0 4v3m0 2v0",
};
export type Icon = keyof typeof PATHS;

export function icon(name: Icon, size = 16) {
  const make = (tag: string, attributes: Record<string, string | number>) => {
    const el = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const a in attributes) el.setAttribute(a, attributes[a] as string);
    return el;
  };
  const svg = make("svg", { width: size, height: size, viewBox: "0 0 16 16", class: name });
  svg.append(make("path", { d: PATHS[name] }));
  return svg;
}

export type Entry = [key: string, make: () => Node];

// Makes the children of parent those of the list. A node that stays in order is not touched: it keeps focus and typed text.
export function reconcile(parent: Node, list: Entry[], nodes: Map<string, Node>) {
  const keys = new Map(list);
  for (const [key, node] of nodes)
    if (!keys.has(key)) {
      (node as ChildNode).remove();
      nodes.delete(key);
    }
  let at = parent.firstChild;
  for (const [key, make] of list) {
    const node = nodes.get(key) ?? make();
    nodes.set(key, node);
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}
