// What a person does with a graph: each is one step, with its words for the history.
import type { App } from "./app.ts";
import type { ExpandQuestion, Found, FoundEdge, FoundNode, Run, RunSummary } from "./api.ts";
import { colours, edgeID, type EdgeValue, type NodeValue, type Rest, type Value } from "./model/picture.ts";
import { counting, type Scope } from "./model/project.ts";
import { name, short } from "./model/words.ts";
import { t } from "./messages/messages.ts";
import { align, beside, byID, type Place } from "./layout/geometry.ts";
import { rounds } from "./layout/force.ts";
import type { Order } from "./layout/worker.ts";
import type { Item } from "./view/menu.ts";

export { askAdd, askGroup, askLink, askSnapshot, askShare, askTrace, askWhy, askPaths } from "./asks.ts";
export { exportItems, fix } from "./exports.ts";
import { askGroup, askLink, askTrace, askWhy, askPaths, askAdd, randomID } from "./asks.ts";

const nodeField = (id: string): string => "node/" + id;
const edgeField = (id: string): string => "edge/" + id;

/** update changes some members of nodes; undefined takes one away. */
export function update(app: App, ids: Iterable<string>, change: (n: NodeValue, id: string) => Partial<Record<keyof NodeValue, unknown>>, words: string): void {
  const sets: [string, Value][] = [];
  for (const id of ids) {
    const n = app.record.picture.nodes.get(id);
    if (!n) continue;
    const next: Record<string, unknown> = { ...n, ...change(n, id) };
    for (const key of Object.keys(next)) if (next[key] === undefined || next[key] === "" || (next[key] === false && key !== "inferred")) delete next[key];
    next["text"] = n.text; // an address stays what it is
    sets.push([nodeField(id), next as unknown as NodeValue]);
  }
  app.do(words, sets);
}

/** place puts nodes elsewhere; whoever places a node by hand means it. */
export function place(app: App, places: Place[], words: string): void {
  const at = new Map(places.map((p) => [p.id, p]));
  update(app, at.keys(), (_, id) => ({ x: at.get(id)!.x, y: at.get(id)!.y }), words);
}

export function nudge(app: App, ids: string[], dx: number, dy: number): void {
  const places = ids.flatMap((id) => {
    const n = app.record.picture.nodes.get(id);
    return n ? [{ id, x: n.x + dx, y: n.y + dy }] : [];
  });
  if (places.length > 0) place(app, places, t("did.moved", { n: places.length }));
}

/** members are the nodes that are chosen, those of folded groups with them. */
export function members(app: App): string[] {
  return [...app.chosen].flatMap((id) => app.drawn.nodes.get(id)?.folded?.members ?? [id]);
}

export function pin(app: App): void {
  const ids = members(app);
  const all = ids.every((id) => app.record.picture.nodes.get(id)?.pinned);
  update(app, ids, () => ({ pinned: !all }), t(all ? "did.unpinned" : "did.pinned", { n: ids.length }));
}

export function colour(app: App, which: string | undefined): void {
  const ids = members(app);
  update(app, ids, () => ({ colour: which }), t("did.coloured", { n: ids.length }));
}

export function alignChosen(app: App, how: "column" | "row" | "spread-x" | "spread-y" | "grid"): void {
  const nodes = members(app).flatMap((id) => {
    const n = app.record.picture.nodes.get(id);
    return n ? [{ id, x: n.x, y: n.y }] : [];
  });
  if (nodes.length > 1) place(app, align(nodes, how), t("did.aligned", { n: nodes.length }));
}

export function remove(app: App): void {
  if (app.chosenEdge) {
    const e = app.drawn.edges.get(app.chosenEdge);
    if (e) app.do(t("did.removed.edge"), e.of.map((id) => [edgeField(id), null]));
    return;
  }
  const ids = new Set(members(app));
  if (ids.size === 0) return;
  const sets: [string, Value][] = [...ids].map((id) => [nodeField(id), null]);
  for (const [id, e] of app.record.picture.edges) if (ids.has(e.from) || ids.has(e.to)) sets.push([edgeField(id), null]);
  app.do(t("did.removed", { n: ids.size }), sets);
}

export function chooseAll(app: App): void {
  app.choose([...app.drawn.nodes.keys()], "only");
}

