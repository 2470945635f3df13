import { type Failure, tooMany, type WidgetConfig } from "./api";
import { contacts, submit } from "./core";
import { h, warn } from "./dom";
import type { Key } from "./keys";
import { k, t } from "./texts";

// The contact form (R-022, D-34): never in the way of writing; consent is a box of its own, never pre-ticked (D-41).

// As the widget is configured, or as it was when the form was sent.
export type Form = Partial<WidgetConfig["form"]>;

// Name, label, what to say when it is wrong, and the type, which is its autocomplete, too ("name" is a text).
const FIELDS = [
  ["name", k("card.name"), k("form.required"), "name"],
  ["phone", k("card.phone"), k("form.phone"), "tel"],
  ["email", k("card.email"), k("form.email"), "email"],
] as const;

const shown = (form: Form) => FIELDS.filter(([name]) => form[name] !== "hidden");
export const hasForm = (form: Form) => shown(form)[0];

// What to say of what could not be sent.
export const failed = (e: unknown) => (tooMany(e as Failure) ? k("msg.tooMany") : k("msg.failed"));

// A card to fill in.
export const card = (classes: string, title: string, send: () => void, ...rest: (Node | string)[]) =>
  h(`form.fm${classes}`, { noValidate: true, "aria-label": title, onsubmit: (e: Event) => (e.preventDefault(), send()) }, h("b", null, title), ...rest);

// What was typed outlives its card: a message or another form may take its place.
const typed: Record<string, string> = {};

export function createForm(config: Form, sent: () => void) {
  const fields = shown(config);
  const rows: [name: string, wrong: Key, input: HTMLInputElement, error: HTMLElement][] = [];
  const row = (name: string, wrong: Key, input: HTMLElement) => {
    const error = h("div.er", { id: name, hidden: true });
    rows.push([name, wrong, input as HTMLInputElement, error]);
    input.oninput = () => { // he is mending it
      typed[name] = (input as HTMLInputElement).value;
      warn(error);
      input.ariaInvalid = "false";
    };
    return [input, error];
  };

  function show(problems: Record<string, Key>) {
    let first: HTMLInputElement | undefined;
    for (const [name, , input, error] of rows) {
      const key = problems[name];
      warn(error, key && t(key));
      input.ariaInvalid = `${!!key}`;
      if (key) first ??= input;
    }
    first?.form!.scrollIntoView({ block: "nearest" }); // it has grown
    first?.focus();
    return !first;
  }

  async function send() {
    const body: Record<string, string> = {};
    const problems: Record<string, Key> = {};
    fields.forEach(([name], i) => {
      const value = rows[i]![2].value.trim();
      if (value) body[name] = value;
      else if (config[name] === "required") problems[name] = k("form.required");
    });
    if (!consent.checked) problems.consent = k("form.needConsent");
    if (!show(problems)) return;
    try {
      await submit("form", { ...body, consent: true, consent_text: words, consent_version: config.consent_version });
      sent();
    } catch (e) {
      const { code, field } = e as Failure;
      const wrong = rows.find(([name]) => name === field);
      show(wrong ? { [field!]: code === "required" ? k("form.required") : wrong[1] } : { all: failed(e) });
    }
  }

  const inputs = fields.flatMap(([name, label, wrong, type]) => {
    const required = config[name] === "required";
    return row(name, wrong, h("input.in", { value: typed[name] ?? contacts[name] ?? "", type, autocomplete: type, maxLength: 100, "aria-label": t(label), placeholder: t(label) + (required ? " *" : ""), required, "aria-describedby": name }));
  });
  const consent = h("input", { type: "checkbox", "aria-describedby": "consent" });
  const { company } = config;
  const narrow = matchMedia("(width<480px)").matches;
  const words = config.consent_text || (narrow || !company ? t("consent.short") : t("consent.text", { company }));
  const url = config.consent_url!;

  return card("", config.title || t("form.title"), send, // the owner's title or M-33
    h("p", null, t("form.intro")),
    ...inputs,
    h("div.ck", null,
      h("label", null, consent, words),
      // only an address of the web: the text is the owner's, a javascript: link would run in the host page
      /^https?:/.test(url) && h("span", null, ". ", h("a", { href: url, target: "_blank" }, t("consent.link")))),
    row("consent", k("form.needConsent"), consent)[1]!,
    ...row("all", k("msg.failed"), h("button.bt", null, t("win.send"))).reverse(), // its error stands above it
  );
}
