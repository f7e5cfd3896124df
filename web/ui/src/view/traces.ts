// The tab of traces: those of the case, how far they are, and two of them side by side.
import type { App } from "../app.ts";
import type { Run, RunEnd } from "../api.ts";
import { amount, less, short } from "../model/words.ts";
import { t, type Key } from "../messages/messages.ts";
import * as actions from "../actions.ts";
import { button, h, ltr, svgElement } from "./dom.ts";
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

function entry(app: App, r: Run): HTMLElement {
  const q = r.question, p = app.progress.get(r.id);
  const asked = (q.methods ?? (q.method ? [q.method] : [])).join(", ");
  const running = r.state === "running";
  const bar = h("progress", { class: "g-progress", "aria-label": t("run.progress"), max: p && p.total > 0 ? p.total : undefined, value: p && p.total > 0 ? p.done : undefined });
  const ends = r.summary?.ends ?? [];
  return h("li", { class: "g-run", "data-run": r.id, "data-state": r.state },
    h("p", {}, h("strong", {}, h("bdi", {}, r.title || asked)), h("span", { class: "g-tag" }, t(`run.${r.state}`))),
    h("p", { class: "g-hint" }, [asked, q.direction ? t(q.direction) : "", t("run.starts", { n: q.starts?.length ?? 0 })].filter((s) => s !== "").join(" · ")),
    running && bar, running && h("p", { class: "g-hint", role: "status" }, p?.text ?? t("run.waiting")),
    r.state === "failed" && r.summary?.error ? h("p", { class: "g-fault" }, r.summary.error) : null,
    h("div", { class: "g-actions" },
      running && app.mayChange && button({ text: t("run.cancel"), press: () => void app.api.cancel(r.id).catch((e: unknown) => app.fail(e)) }),
      (r.state === "done" || r.state === "cancelled") && app.mayChange && button({ icon: "add", text: t("run.lay"), hint: t("run.lay.hint"), press: () => void actions.layRun(app, r) })),
    ends.length > 0 && endTable(app, r, ends));
}

function endTable(app: App, r: Run, ends: RunEnd[]): HTMLElement {
  const asset = app.ledgers.find((l) => l.id === r.question.ledger) ?? app.asset(undefined);
  const list = [...ends].sort((a, b) => (a.amount && b.amount ? (less(a.amount, b.amount) ? 1 : -1) : a.amount ? -1 : 1)).slice(0, 20);
  return h("details", {}, h("summary", {}, t("run.ends", { n: ends.length })), h("div", { class: "g-table-scroll", tabindex: 0, role: "region", "aria-label": t("run.ends", { n: ends.length }) },
    h("table", { class: "g-table" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("end.kind")), h("th", { scope: "col" }, t("end.where")), h("th", { scope: "col", class: "g-end" }, t("column.value")))),
      h("tbody", {}, ...list.map((e) => h("tr", {}, h("td", {}, kind(e)), h("td", {}, e.label ? h("bdi", {}, e.label.label) : ltr(short(e.address ?? e.tx), "g-hash", e.address ?? e.tx)), h("td", { class: "g-end" }, e.amount ? amount(e.amount, asset) : t("unknown"))))))));
}

function kind(e: RunEnd): string {
  const known = ["service", "unspent", "coinjoin", "burnt", "unresolved", "origin", "start", "limit", "fee"];
  return known.includes(e.kind) ? t(`end.${e.kind}` as Key) : e.kind;
}

/** comparison holds the ends of the newest done traces of one question by different methods against each other. */
function comparison(app: App): HTMLElement | null {
  const done = [...app.runs.values()].filter((r) => r.state === "done" && (r.summary?.ends?.length ?? 0) > 0);
  const byQuestion = new Map<string, Run[]>();
  for (const r of done) {
    const key = JSON.stringify([r.question.starts, r.question.direction, r.question.max_hops, r.question.min_amount, r.question.until]);
    const list = byQuestion.get(key) ?? [];
    if (!list.some((o) => o.question.method === r.question.method)) list.push(r);
    byQuestion.set(key, list);
  }
  const runs = [...byQuestion.values()].filter((l) => l.length > 1).at(-1)?.slice(0, 3);
  if (!runs) return null;
  const asset = app.ledgers.find((l) => l.id === runs[0]!.question.ledger) ?? app.asset(undefined);
  const rows = new Map<string, { end: RunEnd; amounts: (string | undefined)[] }>();
  runs.forEach((r, i) => {
    for (const e of r.summary!.ends!) {
      const key = [e.kind, e.tx, e.out ?? ""].join(":");
      const row = rows.get(key) ?? { end: e, amounts: new Array<string | undefined>(runs.length).fill(undefined) };
      row.amounts[i] = e.amount ?? undefined;
      rows.set(key, row);
    }
  });
  const most = (row: { amounts: (string | undefined)[] }): string => row.amounts.reduce<string>((m, a) => (a && less(m, a) ? a : m), "0");
  const list = [...rows.values()].sort((a, b) => (less(most(a), most(b)) ? 1 : -1)).slice(0, 50);
  return h("section", {}, h("h3", {}, t("compare")), h("p", { class: "g-hint" }, t("compare.words")), h("div", { class: "g-table-scroll", tabindex: 0, role: "region", "aria-label": t("compare") },
    h("table", { class: "g-table" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("end.where")), ...runs.map((r) => h("th", { scope: "col", class: "g-end" }, r.question.method ?? "")), h("th", { scope: "col" }, t("compare.agree")))),
      h("tbody", {}, ...list.map((row) => h("tr", {}, h("th", { scope: "row" }, kind(row.end), " ", row.end.label ? h("bdi", {}, row.end.label.label) : ltr(short(row.end.address ?? row.end.tx), "g-hash", row.end.address ?? row.end.tx)),
        ...row.amounts.map((a) => h("td", { class: "g-end" }, a === undefined ? t("compare.not") : amount(a, asset))), h("td", {}, row.amounts.every((a) => a === row.amounts[0]) ? t("yes") : t("compare.differ"))))))));
}
