// What a person is asked before something is done.
import type { App } from "./app.ts";
import type { Ledger, RunQuestion } from "./api.ts";
import { edgeID, nodeID, type NodeValue, type Value } from "./model/picture.ts";
import { name, short, units, what, when } from "./model/words.ts";
import { t, type Key } from "./messages/messages.ts";
import { beside } from "./layout/geometry.ts";
import { button, field, fill, h, ltr, select } from "./view/dom.ts";
import { dialog } from "./view/menu.ts";
import * as actions from "./actions.ts";

export const methods = ["fifo", "fifo-age", "lifo", "haircut", "tiho", "poison"] as const;

/** askAdd takes pasted text, and offers the addresses, transactions and coins that are in it. */
export function askAdd(app: App): void {
  const text = h("textarea", { class: "g-input", rows: 5, spellcheck: "false", dir: "ltr", placeholder: t("add.placeholder") });
  const found = h("div", { class: "g-results", "aria-live": "polite" });
  let list: { network: string; what: "address" | "transaction" | "coin"; text: string; wrong: string; joined: boolean }[] = [];
  let asked = "";
  const chosen = new Set<number>();
  const look = async (): Promise<void> => {
    asked = text.value;
    const answer = await app.api.find(text.value);
    // Of several networks that it may belong to, one that there is a ledger of.
    const known = new Set(app.ledgers.map((l) => l.network));
    list = answer.found.flatMap((f) => (f.what === "wallet" ? [] : [{ what: f.what, text: f.text, network: f.networks?.find((n) => known.has(n)) ?? f.networks?.[0] ?? "", wrong: f.wrong ?? "", joined: f.joined ?? false }]));
    const wallets = answer.found.length - list.length;
    chosen.clear();
    fill(found, h("p", { class: "g-hint" }, list.length === 0 ? t("add.none") : t("add.found", { n: list.length })), h("ul", { class: "g-checks" }, ...list.slice(0, 500).map((f, i) => {
      const there = app.record.picture.nodes.has(nodeID(f.what, f.text));
      const fit = !there && f.wrong === "";
      if (fit) chosen.add(i);
      const box = h("input", { type: "checkbox", checked: fit, disabled: !fit });
      box.addEventListener("change", () => (box.checked ? chosen.add(i) : chosen.delete(i)));
      return h("li", {}, h("label", {}, box, h("span", {}, t(`what.${f.what}`), " ", ltr(f.text), h("span", { class: "g-hint" }, [f.network, there ? t("add.there") : "", f.wrong, f.joined ? t("add.joined") : ""].filter((s) => s !== "").join(" · ")))));
    })), wallets > 0 && h("p", { class: "g-hint" }, t("add.wallets", { n: wallets })));
  };
  dialog({ title: t("add.title"), wide: true, agree: t("add.agree") }, (body) => {
    body.append(field({ label: t("add.label"), hint: t("add.words") }, text), found);
  }, async () => {
    if (text.value.trim() === "") return false;
    if (text.value !== asked) {
      await look();
      if (list.length !== 1) return false; // one thing needs no second look
    }
    const fresh = [...chosen].map((i) => list[i]!);
    if (fresh.length === 0) return list.length === 0 ? false : undefined;
    const centre = app.stage.centre();
    const taken = [...app.record.picture.nodes].map(([id, n]) => ({ id, x: n.x, y: n.y }));
    const ids = fresh.map((f) => nodeID(f.what, f.text));
    const places = ids.length === 1 && taken.length === 0 ? [{ id: ids[0]!, x: 0, y: 0 }] : beside({ id: "", x: centre.x - 260, y: centre.y }, ids, 1, taken);
    app.do(t("did.added", { n: ids.length }), fresh.map((f, i): [string, Value] => ["node/" + ids[i]!, { what: f.what, network: f.network, text: f.text, x: places[i]!.x, y: places[i]!.y }]));
    app.draw();
    app.choose(ids, "only");
    app.stage.fit();
    return undefined;
  });
}

function ledgerField(app: App, network: string | undefined): { box: HTMLElement; value: () => Ledger | undefined } {
  const fitting = network === undefined ? app.ledgers : app.ledgers.filter((l) => l.network === network);
  const s = select(fitting.map((l) => [l.id, `${l.id} (${l.network})`]), app.ledger(network)?.id ?? "");
  return { box: field({ label: t("ledger") }, s), value: () => app.ledgers.find((l) => l.id === s.value) };
}

