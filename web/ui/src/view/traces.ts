// The tab of traces: those of the case, how far they are, and two of them side by side.
import type { App } from "../app.ts";
import type { Run, RunEnd } from "../api.ts";
import { amount, less, short, sureness, type Asset } from "../model/words.ts";
import { t, type Key } from "../messages/messages.ts";
import * as actions from "../actions.ts";
import { button, h, ltr, select, svgElement } from "./dom.ts";
import { dashes, edgeLook } from "./look.ts";

export function traces(app: App): (HTMLElement | null | false)[] {
  const runs = [...app.runs.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  return [
    h("h2", {}, t("tab.traces")),
    app.mayChange && h("div", { class: "g-actions" }, button({ icon: "trace", text: t("trace"), className: "g-primary", press: () => actions.askTrace(app, [...app.chosen]) })),
    methodsOnPicture(app),
    runs.length === 0 ? h("p", { class: "g-hint" }, t("traces.none")) : h("ul", { class: "g-runs" }, ...runs.map((r) => entry(app, r))),
    comparison(app),
  ];
}

/** methodsOnPicture says which methods' lines are drawn, in which look, and lets each be hidden. */
function methodsOnPicture(app: App): HTMLElement | null {
  const all = [...new Set([...app.record.picture.edges.values()].filter((e) => e.what === "trace" && e.method).map((e) => e.method!))].sort();
  if (all.length === 0) return null;
  return h("fieldset", { class: "g-methods" }, h("legend", {}, t("traces.shown")), ...all.map((m) => {
    const box = h("input", { type: "checkbox", checked: !app.hiddenMethods.has(m) });
    box.addEventListener("change", () => {
      if (box.checked) app.hiddenMethods.delete(m);
      else app.hiddenMethods.add(m);
      app.draw();
      app.panel.refresh("traces");
    });
    const look = edgeLook({ from: "", to: "", what: "trace", method: m }, app.palette, app.methods);
    const sample = svgElement("svg", { viewBox: "0 0 48 16", class: "g-sample", "aria-hidden": "true" }, svgElement("path", { d: "M1 8H47", stroke: look.colour, "stroke-width": look.width, fill: "none", "stroke-dasharray": dashes[look.dash].join(" ") || "none" }));
    return h("label", { class: "g-choice" }, box, h("span", { class: "g-method-line" }, box.checked && (sample as unknown as HTMLElement), h("span", {}, m, ", ", t(`dash.${look.dash}` as Key))));
  }));
}

/** latest is a trace as it is now: its entry stays while it goes on. */
function latest(app: App, r: Run): Run {
  return app.runs.get(r.id) ?? r;
}

function entry(app: App, r: Run): HTMLElement {
  const q = r.question, p = app.progress.get(r.id);
  const asked = (q.methods ?? (q.method ? [q.method] : [])).join(", ");
  const running = r.state === "running";
  const bar = h("progress", { class: "g-progress", "aria-label": t("run.progress"), max: p && p.total > 0 ? p.total : undefined, value: p && p.total > 0 ? p.done : undefined });
  const ends = r.summary?.ends ?? [], ended = r.state === "done" || r.state === "cancelled";
  return h("li", { class: "g-run", "data-run": r.id, "data-state": r.state },
    h("p", {}, h("strong", {}, h("bdi", {}, r.title || asked)), h("span", { class: "g-tag" }, t(`run.${r.state}`))),
    h("p", { class: "g-hint" }, [asked, q.direction ? t(q.direction) : "", t("run.starts", { n: q.starts?.length ?? 0 })].filter((s) => s !== "").join(" · ")),
    running && bar, running && h("p", { class: "g-hint", role: "status" }, p?.text ?? t("run.waiting")),
    r.state !== "running" && r.summary?.error ? h("p", { class: r.state === "failed" ? "g-fault" : "g-hint" }, [r.summary.error, r.summary.hint ?? ""].filter((s) => s !== "").join(". ")) : null,
    r.summary?.truncated ? h("p", { class: "g-hint" }, t("run.truncated")) : null,
    r.summary?.ends_omitted ? h("p", { class: "g-hint" }, t("run.omitted", { n: r.summary.ends_omitted })) : null,
    h("div", { class: "g-actions" },
      running && app.mayChange && button({ text: t("run.cancel"), press: () => void app.api.cancel(r.id).catch((e: unknown) => app.fail(e)) }),
      ended && app.mayChange && layer(app, r),
      ended && watcher(app, r),
      h("a", { class: "g-link", href: location.pathname.replace(/\/graphs\/.*/, "/runs/" + encodeURIComponent(r.id)) }, t("run.open"))),
    ends.length > 0 && endTable(app, r, ends));
}

/** layer offers to put a trace on the picture: the ways to its largest ends, or all of it. */
function layer(app: App, r: Run): HTMLElement {
  const most = select([["10", "10"], ["25", "25"], ["100", "100"], ["0", t("run.lay.all")]], app.mostEnds);
  most.setAttribute("aria-label", t("run.lay.most"));
  most.addEventListener("change", () => {
    app.mostEnds = most.value;
  });
  return h("div", { class: "g-expand" }, button({ icon: "add", text: t("run.lay"), hint: t("run.lay.hint"), press: () => void actions.layRun(app, latest(app, r), Number(most.value)) }), h("label", { class: "g-most" }, t("run.lay.ends"), " ", most));
}

/** watcher lets a trace's unspent ends be watched. */
function watcher(app: App, r: Run): HTMLElement | false {
  const on = app.watches.get(r.id), ledger = r.question.ledger;
  if (on) return h("p", { class: "g-hint" }, t("watch.on", { n: on.seen }));
  return app.mayChange && ledger !== undefined && button({ icon: "watch", text: t("watch.ends"), hint: t("watch.ends.hint"), press: () => void actions.watch(app, "ends", r.id, ledger, latest(app, r).title) });
}

function endTable(app: App, r: Run, ends: RunEnd[]): HTMLElement {
  const asset = assetOf(app, r);
  const list = [...ends].sort((a, b) => (a.amount && b.amount ? (less(a.amount, b.amount) ? 1 : -1) : a.amount ? -1 : 1)).slice(0, 20);
  return h("details", {}, h("summary", {}, t("run.ends", { n: ends.length })), h("div", { class: "g-table-scroll", tabindex: 0, role: "region", "aria-label": t("run.ends", { n: ends.length }) },
    h("table", { class: "g-table" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("end.kind")), h("th", { scope: "col" }, t("end.where")), h("th", { scope: "col", class: "g-end" }, t("column.value")))),
      h("tbody", {}, ...list.map((e) => h("tr", {}, h("td", {}, kind(e)), h("td", {}, where(e), e.label ? h("span", { class: "g-hint" }, " ", t("label.sure", { sure: sureness(e.label.confidence) })) : null), h("td", { class: "g-end" }, e.amount ? amount(e.amount, asset) : e.least && e.most ? t("compare.range", { least: amount(e.least, asset), most: amount(e.most, asset) }) : t("unknown"))))))));
}

