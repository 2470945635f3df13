import { accentColours } from "./accent";
import type { WidgetConfig } from "./api";
import type { Core } from "./core";
import { h, icon, put, reconcile } from "./dom";
import { createStream, MAX_TEXT } from "./stream";
import { lang, t } from "./texts";

// Launcher and panel. Style values are set through the CSSOM, so a strict CSP of the host page does not matter.

export function createView(config: WidgetConfig) {
  let core!: Core;
  let list: ReturnType<typeof createStream>;
  let open = false;
  let stick = true; // follow the end of the stream
  let top: number | undefined; // seq of the first event shown, to notice older ones put before it
  const nodes = new Map<string, Node>();
  const phone = matchMedia("(max-width:479.98px)");
  const dark = matchMedia("(prefers-color-scheme:dark)");

  const badge = h("span.bg");
  const launcher = h("button.lch", { onclick: () => show(true) }, icon("chat", 28), badge);
  const avatar = h("span.a");
  const title = h("b");
  const sub = h("span");
  const save = h("button", { onclick: download }, icon("save", 20));
  const close = h("button", { "aria-label": t("btn.close"), onclick: () => show(false) }, icon("down", 20));
  const bar = h("div.bar", { role: "alert", hidden: true });
  const stream = h("div.sm", { role: "log", "aria-label": config.project_name, tabIndex: 0, onscroll: scrolled });
  const note = h("div.er.nt", { role: "alert", hidden: true });
  const input = h("textarea", { rows: 1, placeholder: t("win.placeholder"), enterKeyHint: "send", oninput: typed });
  const button = h("button.s", { "aria-label": t("win.send") }, icon("send", 20));
  const composer = h("form.cp", { onsubmit: submit }, input, button);
  const refused = h("div.cp.dis", null, icon("lock"), t("block.visitor"));
  const panel = h("div.pn", { role: "dialog", "aria-label": config.project_name, hidden: true },
    h("div.hd", null, avatar, h("div.t", null, title, sub), save, close), bar, stream, note, composer, refused);
  const box = h(`div.w.${config.side}`, { lang }, launcher, panel);

  function colours() {
    const [accent, on, border] = accentColours(config.accent, dark.matches);
    box.style.cssText = `--ac:${accent};--on:${on};--bd:${border}`;
  }

  function show(yes: boolean) {
    panel.hidden = !(open = launcher.hidden = yes);
    stick = true;
    if (yes) core.probe();
    fit();
    render();
    (yes ? (core.blocked ? close : input) : launcher).focus();
  }

  const toEnd = () => stick && top && (stream.scrollTop = stream.scrollHeight);

  // On a phone the panel fills what the keyboard leaves of the screen.
  const viewport = window.visualViewport;
  function fit() {
    panel.style.cssText = phone.matches && viewport ? `height:${viewport.height}px;top:${viewport.offsetTop}px` : "";
    toEnd();
  }

  function scrolled() {
    stick = stream.scrollHeight - stream.scrollTop - stream.clientHeight < 40;
    if (open && stream.scrollTop < 80) void core.older();
  }

  const text = () => input.value.replace(/[^\P{Cc}\n\t]/gu, "").trim();
  const tooLong = () => [...text()].length > MAX_TEXT;

  function say(message?: string | false) {
    note.hidden = !message;
    put(note, !!message && icon("warn", 14), message);
  }

  function typed() {
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
    button.classList.toggle("on", !!text() && !tooLong());
    say(tooLong() && t("msg.tooLong", { max: `${MAX_TEXT}` }));
    if (text()) core.sayTyping();
  }

  function submit(e: Event) {
    e.preventDefault();
    if (!text() || tooLong()) return;
    stick = true;
    core.queue.add("messages", { text: text() }, text());
    input.value = "";
    typed();
    input.focus();
  }

  function download() {
    if (core.state?.can_download) core.download().then(() => say(), () => say(t("net.lost")));
    else say(t("download.offVisitor"));
  }

  function render() {
    if (!core) return; // not started yet
    const { state, blocked, down, events } = core;
    const operator = state?.session?.operator;
    title.textContent = operator || config.project_name;
    sub.textContent = operator! && (state!.session!.open && state!.operator_online ? t("status.online") : config.project_name);
    avatar.hidden = !operator;
    avatar.textContent = operator! && operator.split(" ", 2).map((w) => w[0]).join("");
    const may = state?.can_download;
    save.title = may ? t("act.download") : t("download.offVisitor");
    save.ariaDisabled = `${!may}`;
    composer.hidden = blocked;
    refused.hidden = !blocked;
    if (bar.hidden === down) put(bar, down && icon("warn"), down && t("net.lost"));
    bar.hidden = !down;

    const first = events[0]?.seq;
    const fromEnd = stream.scrollHeight - stream.scrollTop;
    stream.ariaBusy = `${first !== top}`; // history is not news to be read out
    const focused = (box.getRootNode() as ShadowRoot).activeElement;
    reconcile(stream, list(), nodes);
    // the pressed button has done its work and is gone: on to the form it opened, or to writing
    if (focused?.isConnected === false) (stream.querySelector<HTMLElement>("form input") ?? input).focus();
    panel.classList.toggle("start", !first);
    if (first !== top) stream.scrollTop = stream.scrollHeight - fromEnd;
    top = first;
    toEnd();

    if (open && !document.hidden) core.read();
    const n = core.unread();
    badge.hidden = !n;
    badge.textContent = `${n}`;
    launcher.ariaLabel = t("widget.open") + (n ? ` (${n})` : "");
  }

  input.onkeydown = (e) => {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing) submit(e);
  };
  // Keys pressed in the widget are not for the shortcuts of the host page.
  box.onkeydown = box.onkeyup = box.onkeypress = (e) => {
    e.stopPropagation();
    if (open && e.key === "Escape") show(false);
  };

  return {
    render,
    start(root: ShadowRoot, c: Core) {
      core = c;
      list = createStream(core, render, download);
      const awake = () => {
        core.probe();
        render();
      };
      document.addEventListener("visibilitychange", awake);
      addEventListener("online", awake);
      viewport?.addEventListener("resize", fit);
      viewport?.addEventListener("scroll", fit);
      dark.onchange = colours;
      new ResizeObserver(toEnd).observe(stream);
      colours();
      render();
      root.append(box);
    },
  };
}
