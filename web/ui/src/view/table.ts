// The picture's table: all that is drawn, in words, reached by the keyboard, with the same
// selection. It shows a page at a time, so that ten thousand rows cost what a hundred do.
import { nothing, times, type Drawn, type DrawnEdge, type DrawnNode } from "../model/project.ts";
import { amount, certainty, claim, edgeWhat, less, name, what, when, type Asset } from "../model/words.ts";
import { t } from "../messages/messages.ts";
import { button, fill, h, id, ltr } from "./dom.ts";

export interface TableEvents {
  choose(node: string, how: "only" | "toggle"): void;
  chooseEdge(edge: string): void;
  show(node: string): void; // in the picture
}

interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => Node | string;
  compare: (a: T, b: T) => number;
  end?: boolean; // numbers: aligned at the end
}

const perPage = 100;

export class Table {
  private drawn: Drawn = nothing();
  private which: "nodes" | "edges" = "nodes";
  private sort = { key: "name", down: false };
  private page = 0;
  private find = "";
  private chosen: ReadonlySet<string> = new Set();
  private chosenEdge: string | null = null;
  private scope = "";
  private visible = false;
  private readonly head = h("div", { class: "g-table-head" });
  private readonly scroll = h("div", { class: "g-table-scroll", tabindex: 0, role: "region", "aria-label": t("table") });
  private readonly foot = h("div", { class: "g-table-foot" });

  constructor(
    readonly box: HTMLElement,
    private readonly asset: (network: string | undefined) => Asset | undefined,
    private readonly worth: (e: DrawnEdge) => string, // in a currency; "" where there is none
    private readonly events: TableEvents,
  ) {
    const search = h("input", { type: "search", class: "g-input", "aria-label": t("table.find"), placeholder: t("table.find") });
    search.addEventListener("input", () => {
      this.find = search.value.trim().toLocaleLowerCase();
      this.page = 0;
      this.draw();
    });
    const tab = (which: "nodes" | "edges", text: string): HTMLButtonElement => button({ text, pressed: which === this.which, className: "g-tab", press: () => {
      this.which = which;
      this.page = 0;
      this.sort = which === "nodes" ? { key: "name", down: false } : { key: "value", down: true };
      for (const b of [nodes, edges]) b.setAttribute("aria-pressed", String(b === (which === "nodes" ? nodes : edges)));
      this.draw();
    } });
    const nodes = tab("nodes", t("table.nodes")), edges = tab("edges", t("table.edges"));
    this.head.append(h("div", { class: "g-segment", role: "group", "aria-label": t("table") }, nodes, edges), search);
    box.append(this.head, this.scroll, this.foot);
  }

  setVisible(visible: boolean): void {
    this.visible = visible;
    this.draw();
  }

  show(drawn: Drawn, scope: string): void {
    this.drawn = drawn;
    this.scope = scope;
    this.draw();
  }

  choose(nodes: ReadonlySet<string>, edge: string | null): void {
    this.chosen = nodes;
    this.chosenEdge = edge;
    if (!this.visible) return;
    for (const row of this.scroll.querySelectorAll<HTMLTableRowElement>("tbody tr")) {
      const on = this.which === "nodes" ? nodes.has(row.dataset["id"]!) : row.dataset["id"] === edge;
      row.classList.toggle("g-chosen", on);
      const box = row.querySelector<HTMLInputElement>("input");
      if (box) box.checked = on;
    }
  }

  private draw(): void {
    if (!this.visible) return;
    if (this.which === "nodes") this.rows([...this.drawn.nodes.values()], this.nodeColumns(), (n) => [n.id, n.value.title, n.value.label?.text, n.value.note, n.value.text]);
    else this.rows([...this.drawn.edges.values()], this.edgeColumns(), (e) => [this.nameOf(e.from), this.nameOf(e.to), e.from, e.to, e.value.note, e.value.method]);
  }

