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
  "dept.general",
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
  "msg.read",
  "msg.sending",
  "msg.tooLong",
  "msg.tooMany",
  "net.lost",
  "offline.visitor",
  "operator.joined",
  "pref.sound",
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

// A language file is windows-1251, one byte per letter. It has no Kazakh letters but і: here they stand in the places of
// ђ, ѓ, є and so on, which none of the three languages has. The build says when one lacks.
export const LETTERS = "ғқңүіұәөҚӨ";

export type Key = (typeof KEYS)[number];
export type Lang = (typeof LANGUAGES)[number];
