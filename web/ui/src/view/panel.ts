// The side panel: what is chosen and what can be done with it, the filter, the traces, the legend.
import type { App } from "../app.ts";
import type { NodeValue } from "../model/picture.ts";
import type { DrawnEdge } from "../model/project.ts";
import { amount, called, certainty, count, edgeWhat, name, sentence, sum, sureness, units, what, when } from "../model/words.ts";
import { t, type Key } from "../messages/messages.ts";
import * as actions from "../actions.ts";
import { button, field, fill, h, id as newID, ltr, renew, select, svgElement } from "./dom.ts";
import { dashes, edgeLook, nodeColour, radius, shapes } from "./look.ts";
import { traces } from "./traces.ts";
import { onDays, type OnDays } from "../model/worth.ts";

export type Tab = "selection" | "filter" | "traces" | "legend";

export class Panel {
  private tab: Tab = "selection";
  private readonly heads = new Map<Tab, HTMLButtonElement>();
  private readonly body: HTMLElement;

  constructor(
    private readonly box: HTMLElement,
    private readonly app: App,
  ) {
    const bodyID = newID("panel");
    // Who was shown a picture alone is shown no traces of its case.
    const tabs: Tab[] = app.setting.source === undefined ? ["selection", "filter", "traces", "legend"] : ["selection", "filter", "legend"];
    const list = h("div", { class: "g-tabs", role: "tablist", "aria-label": t("panel") });
    for (const tab of tabs) {
      const b = h("button", { type: "button", role: "tab", class: "g-tab-head", id: newID("tab"), "aria-controls": bodyID, onclick: (() => this.open(tab)) as never }, t(`tab.${tab}`));
      b.addEventListener("keydown", (e) => {
        const by = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
        if (by === 0) return;
        e.preventDefault();
        const next = tabs[(tabs.indexOf(tab) + (document.dir === "rtl" ? -by : by) + tabs.length) % tabs.length]!;
        this.open(next);
        this.heads.get(next)?.focus();
      });
      this.heads.set(tab, b);
      list.append(b);
    }
    this.body = h("div", { class: "g-panel-body", role: "tabpanel", id: bodyID, tabindex: 0 });
    this.box.append(list, this.body);
    this.open("selection");
  }

  open(tab: Tab, focus = false): void {
    if (tab !== this.tab) fill(this.body);
    this.tab = tab;
    for (const [name_, b] of this.heads) {
      b.setAttribute("aria-selected", String(name_ === tab));
      b.tabIndex = name_ === tab ? 0 : -1;
    }
    this.body.setAttribute("aria-labelledby", this.heads.get(tab)!.id);
    this.draw();
    if (focus) this.body.focus();
  }

  /** chosen shows what was chosen just now; who reads the traces goes on with them. */
  chosen(): void {
    if (this.tab !== "selection" && this.tab !== "traces" && this.app.chosen.size + (this.app.chosenEdge ? 1 : 0) > 0) this.open("selection");
  }

  /** refresh draws a tab anew if it is open; what is being written in it stays. */
  refresh(tab: Tab): void {
    if (tab === this.tab) this.draw();
  }

  private draw(): void {
    const at = document.activeElement;
    const writing = at instanceof HTMLElement && this.body.contains(at) && at.matches("textarea, input, select");
    if (writing && at.dataset["of"] === this.what()) return;
    const key = at instanceof HTMLElement && this.body.contains(at) ? at.getAttribute("aria-label") ?? at.textContent : null;
    switch (this.tab) {
      case "selection":
        this.selection();
        break;
      case "filter":
        this.filter();
        break;
      case "traces":
        renew(this.body, ...traces(this.app)); // it is told of each step of each trace
        break;
      case "legend":
        this.legend();
    }
    if (key && !this.body.contains(document.activeElement)) [...this.body.querySelectorAll<HTMLElement>("button, input, select, a, summary")].find((b) => (b.getAttribute("aria-label") ?? b.textContent) === key)?.focus();
  }

  /** what is chosen, as a key: fields that are being written are left alone while it is the same. */
  private what(): string {
    return this.tab + " " + [...this.app.chosen].sort().join() + (this.app.chosenEdge ?? "");
  }