export function ungroup(app: App, gid: string): void {
  const sets: [string, Value][] = [["group/" + gid, null]];
  for (const [id, n] of app.record.picture.nodes) {
    if (n.group !== gid) continue;
    const { group: _, ...rest } = n;
    sets.push([nodeField(id), rest]);
  }
  app.do(t("did.ungrouped"), sets);
}

export function fold(app: App, gid: string, folded: boolean): void {
  const g = app.record.picture.groups.get(gid);
  if (g) app.do(t(folded ? "did.folded" : "did.unfolded"), [["group/" + gid, { ...g, folded }]]);
}

let keeping = 0;

/** setScope changes how the picture is looked at, and keeps that with the graph. */
export function setScope(app: App, change: Partial<Scope>): void {
  app.scope = { ...app.scope, ...change };
  app.draw();
  app.panel.refresh("filter");
  if (!app.mayChange) return;
  clearTimeout(keeping);
  keeping = setTimeout(() => {
    const s = app.scope;
    const view: Record<string, unknown> = { ...app.record.picture.view, level: s.level, min: s.min, asset: s.asset, label: s.label,
      from: s.from === undefined ? undefined : new Date(s.from).toISOString(), until: s.until === undefined ? undefined : new Date(s.until).toISOString() };
    for (const key of Object.keys(view)) if (view[key] === undefined || view[key] === "") delete view[key];
    app.do(t("did.looked"), [["view", view as Value]], true);
  }, 1_200) as unknown as number;
}

/** recount asks the ledger for sums that the filter cut through, and that do not say what was on which day. */
export async function recount(app: App, signal: AbortSignal): Promise<void> {
  const questions = new Map<string, { node: string; direction: "in" | "out"; by: "address" | "cluster"; edges: string[] }>();
  for (const e of app.drawn.edges.values()) {
    const stored = app.record.picture.edges.get(e.id);
    if (!e.partly || !stored || stored.what !== "pay" || app.again.has(e.id)) continue;
    const inward = stored.to.startsWith("s:");
    const node = inward ? stored.to : stored.from, other = inward ? stored.from : stored.to;
    const by = other.startsWith("c:") ? "cluster" : "address", direction = inward ? "in" : "out";
    const key = [node, direction, by].join(" ");
    const q = questions.get(key);
    if (q) q.edges.push(e.id);
    else questions.set(key, { node, direction, by, edges: [e.id] });
  }
  const s = app.scope, asked = counting(s);
  for (const q of [...questions.values()].slice(0, 20)) {
    const ledger = app.ledger(app.record.picture.nodes.get(q.node)?.network);
    if (!ledger) continue;
    try {
      const found = await app.api.expand({ ledger: ledger.id, node: q.node, direction: q.direction, level: "aggregated", by: q.by, most: 500,
        ...(s.from === undefined ? {} : { from: new Date(s.from).toISOString() }), ...(s.until === undefined ? {} : { until: new Date(s.until).toISOString() }), ...(s.min ? { min: s.min } : {}) }, signal);
      if (signal.aborted || counting(app.scope) !== asked) return;
      const answers = new Map(found.edges.map(({ id, ...value }) => [id, value]));
      for (const id of q.edges) {
        const value = answers.get(id);
        if (value) app.again.set(id, value);
        else if (found.more === 0) app.again.set(id, null);
      }
      app.draw();
    } catch {
      return; // what was not counted anew still says that it is partly outside
    }
  }
}

export function clearScope(app: App): void {
  setScope(app, { from: undefined, until: undefined, min: undefined, asset: undefined, label: undefined });
}

let layingOut: Worker | null = null;

