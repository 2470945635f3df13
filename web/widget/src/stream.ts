import type { Event } from "./api";
import { blocked, config, events, more, readTo, state, typing } from "./core";
import { CHECK, type Entry, h, HOUR, icon, MOON, RIGHT, SAVE, WARN } from "./dom";
import { createForm, type Form, hasForm } from "./form";
import type { Key } from "./keys";
import { type Item, items, retry, takeBack, waits, write } from "./queue";
import { createRating, word } from "./rating";
import { recall } from "./store";
import { day, k, t, time } from "./texts";
import { render } from "./view";

// The list of what stands in the stream, top to bottom, each with a key that changes when its look does.

export const MAX_TEXT = 4000;

// System messages a visitor gets; those with an icon are told by nobody in particular (R-033, D-21).
// rate.ask and rate.thanks are not here: the card of the rating says them.
const SYSTEM: Record<string, [text: Key, icon?: string]> = {
  "operator.joined": [k("operator.joined")],
  "dialog.ended.visitor": [k("dialog.ended.visitor")],
  "backlog.visitor": [k("backlog.visitor"), HOUR],
  "hours.visitor": [k("hours.visitor"), MOON],
  "offline.visitor": [k("offline.visitor"), MOON],
};

const bubble = (classes: string, who: string, text: string, at?: string) =>
  h(`div.bb ${classes}`, null, h("span.vh", null, who + ": "), h("span.tx", null, ...text.split(/(https?:\/\/\S+[^\s.,!?)])/).map((part, i) => (i % 2 ? h("a", { href: part, target: "_blank" }, part) : part))), at && h("time", null, time(at)));
const notice = (path: string, text: string, classes = "", ...rest: Node[]) => h(`div.au${classes}`, null, icon(path, 18), h("span", null, text), ...rest);
const line = (text: string, classes = "") => h(`div.ss${classes}`, null, text);

let formOpen = false;
let editing = false;
let general = false; // no department is wanted

function eventNode({ kind, author, text, params, key, operator, at }: Event): Node {
  const mine = author === "visitor";
  if (mine && kind === "form") return notice(CHECK, t("form.thanks"), " ok");
  if (text || kind === "department") return bubble(mine ? "me" : "op", mine ? t("txt.you") : (operator?.name ?? config.project_name), text ?? params!.department!, at);
  const [words, path] = SYSTEM[key!] ?? [];
  if (!words) return new Comment(); // not for this version: it only keeps its place
  return path ? notice(path, t(words)) : line(t(words, params), key === "dialog.ended.visitor" ? " end" : "");
}

const pending = (it: Item): Entry => [
  it.id + it.state,
  () => {
    const done = it.state === "done";
    const slow = it.state === "slow";
    return h("div.pd", null,
      bubble(done ? "me" : "me wt", t("txt.you"), it.label),
      !done && (it.state
        ? h("div.fa", null, icon(slow ? HOUR : WARN, 14),
            slow ? t("msg.tooMany") : t("msg.failed"),
            !slow && h("button", { onclick: () => retry(it) }, t("btn.retry")),
            // what only waits for a connection may have arrived already: it cannot be taken back
            !waits(it) && h("button", { onclick: () => takeBack(it) }, t("btn.delete")))
        : h("div.fa sd", null, t("msg.sending"))));
  },
];

export function list(save: () => void): Entry[] {
  const session = state?.session;
  const open = session?.open;
  const offer = state?.rating;
  const out: Entry[] = [];
  const say = (key: string, make: () => Node) => out.push([key, make]);

  if (!more) say("hi", () => bubble("op", config.project_name, config.greeting || t("greeting")));

  let date = day(Date.now());
  let session_no: number | undefined;
  const latest = events.findLast((e) => e.kind === "message");
  for (const e of events) {
    if (date !== (date = day(e.at))) say("d" + e.seq, () => line(day(e.at)));
    if (session_no && session_no !== e.session_no) say("s" + e.seq, () => line(t("session.new"), " end"));
    session_no = e.session_no;
    if (e.kind !== "form_request") say("e" + e.seq, () => eventNode(e));
    // One form at most stands open, and the server says which (D-34); of one that was sent the thanks are told.
    else if (state && !blocked && (e.seq === state.form_seq || e.seq > state.head_seq)) say("f" + e.seq, () => createForm(e.params as Form, render));
    else if (events.find(({ seq, kind }) => seq > e.seq && kind.startsWith("form"))?.kind !== "form") say("o" + e.seq, () => line(t("form.pendingReplaced")));
    if (e === latest && e.author === "visitor" && e.seq <= readTo) say("r" + e.seq, () => h("div.fa sd", null, t("msg.read")));
  }

  const waiting = items.filter((it) => !events.some((e) => e.client_id === it.id));
  out.push(...waiting.map(pending));

  const closed = session && !open;
  let rating = false;
  if (closed && offer && recall("skip") !== offer.session_id) {
    rating = !offer.stars || editing;
    if (rating) say(offer.session_id, () => createRating(offer, () => ((editing = false), render())));
    else
      say(`rated${offer.stars}`, () =>
        notice(CHECK, t("rate.thanks") + "\n" + word(offer.stars!), " ok", h("button", { onclick: () => ((editing = true), render()) }, t("btn.edit"))));
  }
  if (closed && state!.can_download) say("save", () => h("button.lk", { onclick: save }, icon(SAVE), t("act.download")));

  // What may start a session without a message; none of it stands in the way of writing.
  // What the log has and the state has not heard of yet may have started one.
  const idle = !blocked && !open && !rating && !waiting.length && !(events.at(-1)?.seq! > state?.head_seq!);
  const away = !config.open || !config.online; // nobody is there: contacts are what helps (D-21)
  if (away && idle && !events.length) say("off" + config.open, () => notice(MOON, config.open ? t("offline.visitor") : t("hours.visitor")));
  if (idle && !general && config.departments.length)
    say(JSON.stringify(config.departments), () => h("div.dp", { role: "group", "aria-label": t("dept.choose") }, h("span", null, t("dept.choose")),
      ...config.departments.map(({ id, name }) =>
        h("button", { onclick: () => write("department", { department_id: id }, name) }, name, icon(RIGHT))),
      h("button", { onclick: () => ((general = true), render()) }, t("dept.general"), icon(RIGHT))));
  if (idle && !state?.form_seq && hasForm(config.form) && (away || config.form.before)) {
    if (formOpen || away) say("form", () => createForm(config.form, () => ((formOpen = false), render())));
    else say("ask", () => h("button.lk", { onclick: () => ((formOpen = true), render()) }, config.form.title || t("form.title")));
  }

  if (typing && open) say("t" + typing, () => h("div.ty", null, t("typing", { name: typing! })));
  return out;
}