/** askTrace asks by which methods, in which direction and how far value is to be followed. */
export function askTrace(app: App, ids: string[]): void {
  const nodes = ids.map((id) => app.record.picture.nodes.get(id)).filter((n) => n !== undefined);
  const starts = h("textarea", { class: "g-input", rows: 3, spellcheck: "false", dir: "ltr" }, nodes.filter((n) => n.what !== "cluster" && n.what !== "service").map((n) => n.text).join("\n"));
  const ledger = ledgerField(app, nodes[0]?.network);
  const direction = select([["forward", t("forward")], ["backward", t("backward")]], "forward");
  const hops = h("input", { type: "number", class: "g-input", min: 1, max: 10_000, placeholder: t("trace.no.limit") });
  const least = h("input", { type: "text", class: "g-input", inputmode: "decimal", placeholder: t("trace.no.limit") });
  const until = h("input", { type: "date", class: "g-input" });
  const through = h("input", { type: "checkbox" });
  const sure = h("input", { type: "number", class: "g-input", min: 0, max: 100, placeholder: "50" });
  const split = h("input", { type: "checkbox" });
  const boxes = methods.map((m) => [m, h("input", { type: "checkbox", checked: m === "fifo", value: m })] as const);
  dialog({ title: t("trace.title"), wide: true, agree: t("trace.agree") }, (body) => {
    body.append(
      field({ label: t("trace.starts"), hint: t("trace.starts.hint") }, starts),
      h("fieldset", { class: "g-methods" }, h("legend", {}, t("trace.methods")), h("p", { class: "g-hint" }, t("trace.methods.hint")),
        ...boxes.map(([m, box]) => h("label", { class: "g-choice" }, box, h("span", {}, h("strong", {}, m), h("span", { class: "g-hint" }, t(`method.${m}` as Key)))))),
      h("div", { class: "g-columns" }, field({ label: t("trace.direction") }, direction), ledger.box, field({ label: t("trace.hops") }, hops), field({ label: t("trace.least", { ticker: app.asset(nodes[0]?.network)?.ticker ?? t("unit.smallest") }) }, least), field({ label: t("trace.until") }, until), field({ label: t("trace.sure") }, sure)),
      h("label", { class: "g-choice" }, through, h("span", {}, t("trace.through"), h("span", { class: "g-hint" }, t("trace.through.hint")))),
      h("label", { class: "g-choice" }, split, h("span", {}, t("trace.split"), h("span", { class: "g-hint" }, t("trace.split.hint")))));
  }, async () => {
    const list = starts.value.split(/\s+/).filter((s) => s !== "");
    const wanted = boxes.filter(([, b]) => b.checked).map(([m]) => m);
    const at = ledger.value();
    if (list.length === 0) throw new Error(t("trace.need.start"));
    if (wanted.length === 0) throw new Error(t("trace.need.method"));
    if (!at) throw new Error(t("fault.ledger"));
    if (direction.value === "backward" && wanted.includes("tiho")) throw new Error(t("trace.tiho"));
    const question: RunQuestion = { ledger: at.id, method: wanted[0]!, direction: direction.value as "forward", starts: list, graph: app.setting.graph };
    if (wanted.length > 1) question.methods = wanted;
    if (hops.value !== "") question.max_hops = Number(hops.value);
    if (least.value.trim() !== "") {
      const u = units(least.value, at);
      if (u === null) throw new Error(t("fault.amount"));
      question.min_amount = u;
    }
    if (until.value !== "") question.until = until.value + "T23:59:59Z";
    if (sure.value !== "") question.stop_confidence = Number(sure.value);
    if (split.checked) question.by_start = true;
    if (through.checked) question.through_coinjoin = true;
    await app.api.run(question);
    app.panel.open("traces", false);
    await actions.loadRuns(app);
  });
}

