// The graph's page: it keeps the record, what is chosen and how it is looked at, and tells
// its parts when something changed. What is done stands in actions.ts.
import { type API, type ExpandQuestion, type GraphAnswer, Problem, type Ledger, type Progress, type Run } from "./api.ts";
import { type EdgeValue, type NodeValue, type Value, type ViewValue } from "./model/picture.ts";
import { GraphRecord } from "./model/record.ts";
import { counting, nothing, project, type Drawn, type DrawnEdge, type Scope } from "./model/project.ts";
import { onDays, worth, worthBrief, worthWords, type OnDays, type Rates } from "./model/worth.ts";
import { Saver, steps, type SaveState } from "./model/saver.ts";
import { amount, claim, name, sentence, short, what, type Asset } from "./model/words.ts";
import { t } from "./messages/messages.ts";
import { Stage, type StageEvents, type StageLook } from "./view/stage.ts";
import { Blank, type Scene } from "./view/blank.ts";
import { Table } from "./view/table.ts";
import { Timeline } from "./view/timeline.ts";
import { Panel } from "./view/panel.ts";
import { toolbar, type Toolbar } from "./view/toolbar.ts";
import { askClash } from "./view/clash.ts";
import { button, fill, h } from "./view/dom.ts";
import { openMenu } from "./view/menu.ts";
import { dark, light, type Palette } from "./view/look.ts";
import * as actions from "./actions.ts";
import { keys } from "./view/keys.ts";

/** What the page says of itself. */
export interface Setting {
  api: string;
  case: string;
  graph: string;
  source?: string; // of a snapshot that is shared with who sees nothing else of the case: where it is read
  at?: number; // a snapshot: the graph after this change
  title: string;
  marking: string;
  currency: string; // that the case names; "": none
  person: string;
  may: boolean; // change it
  lead: boolean; // choose the members
}

export class App {
  readonly record: GraphRecord;
  readonly api: API;
  readonly saver: Saver;
  readonly stage: Scene;
  readonly table: Table;
  readonly panel: Panel;
  readonly bar: Toolbar;
  private readonly timeline: Timeline;
  private readonly live = h("div", { class: "g-hidden", "aria-live": "polite", role: "status" });
  private readonly notice = h("div", { class: "g-notices" });
  private readonly empty = h("div", { class: "g-empty-stage", hidden: true });
  private readonly scopeLine = h("p", { class: "g-scope" });
  readonly mayChange: boolean;

  chosen = new Set<string>();
  chosenEdge: string | null = null;
  scope: Scope = { level: "transaction" };
  methods: string[] = []; // of the traces that are shown, in the order of their looks
  hiddenMethods = new Set<string>();
  byCluster = false; // expanding at the aggregated level
  drawn: Drawn = nothing();
  again = new Map<string, EdgeValue | null>(); // sums that were counted anew within the scope
  private counted = ""; // the scope of again
  private counter: AbortController | null = null;
  mostEnds = "10"; // of a trace that is put on the picture
  expanded: { id: string; question: ExpandQuestion } | null = null; // what was asked last, of which node
  watches = new Map<string, { id: string; seen: number }>(); // by what is watched
  spans: { asset: string; currency: string; days: number }[] | null = null; // of which there are rates
  rates = new Map<string, Rates & { first: string; last: string }>(); // by network
  ledgers: Ledger[] = [];
  runs = new Map<string, Run>();
  progress = new Map<string, Progress>();
  mode: "picture" | "both" | "table" = "picture";
  private stale = false;
  private loading = false;