/** layOut lays the picture out, in a thread of its own; pinned nodes stay. */
export function layOut(app: App, layout: "force" | "layered", only?: ReadonlySet<string>): Promise<void> {
  layingOut?.terminate();
  app.draw(); // what was put there a moment ago is laid out with the rest
  const nodes = [...app.drawn.nodes.values()].filter((n) => !n.folded).map((n) => {
    const times = n.value.time ? { time: Date.parse(n.value.time) } : {};
    return { id: n.id, x: n.value.x, y: n.value.y, pinned: (n.value.pinned ?? false) || (only !== undefined && !only.has(n.id)), ...times };
  });
  const links = [...app.drawn.edges.values()].map((e) => ({ from: e.from, to: e.to }));
  if (nodes.length < 2) return Promise.resolve();
  const order: Order = layout === "force" ? { layout, question: { nodes, links, rounds: rounds(nodes.length) } } : { layout, nodes, links };
  return new Promise((done) => {
    const worker = new Worker(app.root.dataset["layout"] ?? "/assets/layout.js");
    layingOut = worker;
    app.root.dataset["busy"] = "layout";
    const end = (): void => {
      worker.terminate();
      if (layingOut === worker) layingOut = null;
      delete app.root.dataset["busy"];
      done();
    };
    worker.onerror = () => {
      end();
      app.tell(t("fault.layout"), { fault: true });
    };
    worker.onmessage = (e: MessageEvent<{ places: Place[]; end: boolean }>) => {
      const { places, end: last } = e.data;
      if (!last) {
        app.stage.move(places);
        return;
      }
      end();
      const at = new Map(places.map((p) => [p.id, p]));
      const sets: [string, Value][] = [];
      for (const [id, n] of app.record.picture.nodes) {
        const p = at.get(id);
        if (p) sets.push([nodeField(id), { ...n, x: Math.round(p.x), y: Math.round(p.y) }]);
      }
      app.do(t(layout === "force" ? "did.force" : "did.layered"), sets);
      app.draw();
      app.stage.fit();
    };
    worker.postMessage(order);
  });
}

/** What is asked of a busy node at most, unless the person says otherwise. */
export const usual = 25;

/** expandChosen fetches what comes in to, or goes out of, the chosen nodes. */
export async function expandChosen(app: App, direction: "in" | "out", most = usual, further = false): Promise<void> {
  const ids = members(app);
  if (ids.length === 0 && app.stage.focused) ids.push(app.stage.focused);
  const found: Expanded[] = [];
  for (const id of ids.slice(0, 50)) {
    const one = await expand(app, id, direction, most, further);
    if (!one) return; // it was said why
    found.push(one);
  }
  const only = found[0], node = app.record.picture.nodes.get(ids[0] ?? "");
  if (!only || !node) return;
  if (found.length === 1) {
    if (only.none) app.tell(t(direction === "in" ? "expanded.none.in" : "expanded.none.out", { name: name(node) }), { hint: only.scope });
    else if (only.rest) app.tell(t(only.rest.sampled ? "rest.sampled" : "rest.shown", { n: only.rest.count, name: name(node) }), { hint: only.rest.scope });
    return;
  }
  // Of many, one thing is said.
  const none = found.filter((f) => f.none).length, more = found.filter((f) => f.rest).length;
  app.tell(t("expanded", { n: found.reduce((n, f) => n + f.added, 0) }), { hint: [none > 0 ? t(direction === "in" ? "expanded.none.of.in" : "expanded.none.of.out", { n: none }) : "", more > 0 ? t("rest.of.many", { n: more }) : ""].filter((s) => s !== "").join(" ") });
}

/** Expanded is what came of expanding one node. */
interface Expanded {
  added: number;
  none: boolean; // nothing moved
  rest: Rest | undefined;
  scope: string;
}

/** expand shows what is around a node, the largest first; further goes on where the last answer ended. */
export async function expand(app: App, id: string, direction: "in" | "out", most = usual, further = false, bySpend = false): Promise<Expanded | null> {
  const n = app.record.picture.nodes.get(id);
  const ledger = n && app.ledger(n.network);
  if (!n || !ledger) {
    app.tell(t("fault.ledger"), { hint: t("fault.ledger.hint"), fault: true });
    return null;
  }
  app.root.dataset["busy"] = "expand";
  try {
    const s = app.scope, question: ExpandQuestion = {
      ledger: ledger.id, node: id, direction, level: s.level, most,
      ...(bySpend ? { by: "coin" as const, level: "transaction" as const } : s.level === "aggregated" && app.byCluster ? { by: "cluster" as const } : {}), ...(further && n.rest?.[direction]?.cursor ? { cursor: n.rest[direction].cursor } : {}),
      ...(s.from === undefined ? {} : { from: new Date(s.from).toISOString() }),
      ...(s.until === undefined ? {} : { until: new Date(s.until).toISOString() }),
      ...(s.min ? { min: s.min } : {}), ...(s.asset ? { asset: s.asset } : {}), ...(s.label ? { label: s.label } : {}),
    };
    const found = await app.api.expand(question);
    app.expanded = { id, question };
    // Sums that were asked for within a filter are that filter's, and say so when it changes.
    const asked = counting(s);
    if (asked !== "" && s.level === "aggregated") for (const e of found.edges) if (e.what === "pay") e.asked = asked;
    const rest: Rest | undefined = found.more > 0 ? { count: found.more, scope: found.scope, ...(found.sampled ? { sampled: true } : {}), ...(found.cursor ? { cursor: found.cursor } : {}) } : undefined;
    const added = lay(app, found, id, direction === "in" ? -1 : 1, t(direction === "in" ? "did.expanded.in" : "did.expanded.out", { name: name(n) }), { id, direction, rest });
    app.panel.refresh("selection");
    app.say(t("expanded", { n: added }) + (rest ? " " + t("rest.of", { n: rest.count }) : ""));
    return { added, none: added === 0 && found.nodes.length === 0, rest, scope: found.scope };
  } catch (e) {
    app.fail(e);
    return null;
  } finally {
    delete app.root.dataset["busy"];
  }
}

