// The bar above the picture.
import type { App } from "../app.ts";
import type { Level } from "../model/picture.ts";
import type { SaveState } from "../model/saver.ts";
import { name, short, what } from "../model/words.ts";
import { t } from "../messages/messages.ts";
import { button, fill, h, id, ltr } from "./dom.ts";
import { menuButton } from "./menu.ts";
import * as actions from "../actions.ts";

export interface Toolbar {
  element: HTMLElement;
  stacks(undo: boolean, redo: boolean): void;
  level(level: Level): void;
  chosen(n: number): void;
  mode(mode: string): void;
  saved(state: SaveState): void;
  title(title: string): void;
  find(): void;
}

export function toolbar(app: App): Toolbar {
  const may = app.mayChange;
  const undo = button({ icon: "undo", label: t("undo"), hint: t("undo.hint"), disabled: true, press: () => void app.saver.undo() });
  const redo = button({ icon: "redo", label: t("redo"), hint: t("redo.hint"), disabled: true, press: () => void app.saver.redo() });
  const levels = (["transaction", "aggregated"] as const).map((l) => [l, button({ text: t(`level.${l}`), hint: t(`level.${l}.hint`), pressed: l === app.scope.level, className: "g-tab", press: () => actions.setScope(app, { level: l }) })] as const);
  const modes = (["picture", "both", "table"] as const).map((m) => [m, button({ text: t(`mode.${m}`), pressed: m === app.mode, className: "g-tab", press: () => app.setMode(m) })] as const);
  const area = button({ icon: "marquee", label: t("area"), hint: t("area.hint"), pressed: false, press: () => {
    app.stage.area = !app.stage.area;
    area.setAttribute("aria-pressed", String(app.stage.area));
  } });
  const saved = h("span", { class: "g-saved", role: "status" });
  const forMany: HTMLButtonElement[] = [];
  const many = (b: HTMLButtonElement): HTMLButtonElement => {
    forMany.push(b);
    return b;
  };
  const element = h("div", { class: "g-bar", role: "toolbar", "aria-label": t("bar") },
    may && h("div", { class: "g-set" }, button({ icon: "add", text: t("add"), hint: t("add.hint"), className: "g-primary", press: () => actions.askAdd(app) }), button({ icon: "trace", text: t("trace"), hint: t("trace.hint"), className: "g-brief", press: () => actions.askTrace(app, [...app.chosen]) })),
    may && h("div", { class: "g-set" }, undo, redo),
    h("div", { class: "g-set" }, h("div", { class: "g-segment", role: "group", "aria-label": t("level") }, ...levels.map(([, b]) => b))),
    may && h("div", { class: "g-set" },
      menuButton({ icon: "layered", text: t("layout"), label: t("layout") }, () => [
        { text: t("layout.layered"), icon: "layered", hint: t("layout.layered.hint"), press: () => void actions.layOut(app, "layered") },
        { text: t("layout.force"), icon: "force", hint: t("layout.force.hint"), press: () => void actions.layOut(app, "force") },
        ...(["column", "row", "spread-x", "spread-y", "grid"] as const).map((how) => ({ text: t(`align.${how}`), icon: "align" as const, disabled: app.chosen.size < 2, press: () => actions.alignChosen(app, how) })),
      ]),
      many(button({ icon: "pin", label: t("pin"), hint: t("pin.hint"), disabled: true, press: () => actions.pin(app) })),
      many(button({ icon: "group", label: t("group"), hint: t("group.hint"), disabled: true, press: () => actions.askGroup(app) })),
      area),
    finder(app),
    h("div", { class: "g-set" }, h("div", { class: "g-segment", role: "group", "aria-label": t("mode") }, ...modes.map(([, b]) => b))),
    h("div", { class: "g-set g-end-set" },
      may && button({ icon: "camera", label: t("snapshot"), hint: t("snapshot.hint"), press: () => actions.askSnapshot(app) }),
      app.setting.source === undefined && button({ icon: "share", label: t("share"), hint: t("share.hint"), press: () => void actions.askShare(app) }),
      menuButton({ icon: "download", text: t("export"), label: t("export") }, () => actions.exportItems(app)),
      saved));
  return {
    element,
    stacks: (u, r) => {
      undo.disabled = !u;
      redo.disabled = !r;
    },
    level: (level) => {
      for (const [l, b] of levels) b.setAttribute("aria-pressed", String(l === level));
    },
    chosen: (n) => {
      for (const b of forMany) b.disabled = n === 0;
    },
    mode: (mode) => {
      for (const [m, b] of modes) b.setAttribute("aria-pressed", String(m === mode));
    },
    saved: (state) => {
      saved.dataset["state"] = state;
      fill(saved, may ? t(`saved.${state}`) : t("readonly.short"));
    },
    title: () => {
      if (saved.textContent === "") fill(saved, may ? t("saved.saved") : t("readonly.short"));
    },
    find: () => element.querySelector<HTMLInputElement>(".g-find input")?.focus(),
  };
}

/** finder looks for nodes of the picture by anything that they are called. */
function finder(app: App): HTMLElement {
  const list = h("ul", { class: "g-found", role: "listbox", id: id("found"), "aria-label": t("find.found"), hidden: true });
  const input = h("input", { type: "search", class: "g-input", placeholder: t("find"), "aria-label": t("find"), role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false" });
  let at = -1;
  let found: string[] = [];
  const close = (): void => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (): void => {
    [...list.children].forEach((c, i) => c.setAttribute("aria-selected", String(i === at)));
    const on = list.children[at];
    if (on) {
      input.setAttribute("aria-activedescendant", on.id);
      on.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const go = (node: string): void => {
    close();
    app.show(node);
    app.stage.box.focus();
  };
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLocaleLowerCase();
    found = wanted === "" ? [] : findNodes(app, wanted, 12);
    at = found.length > 0 ? 0 : -1;
    fill(list, ...found.map((n) => {
      const v = app.node(n)!;
      return h("li", { role: "option", id: id("option"), "aria-selected": "false", onmousedown: ((e: MouseEvent) => {
        e.preventDefault();
        go(n);
      }) as never }, h("span", {}, h("bdi", {}, name(v))), h("span", { class: "g-hint" }, what(v), " ", ltr(short(v.text))));
    }));
    if (wanted !== "" && found.length === 0) list.append(h("li", { class: "g-hint", role: "option", "aria-disabled": "true" }, t("find.none")));
    list.hidden = wanted === "";
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark();
  });
  input.addEventListener("keydown", (e) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      if (found.length > 0) at = (at + (e.key === "ArrowDown" ? 1 : -1) + found.length) % found.length;
      mark();
    } else if (e.key === "Enter" && found[at]) go(found[at]!);
    else if (e.key === "Escape") close();
  });
  input.addEventListener("blur", close);
  return h("div", { class: "g-find" }, input, list);
}

export function findNodes(app: App, wanted: string, most: number): string[] {
  const first: string[] = [], rest: string[] = [];
  for (const n of app.drawn.nodes.values()) {
    const texts = [n.value.title, n.value.label?.text, n.value.text, n.value.note, n.value.address];
    const hit = texts.findIndex((s) => s?.toLocaleLowerCase().includes(wanted));
    if (hit < 0) continue;
    if (texts.some((s) => s?.toLocaleLowerCase().startsWith(wanted))) first.push(n.id);
    else rest.push(n.id);
    if (first.length >= most) break;
  }
  return [...first, ...rest].slice(0, most);
}
