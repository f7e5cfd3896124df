// What a person does with a graph: each is one step, with its words for the history.
import type { App } from "./app.ts";
import type { Found, FoundEdge, FoundNode, Run, RunSummary } from "./api.ts";
import { colours, edgeID, type EdgeValue, type NodeValue, type Rest, type Value } from "./model/picture.ts";
import type { Scope } from "./model/project.ts";
import { name, short } from "./model/words.ts";
import { t } from "./messages/messages.ts";
import { align, beside, byID, type Place } from "./layout/geometry.ts";
import { rounds } from "./layout/force.ts";
import type { Order } from "./layout/worker.ts";
import type { Item } from "./view/menu.ts";

export { askAdd, askGroup, askLink, askSnapshot, askShare, askTrace, askWhy, askPaths } from "./asks.ts";
export { exportItems } from "./exports.ts";
import { askGroup, askLink, askTrace, askWhy, askPaths, askAdd } from "./asks.ts";

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

export function clearScope(app: App): void {
  setScope(app, { from: undefined, until: undefined, min: undefined, asset: undefined, label: undefined });
}

let layingOut: Worker | null = null;

/** layOut lays the picture out, in a thread of its own; pinned nodes stay. */
export function layOut(app: App, layout: "force" | "layered", only?: ReadonlySet<string>): Promise<void> {
  layingOut?.terminate();
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
  for (const id of ids.slice(0, 50)) await expand(app, id, direction, most, further);
}

/** expand shows what is around a node, the largest first; further goes on where the last answer ended. */
export async function expand(app: App, id: string, direction: "in" | "out", most = usual, further = false): Promise<void> {
  const n = app.record.picture.nodes.get(id);
  const ledger = n && app.ledger(n.network);
  if (!n || !ledger) {
    app.tell(t("fault.ledger"), { hint: t("fault.ledger.hint"), fault: true });
    return;
  }
  app.root.dataset["busy"] = "expand";
  try {
    const s = app.scope;
    const found = await app.api.expand({
      ledger: ledger.id, node: id, direction, level: s.level, most,
      ...(s.level === "aggregated" && app.byCluster ? { by: "cluster" as const } : {}), ...(further && n.rest?.[direction]?.cursor ? { cursor: n.rest[direction].cursor } : {}),
      ...(s.from === undefined ? {} : { from: new Date(s.from).toISOString() }),
      ...(s.until === undefined ? {} : { until: new Date(s.until).toISOString() }),
      ...(s.min ? { min: s.min } : {}), ...(s.asset ? { asset: s.asset } : {}), ...(s.label ? { label: s.label } : {}),
    });
    const rest: Rest | undefined = found.more > 0 ? { count: found.more, scope: found.scope, ...(found.sampled ? { sampled: true } : {}), ...(found.cursor ? { cursor: found.cursor } : {}) } : undefined;
    const added = lay(app, found, id, direction === "in" ? -1 : 1, t(direction === "in" ? "did.expanded.in" : "did.expanded.out", { name: name(n) }), { id, direction, rest });
    app.say(t("expanded", { n: added }) + (rest ? " " + t("rest.of", { n: rest.count }) : ""));
    if (added === 0 && found.nodes.length === 0) app.tell(t(direction === "in" ? "expanded.none.in" : "expanded.none.out", { name: name(n) }), { hint: found.scope });
    else if (rest) app.tell(t(rest.sampled ? "rest.sampled" : "rest.shown", { n: rest.count, name: name(n) }), { hint: rest.scope });
  } catch (e) {
    app.fail(e);
  } finally {
    delete app.root.dataset["busy"];
  }
}

/** nextSpend follows each chosen transaction or coin to the transactions that spend it. */
export async function nextSpend(app: App): Promise<void> {
  const before = new Set(app.record.picture.nodes.keys());
  const level = app.scope.level;
  if (level !== "transaction") setScope(app, { level: "transaction" });
  for (const id of members(app).slice(0, 20)) {
    const n = app.record.picture.nodes.get(id);
    if (!n) continue;
    await expand(app, id, "out", n.what === "transaction" ? 50 : 5);
    // The next transaction by spend: one step past the outputs.
    if (n.what === "transaction") {
      const outs = [...app.record.picture.edges.values()].filter((e) => e.from === id && e.what === "receive").map((e) => e.to);
      for (const out of outs.filter((o) => !before.has(o)).slice(0, 5)) await expand(app, out, "out", 1);
    }
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
    if (value.label) next.label = value.label;
    if (value.cluster) next.cluster = value.cluster;
    sets.push([nodeField(id), next]);
  }
  for (const e of found.edges) {
    const { id, ...value } = e;
    const was = p.edges.get(id || edgeID(e.from, e.to, e.what, e.method));
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
  if (fresh.length > 0 && !origin) app.stage.fit();
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
export async function layRun(app: App, run: Run): Promise<void> {
  try {
    const found = await app.api.picture(run.id);
    const edges: FoundEdge[] = found.edges.map((e) => ({ ...e, what: "trace", run: run.id }));
    lay(app, { nodes: [...found.nodes].sort(byID), edges }, null, 1, t("did.laid", { title: run.title || run.id }));
    await layOut(app, "layered");
  } catch (e) {
    app.fail(e);
  }
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
    one?.what === "address" && { text: t("why"), icon: "why", press: () => void askWhy(app, ids[0]!) },
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
