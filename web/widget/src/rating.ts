import type { VisitorState } from "./api";
import { submit } from "./core";
import { h, icon, STAR, warn } from "./dom";
import { card, failed } from "./form";
import type { Key } from "./keys";
import { keep } from "./store";
import { k, t } from "./texts";

// 1 to 5 stars with words and an optional comment (D-39); may be changed until a new session starts.

export type Offer = NonNullable<VisitorState["rating"]>;

// One after the other in keys.ts: k("rate.1"), k("rate.2"), k("rate.3"), k("rate.4"), k("rate.5").
export const word = (n: number) => `${n} · ${t(((k("rate.1") as unknown as number) + n - 1) as unknown as Key)}`;

export function createRating(offer: Offer, done: () => void) {
  let stars = 0;
  const chosen = h("div.sw");
  const error = h("div.er", { role: "alert", hidden: true });
  const comment = h("textarea.in", { placeholder: t("rate.comment"), maxLength: 1000, rows: 2, value: offer.comment ?? "" });
  const button = h("button.bt", { disabled: true }, t("rate.send"));

  const labels = [1, 2, 3, 4, 5].map((n) =>
    h("label", null, h("input.vh", { type: "radio", name: "stars", checked: n === offer.stars, "aria-label": word(n), onchange: () => choose(n) }), icon(STAR, 34)));

  function choose(n: number) {
    stars = n;
    chosen.textContent = word(n);
    button.disabled = false;
  }
  if (offer.stars) choose(offer.stars);

  function skip() {
    keep("skip", offer.session_id);
    done();
  }

  async function send() {
    try {
      await submit("rating", { session_id: offer.session_id, stars, comment: comment.value.trim() });
      done();
    } catch (e) {
      warn(error, t(failed(e)));
    }
  }

  return card(" rt", t("rate.ask"), send,
    h("div.st", { role: "radiogroup" }, ...labels),
    chosen,
    comment,
    error,
    h("div.two", null, h("button.bt o", { type: "button", onclick: skip }, t("btn.skip")), button),
  );
}