  private rows<T extends { id: string }>(all: T[], columns: Column<T>[], texts: (row: T) => (string | undefined)[]): void {
    const held = document.activeElement instanceof HTMLElement && this.scroll.contains(document.activeElement) ? document.activeElement.dataset["key"] : undefined;
    const found = this.find === "" ? all : all.filter((r) => texts(r).some((s) => s?.toLocaleLowerCase().includes(this.find)));
    const by = columns.find((c) => c.key === this.sort.key) ?? columns[0]!;
    found.sort((a, b) => (this.sort.down ? -1 : 1) * by.compare(a, b) || (a.id < b.id ? -1 : 1));
    const pages = Math.max(1, Math.ceil(found.length / perPage));
    this.page = Math.min(this.page, pages - 1);
    const table = h("table", { class: "g-table" });
    table.append(h("caption", {}, this.scope));
    const head = h("tr", {}, h("th", { scope: "col" }, h("span", { class: "g-hidden" }, t("table.chosen"))));
    for (const c of columns) {
      const on = c.key === by.key;
      head.append(h("th", { scope: "col", class: c.end ? "g-end" : undefined, "aria-sort": on ? (this.sort.down ? "descending" : "ascending") : undefined },
        h("button", { type: "button", class: "g-sort", "data-key": "sort-" + c.key, onclick: (() => {
          this.sort = { key: c.key, down: on ? !this.sort.down : false };
          this.draw();
        }) as never }, c.title, h("span", { "aria-hidden": "true" }, on ? (this.sort.down ? " ↓" : " ↑") : ""))));
    }
    table.append(h("thead", {}, head));
    const body = h("tbody");
    for (const r of found.slice(this.page * perPage, (this.page + 1) * perPage)) {
      const chosen = this.which === "nodes" ? this.chosen.has(r.id) : this.chosenEdge === r.id;
      const rowHead = id("row");
      const box = h("input", { type: "checkbox", checked: chosen, "aria-labelledby": rowHead, "data-key": "box-" + r.id });
      box.addEventListener("change", () => {
        if (this.which === "nodes") this.events.choose(r.id, "toggle");
        else this.events.chooseEdge(r.id);
      });
      const row = h("tr", { class: chosen ? "g-chosen" : undefined, "data-id": r.id }, h("td", { class: "g-check" }, box));
      columns.forEach((c, i) => row.append(h(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : undefined, id: i === 0 ? rowHead : undefined, class: c.end ? "g-end" : undefined }, c.cell(r))));
      body.append(row);
    }
    table.append(body);
    fill(this.scroll, found.length === 0 ? h("p", { class: "g-empty" }, t("table.none")) : table);
    const from = found.length === 0 ? 0 : this.page * perPage + 1;
    fill(this.foot,
      h("span", { role: "status" }, t("table.range", { from, to: Math.min(found.length, (this.page + 1) * perPage), n: found.length })),
      button({ text: t("table.before"), disabled: this.page === 0, press: () => this.turn(-1) }),
      button({ text: t("table.after"), disabled: this.page >= pages - 1, press: () => this.turn(1) }));
    if (held) this.scroll.querySelector<HTMLElement>(`[data-key="${CSS.escape(held)}"]`)?.focus();
  }

  private turn(by: number): void {
    this.page += by;
    this.draw();
    this.scroll.scrollTop = 0;
  }

  private nameOf(node: string): string {
    const n = this.drawn.nodes.get(node);
    return n ? name(n.value) : node;
  }

  private nodeColumns(): Column<DrawnNode>[] {
    const sums = new Map<string, { in: bigint; out: bigint }>();
    for (const e of this.drawn.edges.values()) {
      if (e.value.value === undefined || !/^\d+$/.test(e.value.value) || e.value.what === "trace" || this.drawn.doubled.has(e.id)) continue;
      const v = BigInt(e.value.value);
      at(sums, e.to).in += v;
      at(sums, e.from).out += v;
    }
    const show = (n: DrawnNode, v: bigint): string => (v === 0n ? "" : amount(v.toString(), this.asset(n.value.network)));
    const words = (n: DrawnNode): string => (n.value.label ? claim(n.value.label) : "");
    const state = (n: DrawnNode): string => [n.value.pinned ? t("pinned") : "", n.value.inferred || n.value.what === "cluster" ? t("inferred") : "", n.value.colour ? t(`colour.${n.value.colour}` as "colour.red") : ""].filter((s) => s !== "").join(", ");
    return [
      { key: "name", title: t("column.name"), compare: (a, b) => order(name(a.value), name(b.value)), cell: (n) => h("button", { type: "button", class: "g-link", "data-key": "show-" + n.id, onclick: (() => this.events.show(n.id)) as never }, h("bdi", {}, name(n.value))) },
      { key: "what", title: t("column.what"), compare: (a, b) => order(what(a.value), what(b.value)), cell: (n) => what(n.value) },
      { key: "text", title: t("column.text"), compare: (a, b) => order(a.value.text, b.value.text), cell: (n) => (n.folded ? t("group.members", { n: n.folded.members.length }) : ltr(n.value.text)) },
      { key: "label", title: t("column.label"), compare: (a, b) => order(words(a), words(b)), cell: words },
      { key: "in", title: t("column.in"), end: true, compare: (a, b) => big(at(sums, a.id).in, at(sums, b.id).in), cell: (n) => show(n, at(sums, n.id).in) },
      { key: "out", title: t("column.out"), end: true, compare: (a, b) => big(at(sums, a.id).out, at(sums, b.id).out), cell: (n) => show(n, at(sums, n.id).out) },
      { key: "state", title: t("column.state"), compare: (a, b) => order(state(a), state(b)), cell: state },
      { key: "note", title: t("column.note"), compare: (a, b) => order(a.value.note ?? "", b.value.note ?? ""), cell: (n) => h("bdi", {}, n.value.note ?? "") },
    ];
  }

  private edgeColumns(): Column<DrawnEdge>[] {
    const certain = (e: DrawnEdge): string => [certainty(e.value), e.joint ? t("edge.joint") : "", e.partly ? t("edge.partly") : ""].filter((s) => s !== "").join("; ");
    const worths = new Map<string, string>();
    for (const e of this.drawn.edges.values()) {
      const words = this.worth(e);
      if (words !== "") worths.set(e.id, (e.joint || e.partly ? "≤ " : "") + words);
    }
    const network = (e: DrawnEdge): string | undefined => this.drawn.nodes.get(e.from)?.value.network ?? this.drawn.nodes.get(e.to)?.value.network;
    return [
      { key: "from", title: t("column.from"), compare: (a, b) => order(this.nameOf(a.from), this.nameOf(b.from)), cell: (e) => h("button", { type: "button", class: "g-link", "data-key": "from-" + e.id, onclick: (() => this.events.show(e.from)) as never }, h("bdi", {}, this.nameOf(e.from))) },
      { key: "to", title: t("column.to"), compare: (a, b) => order(this.nameOf(a.to), this.nameOf(b.to)), cell: (e) => h("button", { type: "button", class: "g-link", "data-key": "to-" + e.id, onclick: (() => this.events.show(e.to)) as never }, h("bdi", {}, this.nameOf(e.to))) },
      { key: "what", title: t("column.what"), compare: (a, b) => order(edgeWhat(a.value), edgeWhat(b.value)), cell: (e) => edgeWhat(e.value) },
      { key: "value", title: t("column.value"), end: true, compare: (a, b) => value(a.value.value, b.value.value), cell: (e) => (e.joint || e.partly ? "≤ " : "") + amount(e.value.value, this.asset(network(e))) },
      ...(worths.size > 0 ? [{ key: "worth", title: t("column.worth"), end: true, compare: (a: DrawnEdge, b: DrawnEdge) => number(worths.get(a.id)) - number(worths.get(b.id)), cell: (e: DrawnEdge) => worths.get(e.id) ?? "" }] : []),
      { key: "count", title: t("column.count"), end: true, compare: (a, b) => (times(a.value) ?? 0) - (times(b.value) ?? 0), cell: (e) => (e.value.what === "member" || e.value.what === "manual" ? "" : String(times(e.value) ?? "")) },
      { key: "first", title: t("column.first"), compare: (a, b) => order(a.value.first ?? "", b.value.first ?? ""), cell: (e) => when(e.value.first) },
      { key: "last", title: t("column.last"), compare: (a, b) => order(a.value.last ?? "", b.value.last ?? ""), cell: (e) => when(e.value.last) },
      { key: "certain", title: t("column.certain"), compare: (a, b) => order(certain(a), certain(b)), cell: certain },
      { key: "note", title: t("column.note"), compare: (a, b) => order(a.value.note ?? "", b.value.note ?? ""), cell: (e) => h("bdi", {}, e.value.note ?? "") },
    ];
  }
}

const number = (s: string | undefined): number => {
  const n = Number((s ?? "").replace(/[^\d.]/g, ""));
  return s === undefined || Number.isNaN(n) ? -1 : n;
};

function at(map: Map<string, { in: bigint; out: bigint }>, key: string): { in: bigint; out: bigint } {
  let v = map.get(key);
  if (!v) map.set(key, (v = { in: 0n, out: 0n }));
  return v;
}

const order = (a: string, b: string): number => (a === b ? 0 : a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1);
const big = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

function value(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  return less(a, b) ? -1 : 1;
}