function kind(e: RunEnd): string {
  const known = ["service", "unspent", "coinjoin", "burnt", "unresolved", "origin", "start", "limit", "fee"];
  return known.includes(e.kind) ? t(`end.${e.kind}` as Key) : e.kind;
}

/** comparison holds the ends of the newest trace by several methods against each other. */
function comparison(app: App): HTMLElement | null {
  const run = [...app.runs.values()].filter((r) => r.state === "done" && (r.summary?.methods?.length ?? 0) > 1).sort((a, b) => (a.id < b.id ? 1 : -1))[0];
  const methods = run?.summary?.methods, ends = run?.summary?.ends;
  if (!run || !methods || !ends) return null;
  const asset = assetOf(app, run);
  const most = (e: RunEnd): string => (e.amounts ?? []).reduce<string>((m, a) => (a && less(m, a) ? a : m), "0");
  const list = [...ends].sort((a, b) => (most(a) === most(b) ? 0 : less(most(a), most(b)) ? 1 : -1)).slice(0, 50);
  const range = (e: RunEnd): string => {
    if (!e.least || !e.most) return t("unknown");
    return e.least === e.most ? t("compare.same") : `${t("compare.differ")}: ${t("compare.range", { least: amount(e.least, asset), most: amount(e.most, asset) })}`;
  };
  // In the panel there is room for two amounts a row: where they are stands above them, and whether they agree beneath.
  return h("section", { class: "g-compare" }, h("h3", {}, t("compare")), h("p", { class: "g-hint" }, t("compare.words")), h("div", { class: "g-table-scroll", tabindex: 0, role: "region", "aria-label": t("compare") },
    h("table", { class: "g-table" }, h("caption", {}, h("bdi", {}, run.title)), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("end.where")), ...methods.map((m) => h("th", { scope: "col", class: "g-end" }, m)), h("th", { scope: "col" }, t("compare.agree")))),
      h("tbody", {}, ...list.map((e) => h("tr", { "data-agree": e.least && e.least === e.most ? "yes" : "no" }, h("th", { scope: "row" }, kind(e), " ", endNode(app, e)),
        ...methods.map((m, i) => h("td", { class: "g-end", "data-method": m }, e.amounts?.[i] ? amount(e.amounts[i], asset) : t("compare.not"))), h("td", {}, range(e))))))));
}

/** assetOf is what a trace's amounts are in: as its answer says, else as the ledger does. */
function assetOf(app: App, r: Run): Asset | undefined {
  const { ticker, decimals } = r.summary ?? {};
  if (ticker && decimals !== undefined) return { network: "", ticker, decimals };
  return app.ledgers.find((l) => l.id === r.question.ledger) ?? app.asset(undefined);
}

/** endNode is where an end is, and leads to its node where that is in the picture. */
function endNode(app: App, e: RunEnd): HTMLElement {
  const id = [e.address ? "a:" + e.address : "", e.out === undefined || e.out === null ? "" : `u:${e.tx}:${e.out}`, "t:" + e.tx].find((n) => app.drawn.nodes.has(n));
  return id === undefined ? where(e) : h("button", { type: "button", class: "g-link", onclick: (() => app.show(id)) as never }, where(e));
}

function where(e: RunEnd): HTMLElement {
  if (e.label) return h("bdi", {}, e.label.label);
  return ltr(short(e.address ?? e.tx), "g-hash", e.address ?? e.tx);
}
