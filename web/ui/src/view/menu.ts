// Menus and dialogs, as the ARIA patterns have them: arrows move, Escape closes, and the
// focus goes back to where it came from.
import { t } from "../messages/messages.ts";
import { button, h, icon, id, type IconName } from "./dom.ts";

export interface Item {
  text: string;
  icon?: IconName;
  hint?: string;
  disabled?: boolean;
  press: () => void;
}

/** menuButton opens a menu of what items says at that moment. */
export function menuButton(o: { icon: IconName; text?: string; label: string }, items: () => Item[]): HTMLElement {
  const b = h("button", { type: "button", class: "g-button g-brief", "aria-haspopup": "menu", "aria-expanded": "false", title: o.label, "aria-label": o.text ? undefined : o.label }, icon(o.icon), o.text ? h("span", {}, o.text) : null, icon("down"));
  const box = h("div", { class: "g-menu-at" }, b);
  b.addEventListener("click", () => {
    if (b.getAttribute("aria-expanded") === "true") return;
    b.setAttribute("aria-expanded", "true");
    const at = b.getBoundingClientRect();
    openMenu(items(), at.left, at.bottom + 4, o.label, () => {
      b.setAttribute("aria-expanded", "false");
      b.focus();
    });
  });
  return box;
}

/** openMenu shows a menu at a point of the window. */
export function openMenu(items: Item[], x: number, y: number, label: string, closed: () => void): void {
  const list = h("div", { role: "menu", class: "g-menu", "aria-label": label, tabindex: -1 });
  const away = (e: Event): void => {
    if (!list.contains(e.target as Node)) close(false);
  };
  const close = (back = true): void => {
    if (!list.isConnected) return;
    list.remove();
    document.removeEventListener("pointerdown", away, true);
    if (back) closed();
    else queueMicrotask(closed);
  };
  for (const item of items) {
    list.append(h("button", { type: "button", role: "menuitem", class: "g-menu-item", tabindex: -1, disabled: item.disabled, title: item.hint,
      onclick: (() => {
        close();
        item.press();
      }) as never }, item.icon ? icon(item.icon) : h("span", { class: "g-icon" }), h("span", {}, item.text)));
  }
  list.addEventListener("keydown", (e) => {
    const all = [...list.querySelectorAll<HTMLButtonElement>("button:not(:disabled)")];
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const go = (i: number): void => {
      e.preventDefault();
      all[(i + all.length) % all.length]?.focus();
    };
    if (e.key === "ArrowDown") go(at + 1);
    else if (e.key === "ArrowUp") go(at < 0 ? all.length - 1 : at - 1);
    else if (e.key === "Home") go(0);
    else if (e.key === "End") go(all.length - 1);
    else if (e.key === "Escape" || e.key === "Tab") {
      e.preventDefault();
      e.stopPropagation();
      close();
    }
  });
  document.body.append(list);
  const size = list.getBoundingClientRect();
  list.style.left = `${Math.max(4, Math.min(x, innerWidth - size.width - 4))}px`;
  list.style.top = `${Math.max(4, Math.min(y, innerHeight - size.height - 4))}px`;
  document.addEventListener("pointerdown", away, true);
  (list.querySelector<HTMLButtonElement>("button:not(:disabled)") ?? list).focus();
}

export interface Dialog {
  body: HTMLElement;
  close(): void;
  fail(message: string, hint?: string): void;
}

/**
 * dialog asks for something. done is called when the person agrees, and keeps the dialog
 * open by answering false.
 */
export function dialog(o: { title: string; wide?: boolean; agree?: string; closed?: () => void }, build: (body: HTMLElement) => void, done?: () => void | false | Promise<void | false>): Dialog {
  const title = h("h2", { id: id("title") }, o.title);
  const body = h("div", { class: "g-dialog-body" });
  const fault = h("p", { class: "g-fault", role: "alert", hidden: true });
  const form = h("form", { method: "dialog", class: "g-dialog-form" });
  const d = h("dialog", { class: o.wide ? "g-dialog g-wide" : "g-dialog", "aria-labelledby": title.id }, form);
  const close = (): void => d.close();
  build(body);
  const foot = h("div", { class: "g-dialog-foot" });
  if (done) {
    foot.append(button({ text: t("cancel"), press: close }), h("button", { type: "submit", class: "g-button g-primary" }, o.agree ?? t("ok")));
  } else foot.append(h("button", { type: "submit", class: "g-button g-primary" }, t("close")));
  form.append(h("div", { class: "g-dialog-head" }, title, button({ icon: "close", label: t("close"), press: close, className: "g-plain" })), body, fault, foot);
  form.addEventListener("submit", (e) => {
    if (!done) return;
    e.preventDefault();
    fault.hidden = true;
    void Promise.resolve(done()).then((keep) => {
      if (keep !== false) close();
    }, (bad: unknown) => say(bad instanceof Error ? bad.message : String(bad), (bad as { hint?: string }).hint));
  });
  const say = (message: string, hint?: string): void => {
    fault.replaceChildren(message, ...(hint ? [h("span", { class: "g-hint" }, hint)] : []));
    fault.hidden = false;
  };
  const back = document.activeElement as HTMLElement | null;
  d.addEventListener("close", () => {
    d.remove();
    o.closed?.();
    if (back?.isConnected) back.focus();
  });
  document.body.append(d);
  d.showModal();
  body.querySelector<HTMLElement>("input, textarea, select")?.focus();
  return { body, close, fail: say };
}
