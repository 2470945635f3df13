import type { Failure, WidgetConfig } from "./api";
import type { Core } from "./core";
import { h, icon, put } from "./dom";
import type { Key } from "./keys";
import { k, t } from "./texts";

// The contact form (R-022, D-34): never in the way of writing; consent is a box of its own, never pre-ticked (D-41).

// As the widget is configured, or as it was when the form was sent.
export type Form = Partial<WidgetConfig["form"]> & { company?: string };

// Name, label, what to say when it is wrong, and the type, which is its autocomplete, too ("name" is a text).
const FIELDS = [
  ["name", k("card.name"), k("form.required"), "name"],
  ["phone", k("card.phone"), k("form.phone"), "tel"],
  ["email", k("card.email"), k("form.email"), "email"],
] as const;

const shown = (form: Form) => FIELDS.filter(([name]) => form[name] !== "hidden");
export const hasForm = (form: Form) => shown(form).length > 0;

export function createForm(core: Core, config: Form, sent: () => void) {
  const fields = shown(config);
  const inputs: Record<string, HTMLInputElement> = {};
  const errors: Record<string, HTMLElement> = {};
  const error = (name: string) => (errors[name] = h("div.er", { id: name, hidden: true }));

  const consent = (inputs.consent = h("input", { type: "checkbox", "aria-describedby": "consent" }));
  const company = config.consent_company ?? config.company;
  const narrow = matchMedia("(max-width:479.98px)").matches;
  const words = config.consent_text || (narrow || !company ? t("consent.short") : t("consent.text", { company }));
  const url = config.consent_url;
  const button = h("button.bt", null, t("win.send"));

  function show(problems: Record<string, Key>) {
    let first: HTMLElement | undefined;
    for (const name in errors) {
      const key = problems[name];
      const input = inputs[name] ?? button;
      errors[name]!.hidden = !key;
      input.ariaInvalid = `${!!key}`;
      if (!key) continue;
      put(errors[name]!, icon("warn", 14), t(key));
      first ??= input;
    }
    first?.focus();
    return !first;
  }

  async function submit() {
    const body: Record<string, string> = {};
    const problems: Record<string, Key> = {};
    for (const [name] of fields) {
      const value = inputs[name]!.value.trim();
      if (value) body[name] = value;
      else if (config[name] === "required") problems[name] = k("form.required");
    }
    if (!consent.checked) problems.consent = k("form.needConsent");
    if (!show(problems)) return;
    try {
      await core.submit("form", { ...body, consent: true, consent_text: words, consent_version: config.consent_version });
      sent();
    } catch (e) {
      const { code, field } = e as Failure;
      const wrong = fields.find(([name]) => name === field);
      if (code === "consent_required") show({ consent: k("form.needConsent") });
      else if (wrong) show({ [wrong[0]]: code === "required" ? k("form.required") : wrong[2] });
      else show({ all: k("msg.failed") });
    }
  }

  const title = config.title || t("form.title"); // the owner's or M-33

  return h("form.fm", { noValidate: true, "aria-label": title, onsubmit: (e: Event) => (e.preventDefault(), submit()) },
    h("b", null, title),
    h("p", null, t("form.intro")),
    ...fields.flatMap(([name, label, , type]) => {
      const required = config[name] === "required";
      inputs[name] = h("input.in", { type, autocomplete: type, maxLength: 100, "aria-label": t(label), placeholder: t(label) + (required ? " *" : ""), required, "aria-describedby": name });
      return [inputs[name], error(name)];
    }),
    h("div.ck", null,
      h("label", null, consent, words),
      // only an address of the web: the text is the owner's, a javascript: link would run in the host page
      /^https?:/.test(url ?? "") && h("span", null, ". ", h("a", { href: url, target: "_blank" }, t("consent.link")))),
    error("consent"),
    error("all"),
    button,
  );
}