  private selection(): void {
    const { app } = this;
    if (app.chosenEdge) this.edge(app.chosenEdge);
    else if (app.chosen.size === 1) this.node([...app.chosen][0]!);
    else if (app.chosen.size > 1) this.several();
    else {
      const { nodes, edges } = app.drawn;
      fill(this.body, h("h2", {}, h("bdi", {}, app.record.picture.title || t("graph"))), h("p", {}, t("picture.holds", { nodes: t("nodes", { n: nodes.size }), edges: t("lines", { n: edges.size }) })),
        app.mayChange ? this.titleField() : null, h("p", { class: "g-hint" }, t("selection.none")), h("details", { class: "g-help" }, h("summary", {}, t("keys")), h("p", {}, t("picture.keys"))));
    }
  }

  private titleField(): HTMLElement {
    const input = h("input", { class: "g-input", maxlength: 200, value: this.app.record.picture.title, "data-of": this.what() });
    input.addEventListener("change", () => {
      if (input.value.trim() !== "") this.app.do(t("did.renamed"), [["title", input.value.trim()]]);
    });
    return field({ label: t("graph.title") }, input);
  }

  private node(id: string): void {
    const { app } = this;
    const drawn = app.drawn.nodes.get(id);
    if (!drawn) return fill(this.body);
    const n = drawn.value, may = app.mayChange;
    if (drawn.folded) {
      const gid = id.slice(2);
      return fill(this.body, h("h2", {}, h("bdi", {}, drawn.folded.group.title)), h("p", {}, t("group.members", { n: drawn.folded.members.length })),
        may && h("div", { class: "g-actions" }, button({ text: t("unfold"), press: () => actions.fold(app, gid, false) }), button({ text: t("ungroup"), press: () => actions.ungroup(app, gid) })));
    }
    const asset = app.asset(n.network);
    const into: DrawnEdge[] = [], out: DrawnEdge[] = [];
    for (const e of app.drawn.edges.values()) {
      if (e.value.what === "trace" || e.value.what === "member" || e.value.what === "manual" || app.drawn.doubled.has(e.id)) continue;
      if (e.to === id) into.push(e);
      if (e.from === id) out.push(e);
    }
    const total = (list: DrawnEdge[]): string => {
      const s = sum(list.map((e) => e.value.value));
      if (s === undefined) return t("unknown");
      const most = list.some((e) => e.joint || e.partly) ? "≤ " : "", value = app.worthOf(onDays(list.flatMap((e) => e.parts ?? [e.value])), n.network);
      return most + amount(s, asset) + (value === "" ? "" : `; ${most}${value}`);
    };
    const traced = { from: 0, to: 0 };
    for (const e of app.drawn.edges.values()) if (e.value.what === "trace") for (const side of ["from", "to"] as const) if (e[side] === id) traced[side]++;
    const none = (side: "from" | "to"): string => (traced[side] === 0 ? t("none") : t("none.traced", { n: traced[side] }));
    const facts: [string, Node | string][] = [];
    if (n.network) facts.push([t("network"), n.network]);
    if (n.address) facts.push([t("what.address"), ltr(n.address)]);
    if (n.time) facts.push([t("when"), when(n.time)]);
    if (n.height !== undefined) facts.push([t("block"), count(n.height)]);
    if (n.value) facts.push([t("coin.value"), [amount(n.value, asset), app.worthOf(n.time ? [[n.time.slice(0, 10), n.value]] as OnDays : null, n.network)].filter((s) => s !== "").join("; ")]);
    if (n.spent !== undefined) facts.push([t("coin.spent"), n.spent ? t("yes") : t("coin.unspent")]);
    if (n.coinjoin) facts.push([t("coinjoin"), t("coinjoin.words", { rule: n.coinjoin })]);
    facts.push([t("in.shown"), into.length === 0 ? none("to") : `${total(into)} (${t("lines", { n: into.length })})`]);
    facts.push([t("out.shown"), out.length === 0 ? none("from") : `${total(out)} (${t("lines", { n: out.length })})`]);
    if (n.rest?.in) facts.push([t("rest.in"), t(n.rest.in.sampled ? "rest.words.sampled" : "rest.words", { n: n.rest.in.count, scope: n.rest.in.scope })]);
    if (n.rest?.out) facts.push([t("rest.out"), t(n.rest.out.sampled ? "rest.words.sampled" : "rest.words", { n: n.rest.out.count, scope: n.rest.out.scope })]);
    const kin = app.kin();
    fill(this.body,
      h("p", { class: "g-kind" }, shapeOf(n, app), what(n), n.inferred || n.what === "cluster" ? h("span", { class: "g-tag g-inferred" }, t("inferred")) : h("span", { class: "g-tag" }, t("fact"))),
      h("h2", {}, h("bdi", {}, n.title || (n.label && called(n.label)) || what(n))),
      h("p", { class: "g-text" }, ltr(n.text), button({ icon: "copy", label: t("copy"), className: "g-plain", press: () => actions.copy(app, n.text) })),
      n.label && h("div", { class: "g-claim" }, h("p", {}, h("strong", {}, h("bdi", {}, n.label.text)), h("span", { class: "g-tag" }, t("label.sure", { sure: sureness(n.label.confidence) }))), n.label.because && h("p", { class: "g-because", dir: "auto" }, sentence(n.label.because)), h("p", { class: "g-hint" }, t("label.source", { source: n.label.source ?? t("unknown"), n: n.label.confidence }))),
      h("dl", { class: "g-facts" }, ...facts.flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v)])),
      h("p", { class: "g-hint" }, t("scope.of", { scope: app.scopeWords() })),
      kin.size > 0 && h("p", { class: "g-kin" }, t("kin", { n: kin.size }), " ", button({ text: t("kin.choose"), press: () => app.choose([...kin], "add") })),
      h("div", { class: "g-actions" },
        may && this.expander(),
        may && button({ icon: "next", text: t("next"), hint: t("next.hint"), press: () => void actions.nextSpend(app) }),
        may && button({ icon: "trace", text: t("trace.here"), press: () => actions.askTrace(app, [id]) }),
        (n.what === "address" || n.what === "cluster") && app.setting.source === undefined && button({ icon: "why", text: t("why"), hint: t("why.hint"), press: () => void actions.askWhy(app, id) }),
        this.watch(n),
        may && button({ icon: "pin", text: t(n.pinned ? "unpin" : "pin"), press: () => actions.pin(app) }),
        may && button({ icon: "remove", text: t("remove"), press: () => actions.remove(app) })),
      may && this.looks(n),
      !may && n.note && h("p", { class: "g-note", dir: "auto" }, n.note));
  }

  /** watch says whether an address or coin is watched, and lets that begin and end. */
  private watch(n: NodeValue): HTMLElement | false {
    const { app } = this, what = n.what === "address" ? "address" as const : n.what === "coin" ? "coin" as const : null;
    const ledger = app.ledger(n.network);
    if (!what || app.setting.at !== undefined) return false;
    const on = app.watches.get(n.text);
    if (!on) return app.mayChange && ledger !== undefined && button({ icon: "watch", text: t("watch"), hint: t("watch.hint"), press: () => void actions.watch(app, what, n.text, ledger.id, n.title ?? "") });
    return h("p", { class: "g-watched" }, t("watch.on", { n: on.seen }), " ", h("a", { class: "g-link", href: location.pathname.replace(/\/graphs\/.*/, "/watches") }, t("watch.open")), " ",
      app.mayChange && button({ icon: "remove", text: t("watch.end"), press: () => void actions.unwatch(app, on.id) }));
  }

  /** expander offers to expand with how many at most. */
  private expander(): HTMLElement {
    const { app } = this;
    const most = select([["10", "10"], ["25", "25"], ["100", "100"], ["500", "500"]], "25");
    most.setAttribute("aria-label", t("expand.most"));
    const by = h("input", { type: "checkbox", checked: app.byCluster });
    by.addEventListener("change", () => {
      app.byCluster = by.checked;
    });
    const rest = app.chosen.size === 1 ? app.record.picture.nodes.get([...app.chosen][0]!)?.rest : undefined;
    const more = (["in", "out"] as const).filter((d) => rest?.[d]?.cursor).map((d) => button({ icon: d, text: `${t("expand.more")} (${t(d === "in" ? "rest.in" : "rest.out")})`, press: () => void actions.expandChosen(app, d, Number(most.value), true) }));
    const last = app.expanded !== null && app.chosen.has(app.expanded.id) ? app.expanded.question : null;
    if (last) more.push(button({ icon: "pin", text: t("fix.expanded"), hint: t("fix.expanded.hint"), press: () => void actions.fix(app, { expand: last }) }));
    return h("div", { class: "g-expand" }, button({ icon: "in", text: t("expand.in"), hint: t("expand.in.hint"), press: () => void actions.expandChosen(app, "in", Number(most.value)) }), button({ icon: "out", text: t("expand.out"), hint: t("expand.out.hint"), press: () => void actions.expandChosen(app, "out", Number(most.value)) }), h("label", { class: "g-most" }, t("expand.largest"), " ", most), ...more,
      app.scope.level === "aggregated" && h("label", { class: "g-choice" }, by, h("span", {}, t("by.cluster"), h("span", { class: "g-hint" }, t("by.cluster.hint")))));
  }

  private looks(n: NodeValue): HTMLElement {
    const { app } = this, ids = actions.members(app), of = this.what();
    const title = h("input", { class: "g-input", maxlength: 200, value: n.title ?? "", "data-of": of, dir: "auto" });
    title.addEventListener("change", () => actions.update(app, ids, () => ({ title: title.value.trim() }), t("did.titled")));
    const note = h("textarea", { class: "g-input", rows: 3, maxlength: 2_000, "data-of": of, dir: "auto" }, n.note ?? "");
    note.addEventListener("change", () => actions.update(app, ids, () => ({ note: note.value.trim() }), t("did.noted")));
    return h("div", { class: "g-looks" }, field({ label: t("node.title") }, title), field({ label: t("node.note") }, note), this.colours(n.colour));
  }

  private colours(now: string | undefined): HTMLElement {
    const { app } = this;
    const group = h("div", { class: "g-colours", role: "radiogroup", "aria-label": t("colour") });
    for (const c of [undefined, ...actions.colourNames]) {
      const words = c ? t(`colour.${c}`) : t("colour.none");
      const b = h("button", { type: "button", role: "radio", class: "g-swatch", "aria-checked": String(now === c), "aria-label": words, title: words, onclick: (() => actions.colour(app, c)) as never });
      if (c) b.style.setProperty("--swatch", app.palette.named[c]!);
      else b.classList.add("g-no-colour");
      group.append(b);
    }
    return h("div", { class: "g-field" }, h("span", { class: "g-label" }, t("colour")), group);
  }

  private several(): void {
    const { app } = this, ids = actions.members(app), may = app.mayChange;
    const kinds = new Map<string, number>();
    for (const id of ids) {
      const n = app.node(id);
      if (n) kinds.set(what(n), (kinds.get(what(n)) ?? 0) + 1);
    }
    const alike = new Set(ids.map((id) => app.node(id)?.colour));
    fill(this.body, h("h2", {}, t("chosen.n", { n: ids.length })), h("ul", { class: "g-plain-list" }, ...[...kinds].map(([k, v]) => h("li", {}, `${count(v)} × ${k}`))),
      may && h("div", { class: "g-actions" }, this.expander(),
        button({ icon: "trace", text: t("trace"), press: () => actions.askTrace(app, ids) }),
        button({ icon: "path", text: t("paths"), disabled: ids.length !== 2, hint: t("paths.hint"), press: () => actions.askPaths(app, ids) }),
        button({ icon: "note", text: t("link"), disabled: ids.length !== 2, hint: t("link.hint.button"), press: () => actions.askLink(app, ids) }),
        button({ icon: "group", text: t("group"), press: () => actions.askGroup(app) }),
        button({ icon: "pin", text: t("pin"), press: () => actions.pin(app) }),
        ...(["column", "row", "spread-x", "spread-y"] as const).map((how) => button({ icon: "align", text: t(`align.${how}`), press: () => actions.alignChosen(app, how) })),
        button({ icon: "layered", text: t("layout.chosen"), press: () => void actions.layOut(app, "layered", new Set(ids)) }),
        button({ icon: "remove", text: t("remove"), press: () => actions.remove(app) })),
      may && this.colours(alike.size === 1 ? [...alike][0] : undefined));
  }

  private edge(id: string): void {
    const { app } = this;
    const e = app.drawn.edges.get(id);
    if (!e) return fill(this.body);
    const a = app.node(e.from), b = app.node(e.to);
    const asset = app.asset(a?.network ?? b?.network);
    const facts: [string, Node | string][] = [
      [t("column.from"), a ? h("button", { type: "button", class: "g-link", onclick: (() => app.show(e.from)) as never }, h("bdi", {}, name(a))) : ""],
      [t("column.to"), b ? h("button", { type: "button", class: "g-link", onclick: (() => app.show(e.to)) as never }, h("bdi", {}, name(b))) : ""],
    ];
    if (e.value.value !== undefined) facts.push([t("column.value"), (e.joint || e.partly ? t("at.most") + " " : "") + amount(e.value.value, asset)]);
    const worth = app.worthOfEdge(e);
    if (worth !== "") facts.push([t("column.worth"), (e.joint || e.partly ? t("at.most") + " " : "") + worth]);
    if (e.value.count) facts.push([t("column.count"), count(e.value.count)]);
    if (e.value.first) facts.push([t("column.first"), when(e.value.first)]);
    if (e.value.last) facts.push([t("column.last"), when(e.value.last)]);
    fill(this.body, h("p", { class: "g-kind" }, edgeWhat(e.value), h("span", { class: e.value.inferred || e.value.what === "trace" ? "g-tag g-inferred" : "g-tag" }, certainty(e.value))),
      h("h2", {}, amount(e.value.value, asset) || edgeWhat(e.value)),
      h("dl", { class: "g-facts" }, ...facts.flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v)])),
      e.joint && h("p", {}, t("edge.joint.long")), e.partly && h("p", {}, t(e.value.value === undefined ? "edge.uncounted.long" : "edge.partly.long")),
      e.value.what === "trace" && h("p", {}, t("edge.trace.long", { method: e.value.method ?? "" })),
      e.value.inferred && h("p", {}, t(e.value.what === "manual" ? "edge.manual.long" : "edge.inferred.long")),
      h("p", { class: "g-hint" }, t("scope.of", { scope: e.value.scope || app.scopeWords() })),
      app.mayChange && e.of.length === 1 && this.edgeNote(id, e.value.note ?? ""),
      app.mayChange && h("div", { class: "g-actions" }, button({ icon: "remove", text: t("remove"), press: () => actions.remove(app) })));
  }

  private edgeNote(id: string, text: string): HTMLElement {
    const { app } = this;
    const note = h("textarea", { class: "g-input", rows: 3, maxlength: 2_000, "data-of": this.what(), dir: "auto" }, text);
    note.addEventListener("change", () => {
      const e = app.record.picture.edges.get(id);
      if (!e) return;
      const { note: _, ...rest } = e;
      app.do(t("did.noted"), [["edge/" + id, note.value.trim() === "" ? rest : { ...rest, note: note.value.trim() }]]);
    });
    return field({ label: t("node.note") }, note);
  }

  private filter(): void {
    const { app } = this, s = app.scope, of = "filter ";
    const date = (at: number | undefined): string => (at === undefined ? "" : new Date(at).toISOString().slice(0, 10));
    const asset = app.asset(undefined);
    const from = h("input", { type: "date", class: "g-input", value: date(s.from), "data-of": of });
    const until = h("input", { type: "date", class: "g-input", value: date(s.until), "data-of": of });
    const least = h("input", { class: "g-input", inputmode: "decimal", value: s.min ? amount(s.min, asset).split(" ")[0] : "", "data-of": of });
    const label = h("input", { class: "g-input", value: s.label ?? "", "data-of": of, maxlength: 200 });
    const assets = new Set([...app.record.picture.edges.values()].map((e) => e.asset).filter((a): a is string => !!a));
    const which = select([["", t("filter.every.asset")], ...[...assets].sort().map((a): [string, string] => [a, a])], s.asset ?? "");
    const fault = h("p", { class: "g-fault", role: "alert", hidden: true }, t("fault.amount"));
    const change = (): void => {
      const min = least.value.trim() === "" ? undefined : units(least.value, asset);
      fault.hidden = min !== null;
      if (min === null) return;
      const a = Date.parse(from.value), b = Date.parse(until.value);
      actions.setScope(app, { from: Number.isNaN(a) ? undefined : a, until: Number.isNaN(b) ? undefined : b + 86_399_999, min, label: label.value.trim() || undefined, asset: which.value || undefined });
    };
    for (const c of [from, until, least, label, which]) c.addEventListener("change", change);
    const currencies = [...new Set(app.ledgers.flatMap((l) => app.currencies(l)))].sort();
    const currency = select([["", t("currency.none")], ...currencies.map((c): [string, string] => [c, c])], app.currency);
    currency.addEventListener("change", () => actions.setCurrency(app, currency.value));
    fill(this.body, h("h2", {}, t("tab.filter")), h("p", { class: "g-hint" }, t("filter.words")),
      h("div", { class: "g-columns" }, field({ label: t("time.from") }, from), field({ label: t("time.until") }, until)),
      field({ label: t("filter.least", { ticker: asset?.ticker ?? t("unit.smallest") }) }, least), fault,
      field({ label: t("filter.label"), hint: t("filter.label.hint") }, label), assets.size > 0 && field({ label: t("filter.asset") }, which),
      currencies.length > 0 && field({ label: t("currency"), hint: t("currency.hint") }, currency),
      h("p", { role: "status" }, app.scopeWords()), button({ text: t("filter.clear"), press: () => actions.clearScope(app) }));
  }

  private legend(): void {
    const { app } = this, p = app.palette;
    const nodes = (["address", "transaction", "coin", "cluster", "service"] as const).map((w) => h("li", {}, shapeOf({ what: w, text: "", x: 0, y: 0 }, app), t(`what.${w}`), w === "cluster" ? h("span", { class: "g-hint" }, t("inferred")) : null));
    const line = (e: { what: "receive" | "member" | "manual" | "trace" | "pay"; method?: string; inferred?: boolean }, words: string): HTMLElement => {
      const look = edgeLook({ from: "", to: "", ...e }, p, app.methods);
      const path = svgElement("path", { d: "M1 8H47", stroke: look.colour, "stroke-width": look.width, fill: "none", "stroke-dasharray": dashes[look.dash].join(" ") || "none" });
      return h("li", {}, svgElement("svg", { viewBox: "0 0 48 16", class: "g-sample", "aria-hidden": "true" }, path) as unknown as HTMLElement, words);
    };
    fill(this.body, h("h2", {}, t("tab.legend")), h("ul", { class: "g-legend" }, ...nodes, h("li", {}, h("span", { class: "g-ring-sample g-is-chosen" }), t("chosen")), h("li", {}, h("span", { class: "g-ring-sample g-is-kin" }), t("legend.kin"))),
      h("ul", { class: "g-legend" }, line({ what: "receive" }, t("legend.fact")), line({ what: "pay", inferred: true }, t("legend.inferred")), line({ what: "member" }, t("edge.member")), line({ what: "manual" }, t("edge.manual")),
        ...app.methods.map((m) => line({ what: "trace", method: m }, t("legend.method", { method: m })))),
      h("p", { class: "g-hint" }, t("legend.words")), h("h3", {}, t("legend.sure")), h("ul", { class: "g-plain-list" }, ...(["very_high", "high", "moderate", "low", "very_low"] as const).map((k) => h("li", {}, h("strong", {}, t(`sure.${k}` as Key)), ": ", t(`sure.${k}.words` as Key)))));
  }
}