/**
 * nextSpend follows each chosen transaction, coin or address to the transactions that spent what it had. Of a
 * transaction that goes through its coins: an address may have spent others in between, a coin is spent once.
 */
export async function nextSpend(app: App): Promise<void> {
  const level = app.scope.level;
  if (level !== "transaction") setScope(app, { level: "transaction" });
  for (const id of members(app).slice(0, 20)) {
    const n = app.record.picture.nodes.get(id);
    if (!n) continue;
    const before = app.record.picture.edges.size;
    const found = await expand(app, id, "out", usual, false, n.what === "transaction");
    if (!found) return;
    // A step that leads nowhere new says so.
    if (found.none) app.tell(t("next.none", { name: name(n) }), { hint: found.scope });
    else if (found.rest) app.tell(t("rest.shown", { n: found.rest.count, name: name(n) }), { hint: found.rest.scope });
    else if (found.added === 0 && app.record.picture.edges.size === before) app.tell(t("next.shown", { name: name(n) }));
  }
}

/**
 * lay puts what a ledger answered on the picture, in one step, beside a node; it returns how
 * many nodes are new. What is there already keeps its place and all that people said of it.
 */
export function lay(app: App, found: Pick<Found, "nodes" | "edges">, origin: string | null, side: -1 | 1, words: string, rest?: { id: string; direction: "in" | "out"; rest: Rest | undefined }): number {
  const p = app.record.picture;
  const fresh = found.nodes.filter((n) => !p.nodes.has(n.id));
  const from = origin ? p.nodes.get(origin) : undefined;
  const start: Place = from ? { id: origin!, x: from.x, y: from.y } : { id: "", ...app.stage.centre() };
  // Nodes in two steps away, such as addresses behind a transaction, stand a column further.
  const far = distance(found, origin);
  const sets: [string, Value][] = [];
  const taken: Place[] = [...p.nodes].map(([id, n]) => ({ id, x: n.x, y: n.y }));
  const layers = new Map<number, FoundNode[]>();
  for (const n of fresh) {
    const d = far.get(n.id) ?? 1;
    const list = layers.get(d);
    if (list) list.push(n);
    else layers.set(d, [n]);
  }
  for (const [d, list] of [...layers].sort((a, b) => a[0] - b[0])) {
    const at = beside({ ...start, x: start.x + side * (d - 1) * 260 }, list.map((n) => n.id), side, taken);
    taken.push(...at);
    list.forEach((n, i) => {
      const { id, ...value } = n;
      sets.push([nodeField(id), { ...value, x: at[i]!.x, y: at[i]!.y }]);
    });
  }
  for (const n of found.nodes) {
    const was = p.nodes.get(n.id);
    if (!was) continue;
    const { id, ...value } = n;
    const next: NodeValue = { ...was };
    if (value.label) {
      next.label = value.label;
      if (value.inferred) next.inferred = true;
      else delete next.inferred;
    }
    if (value.cluster) next.cluster = value.cluster;
    sets.push([nodeField(id), next]);
  }
  for (const e of found.edges) {
    const { id, ...value } = e;
    const was = p.edges.get(id || edgeID(e.from, e.to, e.what, e.method));
    // A sum without a filter holds more than one within: it stays, and is narrowed when it is shown.
    if (was && was.what === "pay" && was.asked === undefined && value.asked !== undefined) continue;
    const next: EdgeValue = was?.note ? { ...value, note: was.note } : value;
    sets.push([edgeField(id || edgeID(e.from, e.to, e.what, e.method)), next]);
  }
  if (rest) {
    const at = sets.find(([f]) => f === nodeField(rest.id));
    const n = (at?.[1] as NodeValue | undefined) ?? p.nodes.get(rest.id);
    if (n) {
      const now = { ...n.rest };
      if (rest.rest) now[rest.direction] = rest.rest;
      else delete now[rest.direction];
      const next: NodeValue = { ...n, rest: now };
      if (Object.keys(now).length === 0) delete next.rest;
      if (at) at[1] = next;
      else sets.push([nodeField(rest.id), next]);
    }
  }
  app.do(words, sets);
  app.draw();
  if (fresh.length > 0) app.stage.include(origin ? [origin, ...fresh.map((n) => n.id)] : undefined);
  return fresh.length;
}

