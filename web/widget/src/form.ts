import type { Failure, WidgetConfig } from "./api";
import type { Core } from "./core";
import { h, icon, put } from "./dom";
import type { Key } from "./keys";
import { k, t } from "./texts";

// The contact form (R-022, D-34): never in the way of writing; consent is a box of its own, never pre-ticked (D-41).

// Name, label, what to say when it is wrong, and the type, which is its autocomplete, too ("name" is a text).
const FIELDS = [
  ["name", k("card.name"), k("form.required"), "name"],
  ["phone", k("card.phone"), k("form.phone"), "tel"],
  ["email", k("card.email"), k("form.email"), "email"],
] as const;

const shown = (form: WidgetConfig["form"]) => FIELDS.filter(([name]) => form[name] !== "hidden");
export const hasForm = (form: WidgetConfig["form"]) => shown(form).length > 0;

export function createForm(core: Core, sent: () => void) {
  const config = core.config.form;
  const fields = shown(config);
  const inputs: Record<string, HTMLInputElement> = {};
  const errors: Record<string, HTMLElement> = {};
  const error = (name: string) => (errors[name] = h("div.er", { id: name, hidden: true }));

  const consent = (inputs.consent = h("input", { type: "checkbox", "aria-describedby": "consent" }));
  const company = config.consent_company;
  const narrow = matchMedia("(max-width:479.98px)").matches;
  const words = config.consent_text || (narrow || !company ? t("consent.short") : t("consent.text", { company }));
  const url = config.consent_url;
  const button = h("button.bt", null, t("win.send"));

  function show(problems: Record<string, Key>) {
    let first: HTMLElement | undefined;
    for (const name in errors) {
      const key = problems[name];
      const wrong = (errors[name]!.hidden = key === undefined) === false;
      if (inputs[name]) inputs[name].ariaInvalid = `${wrong}`;
      if (!wrong) continue;
      put(errors[name]!, icon("warn", 14), t(key!));
      first ??= inputs[name] ?? button;
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

  return h("form.fm", { noValidate: true, "aria-label": t("form.title"), onsubmit: (e: Event) => (e.preventDefault(), submit()) },
    h("b", null, t("form.title")),
    h("p", null, t("form.intro")),
    ...fields.flatMap(([name, label, , type]) => {
      const required = config[name] === "required";
      inputs[name] = h("input.in", { type, autocomplete: type, maxLength: 100, placeholder: t(label) + (required ? " *" : ""), required, "aria-describedby": name });
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