function shapeOf(n: NodeValue, app: App): HTMLElement {
  const colour = nodeColour(n, app.palette), r = Math.min(8, radius(n)), c = 10;
  const hollow = n.inferred || n.what === "cluster";
  const style = { fill: hollow ? "none" : colour, stroke: colour, "stroke-width": 2, "stroke-dasharray": hollow ? "4 2.5" : "none" };
  const inner = ((): SVGElement[] => {
    switch (shapes[n.what]) {
      case "square":
        return [svgElement("rect", { x: c - r + 1, y: c - r + 1, width: 2 * r - 2, height: 2 * r - 2, ...style })];
      case "diamond":
        return [svgElement("path", { d: `M${c} ${c - r}L${c + r} ${c}L${c} ${c + r}L${c - r} ${c}Z`, ...style })];
      case "hexagon":
        return [svgElement("path", { d: `M${c - r} ${c}L${c - r / 2} ${c - r * 0.87}L${c + r / 2} ${c - r * 0.87}L${c + r} ${c}L${c + r / 2} ${c + r * 0.87}L${c - r / 2} ${c + r * 0.87}Z`, ...style })];
      case "double":
        return [svgElement("circle", { cx: c, cy: c, r, fill: "none", stroke: colour, "stroke-width": 2 }), svgElement("circle", { cx: c, cy: c, r: r - 4, fill: colour })];
      default:
        return [svgElement("circle", { cx: c, cy: c, r, ...style })];
    }
  })();
  return svgElement("svg", { viewBox: "0 0 20 20", class: "g-shape", "aria-hidden": "true" }, ...inner) as unknown as HTMLElement;
}
