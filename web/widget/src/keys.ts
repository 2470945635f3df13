// Every text the widget shows; the build takes exactly these from texts/*.json and sends them by position, without
// their keys: t("…") and k("…") become numbers.
export const LANGUAGES = ["ru", "en", "kk"] as const;

export const KEYS = [
  "act.download",
  "backlog.visitor",
  "block.visitor",
  "btn.close",
  "btn.delete",
  "btn.edit",
  "btn.retry",
  "btn.skip",
  "card.email",
  "card.name",
  "card.phone",
  "consent.link",
  "consent.short",
  "consent.text",
  "dept.choose",
  "dialog.ended.visitor",
  "download.offVisitor",
  "form.email",
  "form.intro",
  "form.needConsent",
  "form.pendingReplaced",
  "form.phone",
  "form.required",
  "form.thanks",
  "form.title",
  "greeting",
  "hours.visitor",
  "msg.failed",
  "msg.sending",
  "msg.tooLong",
  "net.lost",
  "offline.visitor",
  "operator.joined",
  "rate.1",
  "rate.2",
  "rate.3",
  "rate.4",
  "rate.5",
  "rate.ask",
  "rate.comment",
  "rate.send",
  "rate.thanks",
  "session.new",
  "status.online",
  "txt.you",
  "typing",
  "widget.open",
  "win.placeholder",
  "win.send",
] as const;

// A language file has one byte per letter: ASCII as it is, from 128 on А…я, ё, і, from 208 on these; the build says when one lacks.
export const LETTERS = "…ғқңүұәөҚӨ";

export type Key = (typeof KEYS)[number];
export type Lang = (typeof LANGUAGES)[number];