function distance(found: Pick<Found, "nodes" | "edges">, origin: string | null): Map<string, number> {
  const far = new Map<string, number>();
  if (!origin) return far;
  const near = new Map<string, string[]>();
  const link = (a: string, b: string): void => {
    const list = near.get(a);
    if (list) list.push(b);
    else near.set(a, [b]);
  };
  for (const e of found.edges) {
    link(e.from, e.to);
    link(e.to, e.from);
  }
  far.set(origin, 0);
  const queue = [origin];
  for (let at = 0; at < queue.length; at++) {
    for (const b of near.get(queue[at]!) ?? []) {
      if (far.has(b)) continue;
      far.set(b, far.get(queue[at]!)! + 1);
      queue.push(b);
    }
  }
  return far;
}

/** loadRuns reads the case's traces. */
export async function loadRuns(app: App): Promise<void> {
  try {
    const records = await app.api.records("run");
    app.runs = new Map([...records].map(([id, f]): [string, Run] => [id, { id, title: (f["title"] as string) ?? "", state: f["state"] as Run["state"], question: (f["question"] ?? {}) as Run["question"], summary: (f["summary"] ?? null) as RunSummary | null }]));
    app.panel.refresh("traces");
  } catch {
    // The tab says that there are none; the next change asks again.
  }
}

/** layRun puts a trace's flow on the picture. */
export async function layRun(app: App, run: Run, ends: number): Promise<void> {
  try {
    const found = await app.api.picture(run.id, ends);
    const edges: FoundEdge[] = found.edges.map((e) => ({ ...e, what: "trace", run: run.id }));
    lay(app, { nodes: [...found.nodes].sort(byID), edges }, null, 1, t("did.laid", { title: run.title || run.id }));
    if (found.more > 0) app.tell(t("run.laid.part"), { hint: found.scope });
    await layOut(app, "layered");
  } catch (e) {
    app.fail(e);
  }
}

/** loadWatches reads what the case watches, and what was seen. */
export async function loadWatches(app: App): Promise<void> {
  try {
    const [watches, alerts] = await Promise.all([app.api.records("watch"), app.api.records("alert")]);
    const seen = new Map<string, number>();
    for (const a of alerts.values()) if (a["state"] !== "taken back" && a["state"] !== "dropped") seen.set(a["watch"] as string, (seen.get(a["watch"] as string) ?? 0) + 1);
    app.watches = new Map([...watches].map(([id, w]) => [w["text"] as string, { id, seen: seen.get(id) ?? 0 }]));
    app.panel.refresh("selection");
    app.panel.refresh("traces");
  } catch {
    // The next change asks again.
  }
}

/** watch has the case tell when an address, a coin or a trace's unspent ends move. */
export async function watch(app: App, what: "address" | "coin" | "ends", text: string, ledger: string, title: string): Promise<void> {
  try {
    const id = randomID();
    const edit = (name: string, after: unknown): unknown => ({ kind: "watch", id, field: name, before: null, after });
    await app.api.change(t("did.watched", { what: short(title || text) }), [edit("what", what), edit("text", text), edit("ledger", ledger), ...(title ? [edit("title", title)] : [])]);
    await loadWatches(app);
    app.tell(t("watch.begun"));
  } catch (e) {
    app.fail(e);
  }
}

export async function unwatch(app: App, id: string): Promise<void> {
  try {
    await app.api.change(t("did.unwatched"), [{ kind: "watch", id, field: "deleted", before: null, after: true }]);
    await loadWatches(app);
  } catch (e) {
    app.fail(e);
  }
}