/** askWhy shows why an address is held to be of the same party as others: each merge with its transaction. */
export async function askWhy(app: App, id: string): Promise<void> {
  const n = app.record.picture.nodes.get(id);
  const ledger = n && app.ledger(n.network);
  if (!n || !ledger) return;
  try {
    const why = await app.api.why(ledger.id, n.text);
    const d = dialog({ title: t("why.title"), wide: true }, (body) => {
      body.append(h("p", {}, h("strong", {}, t("inferred.long")), " ", why.claim), h("p", {}, t("why.addresses", { n: why.addresses })));
      if (why.merges.length > 0) {
        // Where all merges are by one rule, it is said once.
        const rules = [...new Set(why.merges.map((m) => m.words || m.rule))], one = rules.length === 1;
        if (one) body.append(h("p", {}, t("why.rule"), ": ", rules[0]!));
        body.append(h("div", { class: "g-table-scroll", tabindex: 0, role: "region", "aria-label": t("why.merges") }, h("table", { class: "g-table" }, h("caption", {}, t("why.merges")),
          h("thead", {}, h("tr", {}, ...["why.address", "why.with", ...(one ? [] : ["why.rule"]), "why.tx"].map((k) => h("th", { scope: "col" }, t(k as Key))))),
          h("tbody", {}, ...why.merges.map((m) => h("tr", {}, h("td", {}, ltr(short(m.address, 25), "g-hash", m.address)), h("td", {}, ltr(short(m.other, 25), "g-hash", m.other)), one ? null : h("td", {}, m.words || m.rule), h("td", {}, ltr(short(m.tx, 21), "g-hash", m.tx), " ", h("span", { class: "g-hint" }, when(m.time)), " ",
            button({ icon: "copy", label: t("copy.tx"), className: "g-plain", press: () => actions.copy(app, m.tx) }))))))));
      }
      if (why.more > 0) body.append(h("p", { class: "g-hint" }, t("why.more", { n: why.more })));
      if (app.setting.may) body.append(button({ icon: "pin", text: t("fix"), press: () => {
        d.close();
        void actions.fix(app, { why: { ledger: ledger.id, address: n.text } });
      } }));
      if (why.siblings.length > 0 && app.mayChange) {
        body.append(button({ icon: "add", text: t("why.add", { n: Math.min(why.siblings.length, 50) }), press: () => {
          d.close();
          addSiblings(app, id, why.cluster, why.siblings.slice(0, 50));
        } }));
      }
    });
  } catch (e) {
    app.fail(e);
  }
}

function addSiblings(app: App, id: string, cluster: string, siblings: string[]): void {
  const n = app.record.picture.nodes.get(id);
  if (!n) return;
  const network = n.network === undefined ? {} : { network: n.network };
  const nodes = siblings.map((s) => ({ id: nodeID("address", s), what: "address" as const, text: s, cluster, ...network }));
  const hub = { id: cluster, what: "cluster" as const, text: cluster.replace(/^c:/, ""), title: t("cluster.of", { n: siblings.length + 1 }), inferred: true, ...network };
  const edges = [n.text, ...siblings].map((s) => ({ id: edgeID(cluster, nodeID("address", s), "member"), from: cluster, to: nodeID("address", s), what: "member" as const, inferred: true }));
  actions.lay(app, { nodes: [hub, ...nodes, { id, what: n.what, text: n.text, cluster }], edges }, id, 1, t("did.siblings", { n: siblings.length }));
}

/** party is a node as a search for paths calls it: a cluster and a service stand for all their addresses. */
function party(n: NodeValue): string {
  return n.what === "cluster" ? `cluster:${n.text}` : n.what === "service" ? `label:${n.text}` : n.text;
}

export function askPaths(app: App, ids: string[]): void {
  const [a, b] = ids.map((id) => app.record.picture.nodes.get(id));
  const ledger = a && app.ledger(a.network ?? b?.network);
  if (!a || !b || !ledger) return;
  const turn = h("input", { type: "checkbox" });
  const hops = h("input", { type: "number", class: "g-input", min: 1, max: 100, value: 12 });
  dialog({ title: t("paths.title"), agree: t("paths.agree") }, (body) => {
    body.append(h("p", {}, t("paths.words", { from: name(a), to: name(b) })), h("label", { class: "g-choice" }, turn, h("span", {}, t("paths.turn"))), field({ label: t("trace.hops") }, hops));
  }, async () => {
    const [from, to] = turn.checked ? [b, a] : [a, b];
    const origin = turn.checked ? ids[1]! : ids[0]!;
    if (from.what === "transaction" || to.what === "transaction" || to.what === "coin") throw new Error(t("paths.ends"));
    const question = { ledger: ledger.id, from: party(from), to: party(to), max_hops: Number(hops.value) || 12 };
    const found = await app.api.paths(question);
    if (found.paths.length === 0) throw new Error(found.truncated ? t("paths.truncated") : t("paths.none"));
    actions.lay(app, found, origin, 1, t("did.paths", { from: name(from), to: name(to) }));
    app.tell(t("paths.found", { n: found.paths.length }), { hint: [t("paths.claim"), found.truncated ? t("paths.truncated") : "", ...(found.warnings ?? [])].filter((s) => s !== "").join(" "), act: { text: t("fix"), press: () => void actions.fix(app, { paths: question }) } });
  });
}

