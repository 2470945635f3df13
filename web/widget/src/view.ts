import { blocked, config, down, download, events, older, out, read, sayTyping, state, told, unread } from "./core";
import { CHAT, CROSS, DOWN, h, icon, LOCK, put, reconcile, SAVE, SEND, SILENT, SOUND, warn, WIFI } from "./dom";
import { probe } from "./live";
import { write } from "./queue";
import { mute, muted } from "./sound";
import { list, MAX_TEXT } from "./stream";
import { keep, recall } from "./store";
import { lang, t } from "./texts";

// Launcher and panel. Style values are set through the CSSOM, so a strict CSP of the host page does not matter.

export let render = () => {}; // there is nothing to see yet
export let show: (yes: boolean) => void;

export function createView(root: ShadowRoot) {
  let open = false;
  let news = 0; // unread
  let stick = true; // follow the end of the stream
  let top: number | undefined; // seq of the first event shown, to notice older ones put before it
  const phone = matchMedia("(width<480px)");
  const name = config.project_name;

  const badge = h("span.bg");
  const status = h("div.vh lch", { role: "status" }); // says aloud what the badge shows, and lies behind it
  const launcher = h("button.lch", { onclick: () => show(true) }, icon(CHAT, 28), badge);
  const avatar = h("span.a");
  const title = h("b");
  const sub = h("span");
  const saver = h("button", { onclick: save }, icon(SAVE, 20));
  const bell = h("button", { title: t("pref.sound"), onclick: () => (mute(), render()) });
  const close = h("button", { "aria-label": t("btn.close"), onclick: () => show(false) });
  const bar = h("div.bar", { role: "alert" }, icon(WIFI), t("net.lost"));
  const stream = h("div.sm", { role: "log", "aria-label": name, tabIndex: 0, onscroll: scrolled });
  const note = h("div.er nt", { role: "alert", hidden: true });
  const input = h("textarea", { rows: 1, placeholder: t("win.placeholder"), value: recall("draft") ?? "", oninput: typed });
  const button = h("button.s", { "aria-label": t("win.send") }, icon(SEND, 20));
  const composer = h("form.cp", { onsubmit: submit }, input, button);
  const refused = h("div.cp dis", null, icon(LOCK), t("block.visitor"));
  const panel = h("div.pn", { role: "dialog", "aria-label": name, hidden: true },
    h("div.hd", null, avatar, h("div.t", null, title, sub), saver, bell, close), bar, stream, note, composer, refused);
  const box = h(`div.w ${config.side}`, { lang }, status, launcher, panel);
  box.style.cssText = config.colours;

  show = (yes) => {
    panel.hidden = !(open = launcher.hidden = yes);
    stick = true;
    if (yes) probe();
    fit();
    grow();
    render();
    (yes ? (blocked ? close : input) : launcher).focus();
    tell(yes ? "open" : "close");
  };

  const tell = (type: string) => told.dispatchEvent(new CustomEvent(type, { detail: news }));

  const toEnd = () => stick && top && (stream.scrollTop = stream.scrollHeight);

  // On a phone the panel fills what the keyboard leaves of the screen.
  const viewport = window.visualViewport;
  function fit() {
    panel.ariaModal = `${phone.matches}`;
    document.body.inert = open && phone.matches; // we stand beside it: Tab does not go behind the panel
    put(close, icon(phone.matches ? CROSS : DOWN, 20));
    panel.style.cssText = phone.matches && viewport ? `height:${viewport.height}px;top:${viewport.offsetTop}px` : "";
    toEnd();
  }

  function scrolled() {
    stick = stream.scrollHeight - stream.scrollTop - stream.clientHeight < 40;
    if (open && stream.scrollTop < 80) void older();
  }

  const text = () => input.value.replace(/[^\P{Cc}\n\t]/gu, "").trim();
  const tooLong = () => [...text()].length > MAX_TEXT;

  function grow() {
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
    button.classList.toggle("on", !!text() && !tooLong());
    warn(note, tooLong() && t("msg.tooLong", { max: `${MAX_TEXT}` }));
    toEnd(); // the stream was longer for a moment
  }

  function typed() {
    grow();
    keep("draft", input.value); // not lost with the page
    if (text()) sayTyping();
  }

  function submit(e: Event) {
    e.preventDefault();
    if (!text() || tooLong()) return;
    stick = true;
    write("messages", { text: text() }, text());
    input.value = "";
    typed();
    input.focus();
  }

  function save() {
    if (state?.can_download) download().then(() => warn(note), () => warn(note, t("net.lost")));
    else warn(note, t("download.offVisitor"));
  }

  render = () => {
    const operator = state?.session?.operator;
    title.textContent = operator || name;
    sub.textContent = operator! && (state!.session!.open && state!.operator_online ? t("status.online") : name);
    avatar.hidden = !operator;
    avatar.textContent = operator! && operator.replace(/(\S)\S*\s*/g, "$1").slice(0, 2);
    const may = state?.can_download;
    saver.title = may ? t("act.download") : t("download.offVisitor");
    saver.ariaDisabled = `${!may}`;
    put(bell, icon(muted() ? SILENT : SOUND, 20));
    bell.ariaPressed = `${!muted()}`;
    if (blocked && root.activeElement === input) close.focus(); // it does not fall to the page
    composer.hidden = blocked;
    refused.hidden = !blocked;
    bar.hidden = !down;

    const first = events[0]?.seq;
    const fromEnd = stream.scrollHeight - stream.scrollTop;
    stream.ariaBusy = `${first !== top}`; // history is not news to be read out
    const focused = root.activeElement;
    reconcile(stream, list(save));
    // the pressed button has done its work and is gone: on to the form it opened, or to writing
    if (focused?.isConnected === false) (stream.querySelector<HTMLElement>("form input") ?? input).focus();
    panel.classList.toggle("start", !first);
    if (first !== top) stream.scrollTop = stream.scrollHeight - fromEnd;
    top = first;
    toEnd();

    if (open && !document.hidden) read();
    const changed = news !== (news = unread());
    badge.hidden = !news;
    badge.textContent = `${news}`;
    launcher.ariaLabel = t("widget.open") + (news ? `: ${news}` : "");
    if (changed) {
      status.textContent = news ? launcher.ariaLabel : "";
      tell("unread");
    }
  };

  input.onkeydown = (e) => {
    if (e.keyCode === 13 && !e.shiftKey) submit(e); // 229 while an IME composes, also where isComposing is over by then (Safari)
  };
  // Keys pressed in the widget are not for the shortcuts of the host page.
  box.onkeydown = box.onkeyup = box.onkeypress = (e) => {
    e.stopPropagation();
    if (open && e.key === "Escape") show(false);
  };

  const awake = () => {
    if (input.value) keep("draft", input.value); // before a reload, whatever another tab has sent
    probe();
    render();
  };
  for (const [target, type, act] of [
    [document, "visibilitychange", awake],
    [window, "online", awake],
    [viewport, "resize", fit],
    [viewport, "scroll", fit],
  ] as const)
    target?.addEventListener(type, act, out);
  new ResizeObserver(toEnd).observe(stream);
  render();
  root.append(box);
}
