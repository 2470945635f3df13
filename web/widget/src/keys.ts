// Every text the widget shows; the build takes exactly these from texts/*.json and sends them by position, without
// their keys: t("…") and k("…") become numbers. The order packs 16 bytes smaller than that of the alphabet; only rate.1 to
// rate.5 must follow each other.
export const LANGUAGES = ["ru", "en", "kk"] as const;

export const KEYS = [
  "block.visitor",
  "backlog.visitor",
  "form.pendingReplaced",
  "btn.edit",
  "card.email",
  "rate.comment",
  "consent.link",
  "consent.short",
  "consent.text",
  "btn.close",
  "form.intro",
  "dept.choose",
  "btn.delete",
  "dept.general",
  "dialog.ended.visitor",
  "rate.ask",
  "widget.open",
  "form.email",
  "form.needConsent",
  "form.title",
  "msg.read",
  "msg.failed",
  "pref.sound",
  "form.phone",
  "operator.joined",
  "greeting",
  "rate.1",
  "rate.2",
  "rate.3",
  "rate.4",
  "rate.5",
  "msg.tooMany",
  "net.lost",
  "status.online",
  "btn.skip",
  "rate.send",
  "rate.thanks",
  "card.phone",
  "txt.you",
  "act.download",
  "win.send",
  "btn.retry",
  "session.new",
  "form.required",
  "msg.tooLong",
  "download.offVisitor",
  "win.placeholder",
  "typing",
  "offline.visitor",
  "msg.sending",
  "form.thanks",
  "hours.visitor",
  "card.name",
] as const;

// A language file is windows-1251, one byte per letter. It has no Kazakh letters but і: here they stand in the places of
// ђ, ѓ, є and so on, which none of the three languages has. The build says when one lacks.
export const LETTERS = "ғқңүіұәөҚӨ";

export type Key = (typeof KEYS)[number];
export type Lang = (typeof LANGUAGES)[number];