/** askLink draws a line by hand: the person's own statement, and shown as that. */
export function askLink(app: App, ids: string[]): void {
  const [a, b] = ids.map((id) => app.record.picture.nodes.get(id));
  if (!a || !b) return;
  const note = h("input", { class: "g-input", maxlength: 500, required: true });
  dialog({ title: t("link.title"), agree: t("link.agree") }, (body) => {
    body.append(h("p", {}, t("link.words", { from: name(a), to: name(b) })), field({ label: t("link.note"), hint: t("link.hint") }, note));
  }, () => {
    const id = edgeID(ids[0]!, ids[1]!, "manual");
    app.do(t("did.linked"), [["edge/" + id, { from: ids[0]!, to: ids[1]!, what: "manual", note: note.value.trim(), inferred: true }]]);
  });
}

export function askGroup(app: App): void {
  const ids = actions.members(app);
  if (ids.length === 0) return;
  const title = h("input", { class: "g-input", maxlength: 200, required: true });
  const folded = h("input", { type: "checkbox" });
  const known = [...app.record.picture.groups];
  const into = select([["", t("group.new")], ...known.map(([id, g]): [string, string] => [id, g.title])], "");
  dialog({ title: t("group.title"), agree: t("group") }, (body) => {
    if (known.length > 0) body.append(field({ label: t("group.into") }, into));
    into.addEventListener("change", () => {
      title.required = into.value === "";
      title.disabled = into.value !== "";
    });
    body.append(field({ label: t("group.name") }, title), h("label", { class: "g-choice" }, folded, h("span", {}, t("group.fold"))));
  }, () => {
    const gid = into.value || randomID();
    const sets: [string, Value][] = [];
    const was = app.record.picture.groups.get(gid);
    sets.push(["group/" + gid, was ? { ...was, folded: folded.checked } : { title: title.value.trim(), folded: folded.checked }]);
    for (const id of ids) {
      const n = app.record.picture.nodes.get(id);
      if (n) sets.push(["node/" + id, { ...n, group: gid }]);
    }
    app.do(t("did.grouped", { n: ids.length }), sets);
  });
}

/** askSnapshot fixes the graph as it is now: it can be looked at, and put into a report, for ever. */
export function askSnapshot(app: App): void {
  const title = h("input", { class: "g-input", maxlength: 200, required: true, value: `${app.record.picture.title}, ${new Date().toISOString().slice(0, 16).replace("T", " ")}` });
  dialog({ title: t("snapshot.title"), agree: t("snapshot.agree") }, (body) => {
    body.append(h("p", {}, t("snapshot.words")), field({ label: t("snapshot.name") }, title));
  }, async () => {
    await app.saver.save();
    const id = randomID();
    const edit = (name: string, after: unknown): unknown => ({ kind: "snapshot", id, field: name, before: null, after });
    await app.api.change(t("did.snapshot"), [edit("title", title.value.trim()), edit("graph", app.setting.graph), edit("seq", app.record.seq)]);
    const link = new URL(location.pathname, location.href);
    link.searchParams.set("snapshot", id);
    app.tell(t("snapshot.done"), { act: { text: t("snapshot.open"), press: () => void open(link, "_blank", "noopener") } });
  });
}

/** askShare gives a colleague the right to read the case, and a link to this picture. */
export async function askShare(app: App): Promise<void> {
  const link = new URL(location.pathname + location.search, location.href).href;
  const box = h("input", { class: "g-input", readonly: true, value: link, dir: "ltr" });
  let people: { id: string; name: string }[] = [], there = new Map<string, Record<string, unknown>>();
  if (app.setting.lead) {
    try {
      [{ people }, there] = await Promise.all([app.api.people(), app.api.records("member")]);
    } catch {
      people = [];
    }
  }
  const others = people.filter((p) => !there.has(p.id));
  const who = select([["", t("share.nobody")], ...others.map((p): [string, string] => [p.id, p.name])], "");
  dialog({ title: t("share.title"), agree: app.setting.lead && others.length > 0 ? t("share.agree") : t("share.copy") }, (body) => {
    body.append(field({ label: t("share.link"), hint: t("share.hint.link") }, box));
    if (app.setting.lead && others.length > 0) body.append(field({ label: t("share.who"), hint: t("share.who.hint") }, who));
    else body.append(h("p", { class: "g-hint" }, app.setting.lead ? t("share.all") : t("share.lead")));
  }, async () => {
    if (who.value !== "") {
      await app.api.change(t("did.shared"), [{ kind: "member", id: who.value, field: "part", before: null, after: "viewer" }]);
      app.tell(t("share.done", { name: others.find((p) => p.id === who.value)?.name ?? "" }));
    }
    actions.copy(app, link);
  });
}

export function randomID(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(13));
  return [...bytes].map((b) => "abcdefghijklmnopqrstuvwxyz234567"[b & 31]).join("");
}

export { what };
