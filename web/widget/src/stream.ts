import type { Event } from "./api";
import type { Core } from "./core";
import { type Entry, h, type Icon, icon } from "./dom";
import { createForm, type Form, hasForm } from "./form";
import type { Key } from "./keys";
import type { Item } from "./queue";
import { createRating, word } from "./rating";
import { day, k, t, time } from "./texts";

// The list of what stands in the stream, top to bottom, each with a key that changes when its look does.

export const MAX_TEXT = 4000;

// System messages a visitor gets; those with an icon are told by nobody in particular (R-033, D-21).
// rate.ask and rate.thanks are not here: the card of the rating says them.
const SYSTEM: Record<string, [text: Key, icon?: Icon]> = {
  "operator.joined": [k("operator.joined")],
  "dialog.ended.visitor": [k("dialog.ended.visitor")],
  "backlog.visitor": [k("backlog.visitor"), "hour"],
  "hours.visitor": [k("hours.visitor"), "moon"],
  "offline.visitor": [k("offline.visitor"), "moon"],
};

const bubble = (cls: string, who: string, text: string, at?: string) =>
  h(`div.bb.${cls}`, null, h("span.vh", null, who + ": "), h("span.tx", null, text), at && h("time", null, time(at)));
const notice = (name: Icon, text: string, cls = "") => h(`div.au${cls}`, null, icon(name, 18), h("span", null, text));
const line = (text: string, cls = "") => h(`div.ss${cls}`, null, text);

export function createStream(core: Core, changed: () => void, download: () => void) {
  let formOpen = false;
  let editing = false;

  const eventNode = ({ kind, author, text, params, key, operator, at }: Event): Node => {
    const mine = author === "visitor";
    if (mine && kind === "form") return notice("check", t("form.thanks"), ".ok");
    if (text || kind === "department") return bubble(mine ? "me" : "op", mine ? t("txt.you") : (operator?.name ?? core.config.project_name), text ?? params?.department ?? "", at);
    const [words, name] = SYSTEM[key!] ?? [];
    if (!words) return new Comment(); // not for this version: it only keeps its place
    return name ? notice(name, t(words)) : line(t(words, params), key === "dialog.ended.visitor" ? ".end" : "");
  };

  const pending = (it: Item): Entry => [
    it.id + it.state,
    () => {
      const done = it.state === "done";
      const refused = it.state && it.state !== "late";
      return h("div.pd", null,
        bubble(done ? "me" : "me.wt", t("txt.you"), it.label),
        !done && (it.state
          ? h("div.fa", null, icon("warn", 14),
              t("msg.failed"),
              h("button", { onclick: () => core.queue.retry(it) }, t("btn.retry")),
              // what only waits for a connection may have arrived already: it cannot be taken back
              !!refused && h("button", { onclick: () => core.queue.drop(it.id) }, t("btn.delete")))
          : h("div.fa.sd", null, t("msg.sending"))));
    },
  ];

  return function list(): Entry[] {
    const { blocked, config, events, state, typing } = core;
    const session = state?.session;
    const open = session?.open;
    const offer = state?.rating;
    const out: Entry[] = [];
    const say = (key: string, make: () => Node) => out.push([key, make]);

    if (!core.more) say("hi", () => bubble("op", config.project_name, config.greeting || t("greeting")));

    let date = day(Date.now());
    let session_no: number | undefined;
    for (const e of events) {
      if (date !== (date = day(e.at))) say("d" + e.seq, () => line(day(e.at)));
      if (session_no && session_no !== e.session_no) say("s" + e.seq, () => line(t("session.new"), ".end"));
      session_no = e.session_no;
      if (e.kind !== "form_request") say("e" + e.seq, () => eventNode(e));
      // One form at most stands open, and the server says which (D-34); of one that was sent the thanks are told.
      else if (state && !blocked && (e.seq === state.form_seq || e.seq > state.head_seq))
        say("f" + e.seq, () => createForm(core, e.params as Form, changed));
      else if (events.find(({ seq, kind }) => seq > e.seq && kind.startsWith("form"))?.kind !== "form") say("o" + e.seq, () => line(t("form.pendingReplaced")));
    }

    const waiting = core.queue.items().filter((it) => !events.some((e) => e.client_id === it.id));
    out.push(...waiting.map(pending));

    const closed = session && !open;
    let rating = false;
    if (closed && offer && core.store.get("skip") !== offer.session_id) {
      rating = !offer.stars || editing;
      if (rating) say(offer.session_id, () => createRating(core, offer, () => ((editing = false), changed())));
      else
        say(`rated${offer.stars}`, () => {
          const thanks = notice("check", t("rate.thanks") + "\n" + word(offer.stars!), ".ok");
          thanks.append(h("button", { onclick: () => ((editing = true), changed()) }, t("btn.edit")));
          return thanks;
        });
    }
    if (closed && state.can_download) say("save", () => h("button.lk", { onclick: download }, icon("save"), t("act.download")));

    // What may start a session without a message; none of it stands in the way of writing.
    const idle = !blocked && !open && !rating && !waiting.length;
    const away = !config.open || !config.online; // nobody is there: contacts are what helps (D-21)
    if (away && idle && !events.length) say("off", () => notice("moon", config.open ? t("offline.visitor") : t("hours.visitor")));
    if (idle && config.departments.length)
      say("dept", () => h("div.dp", { role: "group", "aria-label": t("dept.choose") }, h("span", null, t("dept.choose")),
        ...config.departments.map(({ id, name }) =>
          h("button", { onclick: () => core.queue.add("department", { department_id: id }, name) }, name, icon("right")))));
    if (idle && !state?.form_seq && hasForm(config.form) && (away || config.form.before)) {
      if (formOpen || away) say("form", () => createForm(core, config.form, () => ((formOpen = false), changed())));
      else say("ask", () => h("button.lk", { onclick: () => ((formOpen = true), changed()) }, config.form.title || t("form.title")));
    }

    if (typing !== undefined && open) say("t" + typing, () => h("div.ty", null, t("typing", { name: typing || config.project_name })));
    return out;
  };
}
