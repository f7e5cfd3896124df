// What is asked where two people changed the same: both are shown, and the person decides.
import type { Clash } from "../model/record.ts";
import { same } from "../model/record.ts";
import type { Picture, Value } from "../model/picture.ts";
import { split } from "../model/picture.ts";
import { name } from "../model/words.ts";
import { t, type Key } from "../messages/messages.ts";
import { h, ltr } from "./dom.ts";
import { dialog } from "./menu.ts";

export function askClash(picture: Picture, clashes: Clash[]): Promise<(field: string) => boolean> {
  return new Promise((decided) => {
    const mine = new Map<string, boolean>(clashes.map((c) => [c.field, true]));
    let answered = false;
    dialog({ title: t("clash.title"), wide: true, agree: t("clash.agree"), closed: () => {
      // Closed without an answer: what others wrote stands, and nothing of it is lost.
      decided(answered ? (f) => mine.get(f) ?? false : () => false);
    } }, (body) => {
      body.append(h("p", {}, t("clash.words")));
      for (const c of clashes.slice(0, 50)) {
        const group = h("fieldset", { class: "g-clash" }, h("legend", {}, called(picture, c)));
        const choice = (own: boolean, text: string, value: Value): HTMLElement => {
          const box = h("input", { type: "radio", name: "clash-" + c.field, checked: own });
          box.addEventListener("change", () => mine.set(c.field, own));
          return h("label", { class: "g-choice" }, box, h("span", {}, h("strong", {}, text), h("span", { class: "g-hint" }, differs(value, own ? c.theirs : c.yours))));
        };
        group.append(choice(true, t("clash.mine"), c.yours), choice(false, t("clash.theirs"), c.theirs));
        body.append(group);
      }
    }, () => {
      answered = true;
    });
  });
}

function called(p: Picture, c: Clash): HTMLElement | string {
  const [family, id] = split(c.field);
  const n = family === "node" ? p.nodes.get(id) : undefined;
  if (n) return h("bdi", {}, name(n));
  if (family === "node") return ltr(id);
  return t(`clash.field.${family === "edge" || family === "group" || family === "view" ? family : "title"}` as Key);
}

/** differs says in what a value is another than the other one. */
function differs(value: Value, other: Value): string {
  if (value === null) return t("clash.gone");
  if (typeof value !== "object") return String(value);
  const a = value as unknown as Record<string, unknown>, b = (typeof other === "object" && other !== null ? other : {}) as unknown as Record<string, unknown>;
  const out: string[] = [];
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (!same(a[key], b[key])) out.push(`${key}: ${a[key] === undefined ? "–" : typeof a[key] === "object" ? JSON.stringify(a[key]) : String(a[key])}`);
  }
  return out.join("; ");
}