  /** first is what was asked of the server while this was made. */
  constructor(
    readonly root: HTMLElement,
    readonly setting: Setting,
    private readonly first: { api: API; graph: Promise<GraphAnswer>; ledgers: Promise<Ledger[]> },
  ) {
    this.mayChange = setting.may && setting.at === undefined;
    this.record = new GraphRecord(setting.graph);
    this.api = first.api;
    this.saver = new Saver(this.record, this.api, {
      settle: (clashes) => askClash(this.record.picture, clashes),
      state: (state, problem) => this.saved(state, problem),
      stacks: (undo, redo) => this.bar.stacks(undo, redo),
      after: (attempt) => new Promise((again) => setTimeout(again, Math.min(30_000, 500 * 2 ** attempt))),
    });
    const canvas = h("div", { class: "g-canvas", tabindex: 0, role: "application", "aria-roledescription": t("picture.role"), "aria-label": t("picture.label"), "aria-describedby": "g-keys" });
    const picture = h("div", { class: "g-picture" }, canvas, this.empty, h("div", { class: "g-zoom", role: "group", "aria-label": t("zoom") },
      button({ icon: "plus", label: t("zoom.in"), press: () => this.stage.zoom(1.5) }), button({ icon: "minus", label: t("zoom.out"), press: () => this.stage.zoom(1 / 1.5) }),
      button({ icon: "fit", label: t("fit"), hint: t("fit.hint"), press: () => this.stage.fit(this.chosen.size > 1 ? this.chosen : undefined) })), this.scopeLine);
    const table = h("section", { class: "g-table-box", "aria-label": t("table") });
    const panel = h("aside", { class: "g-panel", "aria-label": t("panel") });
    const time = h("div", { class: "g-time", hidden: true });
    this.bar = toolbar(this);
    fill(root, this.bar.element, h("div", { class: "g-main" }, h("div", { class: "g-views" }, picture, table), panel), time, this.live, this.notice, h("p", { id: "g-keys", class: "g-hidden" }, t("picture.keys")));
    root.dataset["mode"] = this.mode;
    const events: StageEvents = {
      choose: (ids, how) => this.choose(ids, how),
      chooseEdge: (edge) => this.chooseEdge(edge),
      open: (id) => {
        this.choose([id], "only");
        this.panel.open("selection", true);
      },
      moved: (places) => actions.place(this, places, t("did.moved", { n: places.length })),
      menu: (id, x, y) => this.menu(id, x, y),
      focus: (id) => this.tellFocus(id),
      readonly: () => !this.mayChange,
    };
    let scene: Scene;
    try {
      scene = new Stage(canvas, this.look(), events);
    } catch {
      scene = new Blank(canvas); // there is no WebGL: asking for it beforehand costs a context
      fill(canvas);
    }
    this.stage = scene;
    const drawable = scene instanceof Stage;
    // What a page drew with is let go of at once: the next one would wait for it to be collected.
    addEventListener("pagehide", () => this.stage.close());
    addEventListener("pageshow", (e) => {
      if (e.persisted) location.reload();
    });
    this.table = new Table(table, (n) => this.asset(n), (e) => this.worthOfEdge(e), {
      choose: (id, how) => this.choose([id], how),
      chooseEdge: (edge) => this.chooseEdge(edge),
      show: (id) => this.show(id),
    });
    this.timeline = new Timeline(time, (from, until) => actions.setScope(this, { from, until }));
    this.panel = new Panel(panel, this);
    this.record.on(() => this.changed());
    keys(this, canvas);
    if (!drawable) {
      this.setMode("table");
      this.tell(t("fault.webgl"), { hint: t("fault.webgl.hint"), fault: true });
    }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.relook());
    matchMedia("(forced-colors: active)").addEventListener("change", () => this.relook());
    addEventListener("beforeunload", (e) => {
      if (this.record.pending.length > 0) e.preventDefault();
    });
    // The graph takes what the page's head leaves of the window.
    const place = (): void => root.style.setProperty("--g-top", `${Math.max(0, Math.round(root.getBoundingClientRect().top + scrollY))}px`);
    addEventListener("resize", place);
    place();
    let size = "";
    new ResizeObserver(() => {
      const now = `${canvas.clientWidth} ${canvas.clientHeight}`;
      if (size !== "" && size !== now) this.stage.resized();
      size = now;
    }).observe(canvas);
  }

  get palette(): Palette {
    return matchMedia("(prefers-color-scheme: dark)").matches ? dark : light;
  }

  /** start loads the graph, draws it, and begins to listen. */
  async start(): Promise<void> {
    const begun = performance.now();
    try {
      const [answer, known] = await Promise.all([this.first.graph, this.first.ledgers]);
      this.ledgers = known;
      this.record.load(answer.fields, answer.seq);
    } catch (e) {
      this.fail(e);
      return;
    }
    this.scope = scopeOf(this.record.picture.view);
    this.draw();
    this.root.dataset["ready"] = String(Math.round(performance.now() - begun));
    performance.mark("graph-drawn");
    void actions.loadRates(this);
    if (this.setting.at !== undefined) return;
    this.listen();
    void actions.loadRuns(this);
    void actions.loadWatches(this);
    if (this.mayChange) void this.recall();
  }

  /** recall puts this person's last changes of the graph on the stack of what can be undone. */
  private async recall(): Promise<void> {
    try {
      const { changes } = await this.api.changes(Math.max(0, this.record.seq - 100));
      this.saver.remember(steps(changes, this.setting));
    } catch {
      // Then undoing begins with what is done from here on.
    }
  }

  private listen(): void {
    this.api.events({
      change: (seq) => {
        if (seq > this.record.seq) void this.catchUp();
      },
      progress: (p) => {
        this.progress.set(p.run, p);
        this.panel.refresh("traces");
      },
      state: (open) => {
        this.root.dataset["live"] = open ? "yes" : "no";
        if (open) void this.catchUp();
      },
    });
  }

  /** catchUp fetches what others did. */
  async catchUp(): Promise<void> {
    if (this.loading) {
      this.stale = true;
      return;
    }
    this.loading = true;
    try {
      do {
        this.stale = false;
        for (let more = true; more; ) {
          const answer = await this.api.changes(this.record.seq);
          more = answer.more && answer.changes.length > 0;
          let others = 0, runs = false, watched = false;
          for (const c of answer.changes) {
            if (c.seq <= this.record.seq) continue;
            if (c.person !== this.setting.person && c.edits.some((e) => e.kind === "graph" && e.id === this.setting.graph)) others++;
            runs ||= c.edits.some((e) => e.kind === "run");
            watched ||= c.edits.some((e) => e.kind === "watch" || e.kind === "alert");
            this.record.remote(c);
          }
          if (others > 0) this.say(t("others.changed", { n: others }));
          if (runs) void actions.loadRuns(this);
          if (watched) void actions.loadWatches(this);
        }
      } while (this.stale);
    } catch {
      // The line will tell again when it stands.
    } finally {
      this.loading = false;
    }
  }

  /** do is a step of this person: drawn at once, saved behind. */
  do(what_: string, sets: Iterable<[string, Value]>, quiet = false): void {
    if (!this.mayChange) {
      this.say(t("readonly"));
      return;
    }
    if (this.record.step(what_, sets, quiet)) void this.saver.save();
    this.bar.stacks(this.saver.canUndo, this.saver.canRedo);
  }

  private pendingDraw = false;

  /** changed draws once for all that changes in one go. */
  private changed(): void {
    if (this.pendingDraw) return;
    this.pendingDraw = true;
    queueMicrotask(() => {
      if (this.pendingDraw) this.draw();
    });
  }

  /** draw brings everything that is shown up to date. */
  draw(): void {
    this.pendingDraw = false;
    const p = this.record.picture;
    const methods = [...new Set([...p.edges.values()].filter((e) => e.what === "trace" && e.method).map((e) => e.method!))].sort();
    const shown = methods.filter((m) => !this.hiddenMethods.has(m));
    const relook = shown.join() !== this.methods.join();
    this.methods = shown;
    if (counting(this.scope) !== this.counted) {
      this.counted = counting(this.scope);
      this.again.clear();
    }
    this.drawn = project(p, this.scope, this.again);
    for (const [id, e] of this.drawn.edges) if (e.value.what === "trace" && this.hiddenMethods.has(e.value.method ?? "")) this.drawn.edges.delete(id);
    for (const id of this.chosen) if (!this.drawn.nodes.has(id)) this.chosen.delete(id);
    if (this.chosenEdge && !this.drawn.edges.has(this.chosenEdge)) this.chosenEdge = null;
    if (relook) this.stage.setLook(this.look());
    this.stage.show(this.drawn);
    this.table.show(this.drawn, this.scopeWords());
    this.timeline.show(p, this.scope.from, this.scope.until);
    fill(this.scopeLine, this.scopeWords());
    this.scopeLine.hidden = p.nodes.size === 0;
    this.showEmpty();
    this.tellChosen();
    this.bar.level(this.scope.level);
    this.bar.title(p.title);
    this.countAnew();
    if (p.nodes.size > 0) void actions.loadRates(this);
  }

  private counting = 0;

  /** countAnew asks for sums that the filter cuts through, once it has stood still for a moment. */
  private countAnew(): void {
    const wanted = [...this.drawn.edges.values()].some((e) => e.partly && e.of.length === 1 && e.value.what === "pay" && !this.again.has(e.id));
    const key = wanted ? this.counted + " " + [...this.record.picture.edges.keys()].length : "";
    if (key === this.asking || this.setting.source !== undefined) return;
    this.asking = key;
    this.counter?.abort();
    clearTimeout(this.counting);
    if (!wanted) return;
    this.counter = new AbortController();
    const { signal } = this.counter;
    this.counting = setTimeout(() => void actions.recount(this, signal), 400) as unknown as number;
  }

  private asking = "";

  look(): StageLook {
    return { palette: this.palette, methods: this.methods, asset: (n) => this.asset(n), worth: (e) => this.worthOfEdge(e, true) };
  }

  /** currency is what values are told in beside the coin; "" where there is none. */
  get currency(): string {
    const chosen = this.record.picture.view.currency;
    if (chosen !== undefined) return chosen;
    if (this.setting.currency !== "") return this.setting.currency;
    // Unless somebody chose, or the case names one: the one of which most days are known.
    const fitting = new Set(this.ledgers.flatMap((l) => [l.network, l.ticker]));
    let best = { currency: "", days: 0 };
    for (const s of this.spans ?? []) if (fitting.has(s.asset) && s.days > best.days) best = s;
    return best.currency;
  }

  /** currencies are those of which there are rates of a ledger's coin, and the case's own, whose rates may be missing. */
  currencies(l: Ledger): string[] {
    const known = (this.spans ?? []).filter((s) => s.asset === l.network || s.asset === l.ticker).map((s) => s.currency);
    return [...new Set([...known, this.setting.currency])].filter((c) => c !== "").sort();
  }

  /** worthOf says in words what amounts were worth on their days; "" where no currency is chosen or known. */
  worthOf(list: OnDays | null, network: string | undefined, brief = false): string {
    const rates = this.rates.get(this.ledger(network)?.network ?? ""), asset = this.asset(network);
    if (this.currency === "" || !rates || rates.currency !== this.currency || !asset) return "";
    const w = list && worth(list, asset.decimals, rates);
    return brief ? worthBrief(w, rates.currency) : worthWords(w, rates.currency);
  }

  worthOfEdge(e: DrawnEdge, brief = false): string {
    if (e.value.value === undefined) return "";
    return this.worthOf(onDays(e.parts ?? [e.value]), this.node(e.from)?.network ?? this.node(e.to)?.network, brief);
  }

  private showEmpty(): void {
    const p = this.record.picture;
    this.empty.hidden = this.drawn.nodes.size > 0;
    if (this.drawn.nodes.size > 0) return;
    if (p.nodes.size > 0) {
      fill(this.empty, h("h2", {}, t("empty.filtered")), button({ text: t("filter.clear"), className: "g-primary", press: () => actions.clearScope(this) }));
      return;
    }
    fill(this.empty, h("h2", {}, t("empty.title")), h("p", {}, this.mayChange ? t("empty.words") : t("empty.read")),
      this.mayChange && h("div", { class: "g-row" }, button({ icon: "add", text: t("add"), className: "g-primary", press: () => actions.askAdd(this) }), button({ icon: "trace", text: t("trace"), press: () => actions.askTrace(this, []) })));
  }

  /** scopeWords says of what the values in the picture are the sum. */
  scopeWords(): string {
    const s = this.scope, parts: string[] = [];
    parts.push(t(s.level === "transaction" ? "scope.transaction" : "scope.aggregated"));
    if (s.from !== undefined || s.until !== undefined) parts.push(t("scope.time", { from: s.from === undefined ? t("scope.first") : iso(s.from), until: s.until === undefined ? t("scope.last") : iso(s.until) }));
    if (s.min) parts.push(t("scope.min", { amount: amount(s.min, this.asset(undefined)) }));
    if (s.asset) parts.push(t("scope.asset", { asset: s.asset }));
    if (s.label) parts.push(t("scope.label", { label: s.label }));
    const { nodes, edges } = this.drawn.hidden;
    if (nodes + edges > 0) parts.push(t("scope.hidden", { nodes: t("nodes", { n: nodes }), edges: t("lines", { n: edges }) }));
    return parts.join(" · ");
  }

  asset(network: string | undefined): Asset | undefined {
    return this.ledgers.find((l) => l.network === network) ?? (this.ledgers.length === 1 || network === undefined ? this.ledgers[0] : undefined);
  }

  ledger(network: string | undefined): Ledger | undefined {
    return this.ledgers.find((l) => l.network === network) ?? (network === undefined ? this.ledgers[0] : undefined);
  }

  node(id: string): NodeValue | undefined {
    return this.drawn.nodes.get(id)?.value ?? this.record.picture.nodes.get(id);
  }

  choose(ids: string[], how: "only" | "toggle" | "add"): void {
    this.chosenEdge = null;
    if (how === "only") this.chosen = new Set(ids);
    else for (const id of ids) {
      if (how === "toggle" && this.chosen.has(id)) this.chosen.delete(id);
      else this.chosen.add(id);
    }
    this.tellChosen();
    this.panel.chosen();
    if (this.chosen.size > 1) this.say(t("chosen.n", { n: this.chosen.size }));
  }

  chooseEdge(edge: string | null): void {
    this.chosen.clear();
    this.chosenEdge = this.chosenEdge === edge ? null : edge;
    this.tellChosen();
    this.panel.chosen();
  }

  private tellChosen(): void {
    this.stage.choose(this.chosen, this.kin(), this.chosenEdge);
    this.table.choose(this.chosen, this.chosenEdge);
    this.bar.chosen(this.chosen.size);
    this.panel.refresh("selection");
  }

  /** kin are the chosen nodes' siblings: addresses that are inferred to be of the same party. */
  kin(): Set<string> {
    const clusters = new Set<string>();
    for (const id of this.chosen) {
      const n = this.record.picture.nodes.get(id);
      if (n?.cluster) clusters.add(n.cluster);
      if (n?.what === "cluster") clusters.add(id);
    }
    const out = new Set<string>();
    if (clusters.size === 0) return out;
    for (const [id, n] of this.record.picture.nodes) if ((n.cluster && clusters.has(n.cluster)) || clusters.has(id)) out.add(id);
    for (const e of this.record.picture.edges.values()) {
      if (e.what !== "member") continue;
      if (clusters.has(e.from)) out.add(e.to);
      if (clusters.has(e.to)) out.add(e.from);
    }
    for (const id of this.chosen) out.delete(id);
    return out;
  }

  /** show brings a node into sight, and chooses it. */
  show(id: string): void {
    if (this.mode === "table") this.setMode("both");
    this.choose([id], "only");
    this.stage.focused = id;
    this.stage.reveal(id);
  }

  setMode(mode: "picture" | "both" | "table"): void {
    this.mode = mode;
    this.root.dataset["mode"] = mode;
    this.bar.mode(mode);
    this.table.setVisible(mode !== "picture");
  }

  private tellFocus(id: string | null): void {
    const n = id ? this.node(id) : undefined;
    if (!n || !id) return;
    let into = 0, out = 0;
    for (const e of this.drawn.edges.values()) {
      if (e.to === id) into++;
      if (e.from === id) out++;
    }
    this.say(t("focus.words", { what: what(n), name: name(n), text: n.title || n.label ? short(n.text) : "", label: n.label ? claim(n.label) : "", in: into, out, chosen: this.chosen.has(id) ? t("chosen") : "" }));
  }

  menu(id: string | null, x: number, y: number): void {
    if (id && !this.chosen.has(id)) this.choose([id], "only");
    openMenu(id ? actions.nodeItems(this) : actions.stageItems(this), x, y, t("menu"), () => this.stage.box.focus());
  }

  /** say tells something to people who hear the page. */
  say(text: string): void {
    this.live.textContent = text;
  }

  /** tell shows something until it is closed, or for a while. */
  tell(text: string, o: { hint?: string | undefined; fault?: boolean; act?: { text: string; press: () => void } } = {}): void {
    if (!o.fault) for (const old of this.notice.querySelectorAll(".g-notice:not(.g-fault)")) old.remove();
    const box = h("div", { class: o.fault ? "g-notice g-fault" : "g-notice", role: o.fault ? "alert" : "status" }, h("div", {}, h("p", {}, text), o.hint ? h("p", { class: "g-hint" }, o.hint) : null));
    const away = (): void => box.remove();
    if (o.act) box.append(button({ text: o.act.text, press: () => {
      away();
      o.act!.press();
    } }));
    box.append(button({ icon: "close", label: t("close"), className: "g-plain", press: away }));
    this.notice.append(box);
    while (this.notice.children.length > 3) this.notice.firstElementChild?.remove();
    if (!o.fault && !o.act) setTimeout(away, 8_000);
  }

  fail(e: unknown): void {
    if (e instanceof DOMException && e.name === "AbortError") return;
    if (e instanceof Problem) this.tell(e.status === 404 && e.code === "" ? t("fault.missing") : sentence(e.message), { hint: e.hint, fault: true });
    else this.tell(t("fault.line"), { hint: t("fault.line.hint"), fault: true });
  }

  private refusal: HTMLElement | null = null;

  private saved(state: SaveState, problem?: Problem): void {
    this.bar.saved(state);
    if (state !== "refused") return;
    this.refusal?.remove();
    const stuck = this.record.pending.length > 0;
    if (problem?.status === 401) this.tell(t("fault.signed.out"), { hint: t("fault.signed.out.hint"), fault: true, act: { text: t("retry"), press: () => void this.saver.retry() } });
    else if (stuck) this.tell(sentence(problem?.message ?? ""), { hint: problem?.hint, fault: true, act: { text: t("fault.drop"), press: () => void this.saver.giveUp() } });
    else if (problem?.status === 409) this.tell(t("fault.undo"), { hint: t("fault.undo.hint"), fault: true });
    else this.fail(problem);
  }

  /** relook draws everything anew: colours, or the currency, are others. */
  relook(): void {
    this.stage.setLook(this.look());
    this.table.show(this.drawn, this.scopeWords());
    this.panel.refresh("selection");
    this.panel.refresh("filter");
    this.panel.refresh("legend");
  }
}

function iso(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function scopeOf(v: ViewValue): Scope {
  const time = (s: string | undefined): number | undefined => {
    const at = s ? Date.parse(s) : NaN;
    return Number.isNaN(at) ? undefined : at;
  };
  return { level: v.level ?? "transaction", from: time(v.from), until: time(v.until), min: v.min, asset: v.asset, label: v.label };
}
