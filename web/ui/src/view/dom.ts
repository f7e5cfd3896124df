// Making elements. Texts become text nodes, never HTML: whatever a label or note holds, it
// is shown and not run.

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | undefined | null | ((e: never) => void)>;

export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") e.addEventListener(name.replace(/^on/, ""), value as unknown as EventListener);
    else e.setAttribute(name, value === true ? "" : String(value));
  }
  append(e, children);
  return e;
}

export function append(e: Element, children: Child[]): void {
  for (const c of children) if (c !== null && c !== undefined && c !== false) e.append(c);
}

export function fill(e: Element, ...children: Child[]): void {
  e.replaceChildren();
  append(e, children);
}

/**
 * renew makes of what is in e what fill would put there, and leaves alone what is there already: what has the focus, is
 * open or is just being pressed stays so. What is kept keeps its listeners, which have to ask for what may have changed.
 */
export function renew(e: Element, ...children: Child[]): void {
  let at = e.firstChild;
  for (const c of children) {
    if (c === null || c === undefined || c === false) continue;
    const fresh = typeof c === "string" ? document.createTextNode(c) : c;
    let kept = at;
    while (kept && !(same(kept, fresh) && (kept === at || keyed(kept)))) kept = kept.nextSibling;
    if (!kept) {
      e.insertBefore(fresh, at);
      continue;
    }
    while (at !== kept) {
      const gone = at!;
      at = gone.nextSibling;
      gone.remove();
    }
    at = kept.nextSibling;
    if (kept instanceof Text) kept.data = fresh.textContent ?? "";
    else if (kept instanceof Element && fresh instanceof Element && !kept.isEqualNode(fresh)) {
      for (const a of [...kept.attributes]) if (!fresh.hasAttribute(a.name) && !(a.name === "open" && kept instanceof HTMLDetailsElement)) kept.removeAttribute(a.name);
      for (const a of fresh.attributes) if (kept.getAttribute(a.name) !== a.value) kept.setAttribute(a.name, a.value);
      renew(kept, ...fresh.childNodes);
    }
  }
  while (at) {
    const gone = at;
    at = gone.nextSibling;
    gone.remove();
  }
}

const pressed = "button, a, input, select, textarea";

/** same says whether one stands for the other: what is pressed or written in only where nothing of it differs. */
function same(a: Node, b: Node): boolean {
  if (a.nodeName !== b.nodeName) return false;
  if (!(a instanceof HTMLElement) || !(b instanceof HTMLElement)) return a instanceof Text || a.isEqualNode(b);
  return a.matches(pressed) ? a.isEqualNode(b) : a.dataset["run"] === b.dataset["run"];
}

function keyed(a: Node): boolean {
  return a instanceof HTMLElement && (a.matches(pressed) || a.dataset["run"] !== undefined);
}

/** ltr isolates an address or hash: it reads from left to right in a page of any direction. */
export function ltr(text: string, className = "g-hash", full = text): HTMLElement {
  return h("bdi", { dir: "ltr", class: className, title: full === text ? undefined : full }, text);
}

const ns = "http://www.w3.org/2000/svg";

export function svgElement(tag: string, attributes: Record<string, string | number>, ...children: SVGElement[]): SVGElement {
  const e = document.createElementNS(ns, tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, String(value));
  e.append(...children);
  return e;
}

const paths = {
  add: "M12 5v14M5 12h14",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "m15 14 5-5-5-5M20 9H10a6 6 0 0 0 0 12h3",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  plus: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM20 20l-4.5-4.5M11 8.5v5M8.5 11h5",
  minus: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM20 20l-4.5-4.5M8.5 11h5",
  layered: "M4 5h4v4H4zM16 3h4v4h-4zM16 10h4v4h-4zM16 17h4v4h-4zM8 7h4M12 5v14h4M12 12h4M12 5h4",
  force: "M12 12 5 6M12 12l7-5M12 12l-5 7M12 12l6 6M12 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  align: "M5 4v16M9 7h10v3H9zM9 14h6v3H9z",
  marquee: "M4 8V5a1 1 0 0 1 1-1h3M12 4h2M18 4h1a1 1 0 0 1 1 1v3M20 12v2M20 18v1a1 1 0 0 1-1 1h-1M14 20h-2M8 20H5a1 1 0 0 1-1-1v-1M4 14v-2",
  pin: "M9 3h6l-1 7 3 3v2H7v-2l3-3zM12 15v6",
  group: "M4 4h16v16H4zM8 10a2 2 0 1 0 4 0 2 2 0 0 0-4 0zM13 15a2 2 0 1 0 4 0 2 2 0 0 0-4 0z",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  share: "M7 14a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM17 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM17 21a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9.2 10.3 14.8 7M9.2 12.8l5.6 4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  table: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14",
  trace: "M4 17c4 0 4-10 8-10s4 6 8 6M17 10l3 3-3 3",
  in: "M20 12H9M13 8l-4 4 4 4M4 5v14",
  out: "M4 12h11M11 8l4 4-4 4M20 5v14",
  next: "M4 12h12M12 7l5 5-5 5",
  why: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.5v.5",
  path: "M5 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM19 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 17h6a3 3 0 0 0 0-6h-2a3 3 0 0 1 0-6h6",
  watch: "M2 12s4-6 10-6 10 6 10 6-4 6-10 6S2 12 2 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  close: "m6 6 12 12M18 6 6 18",
  down: "m7 10 5 5 5-5",
  search: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM20 20l-4.5-4.5",
  note: "M5 4h14v11l-5 5H5zM14 20v-5h5M8 9h8M8 12.5h5",
} as const;

export type IconName = keyof typeof paths;

export function icon(name: IconName): SVGElement {
  return svgElement("svg", { viewBox: "0 0 24 24", class: "g-icon", "aria-hidden": "true", focusable: "false" }, svgElement("path", { d: paths[name] }));
}

export interface ButtonOptions {
  icon?: IconName;
  text?: string; // shown; else label is, to screen readers and as a hint
  label?: string;
  hint?: string;
  press: (e: MouseEvent) => void;
  className?: string;
  disabled?: boolean;
  pressed?: boolean;
}

export function button(o: ButtonOptions): HTMLButtonElement {
  const b = h("button", { type: "button", class: `g-button ${o.className ?? ""}`.trim(), disabled: o.disabled, "aria-pressed": o.pressed === undefined ? undefined : String(o.pressed), title: o.hint ?? o.label, "aria-label": o.text ? undefined : o.label, onclick: o.press as never });
  if (o.icon) b.append(icon(o.icon));
  if (o.text) b.append(h("span", {}, o.text));
  return b;
}

let serial = 0;

/** id makes an ID that no other element of the page has. */
export function id(prefix: string): string {
  return `g-${prefix}-${++serial}`;
}

export interface FieldOptions {
  label: string;
  hint?: string;
}

/** field is a control with its label. */
export function field(o: FieldOptions, control: HTMLElement): HTMLElement {
  control.id ||= id("field");
  const box = h("div", { class: "g-field" }, h("label", { for: control.id }, o.label), control);
  if (o.hint) {
    const hint = h("p", { class: "g-hint", id: control.id + "-hint" }, o.hint);
    control.setAttribute("aria-describedby", hint.id);
    box.append(hint);
  }
  return box;
}

export function select(options: [value: string, text: string][], value: string, change?: (value: string) => void): HTMLSelectElement {
  const s = h("select", { class: "g-select" });
  for (const [v, text] of options) s.append(h("option", { value: v, selected: v === value }, text));
  if (change) s.addEventListener("change", () => change(s.value));
  return s;
}