/** loadRates fetches the rates of the days in the picture, in the currency that values are told in. */
export async function loadRates(app: App): Promise<void> {
  try {
    app.spans ??= await app.api.rates();
    const p = app.record.picture;
    let first = "", last = "";
    const day = (time: string | undefined): void => {
      const d = time?.slice(0, 10);
      if (d === undefined || d === "") return;
      if (first === "" || d < first) first = d;
      if (d > last) last = d;
    };
    for (const e of p.edges.values()) {
      day(e.first);
      day(e.last);
    }
    for (const n of p.nodes.values()) day(n.time);
    const currency = app.currency;
    if (first === "" || currency === "") return;
    for (const ledger of app.ledgers) {
      const has = app.rates.get(ledger.network);
      if (!app.currencies(ledger).includes(currency) || (has?.currency === currency && has.first <= first && has.last >= last)) continue;
      app.rates.set(ledger.network, { currency, first, last, days: new Map(Object.entries(await app.api.dayRates(ledger.id, currency, first, last))) });
      app.relook();
    }
  } catch {
    // Then no values are told; the coin's own amounts are.
  }
}

/** setCurrency chooses in what values are told beside the coin; that is kept with the graph. */
export function setCurrency(app: App, currency: string): void {
  const view: Value = { ...app.record.picture.view, currency };
  if (app.mayChange) app.do(t("did.looked"), [["view", view]], true);
  else app.record.picture.view = view;
  app.rates.clear();
  app.relook();
  void loadRates(app);
}

export function nodeItems(app: App): Item[] {
  const ids = members(app), may = app.mayChange, one = ids.length === 1 ? app.record.picture.nodes.get(ids[0]!) : undefined;
  const gid = app.chosen.size === 1 ? [...app.chosen][0]! : "";
  const folded = gid.startsWith("g:") ? gid.slice(2) : undefined;
  const group = folded ?? one?.group;
  const all: (Item | false)[] = [
    may && { text: t("expand.in"), icon: "in", press: () => void expandChosen(app, "in") },
    may && { text: t("expand.out"), icon: "out", press: () => void expandChosen(app, "out") },
    may && { text: t("next"), icon: "next", press: () => void nextSpend(app) },
    may && { text: t("trace"), icon: "trace", press: () => askTrace(app, ids) },
    may && { text: t("paths"), icon: "path", disabled: ids.length !== 2, hint: t("paths.hint"), press: () => askPaths(app, ids) },
    one?.what === "address" && app.setting.source === undefined && { text: t("why"), icon: "why", press: () => void askWhy(app, ids[0]!) },
    may && { text: t("link"), icon: "note", disabled: ids.length !== 2, press: () => askLink(app, ids) },
    may && { text: t("pin"), icon: "pin", press: () => pin(app) },
    may && { text: t("group"), icon: "group", disabled: ids.length < 2, press: () => askGroup(app) },
    may && group !== undefined && { text: t(folded ? "unfold" : "fold"), icon: "group", press: () => fold(app, group, !folded) },
    may && group !== undefined && { text: t("ungroup"), icon: "group", press: () => ungroup(app, group) },
    one !== undefined && { text: t("copy"), icon: "copy", press: () => copy(app, one.text) },
    may && { text: t("remove"), icon: "remove", press: () => remove(app) },
  ];
  return all.filter((i): i is Item => i !== false);
}

export function stageItems(app: App): Item[] {
  const may = app.mayChange;
  const all: (Item | false)[] = [
    may && { text: t("add"), icon: "add", press: () => askAdd(app) },
    { text: t("choose.all"), press: () => chooseAll(app) },
    { text: t("fit"), icon: "fit", press: () => app.stage.fit() },
    may && { text: t("layout.layered"), icon: "layered", press: () => void layOut(app, "layered") },
    may && { text: t("layout.force"), icon: "force", press: () => void layOut(app, "force") },
  ];
  return all.filter((i): i is Item => i !== false);
}

export function copy(app: App, text: string): void {
  const done = (): void => app.say(t("copied", { text: short(text) }));
  if (navigator.clipboard) void navigator.clipboard.writeText(text).then(done, () => app.tell(text));
  else {
    // Pages that came without https have no clipboard of the newer kind.
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
    done();
  }
}

export const colourNames = colours;
