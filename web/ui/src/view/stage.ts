// The drawing: sigma.js shows a graphology graph; the mouse, fingers and keys move, choose
// and mark. It knows nothing of cases: it is told what to draw, and tells what was done.
import Graph from "graphology";
import type Sigma from "sigma";
import type { EdgeDisplayData, NodeDisplayData } from "sigma/types";
import { nothing, type Drawn, type DrawnEdge, type DrawnNode } from "../model/project.ts";
import { brief, name, short, sureness, type Asset } from "../model/words.ts";
import { t } from "../messages/messages.ts";
import { bounds, type Place } from "../layout/geometry.ts";
import { Picker } from "./pick.ts";
import { edgeLook, nodeColour, radius, shapes, type Palette } from "./look.ts";
import { EdgeLineProgram } from "sigma/rendering";
import { edgeProgram, nodeProgram, type EdgeLookData, type NodeLook } from "./programs.ts";
import { h } from "./dom.ts";
import { noEdges, noNodes } from "./idle.ts";

export interface StageEvents {
  choose(nodes: string[], how: "only" | "toggle" | "add"): void;
  chooseEdge(edge: string | null): void;
  open(node: string): void; // its panel
  moved(places: Place[]): void;
  menu(node: string | null, x: number, y: number): void;
  focus(node: string | null): void;
  readonly(): boolean;
}

interface NodeAttributes extends NodeLook {
  x: number;
  y: number;
  size: number;
  label: string;
  color: string;
  type: "node";
  forceLabel: boolean;
  zIndex: number;
}

interface EdgeAttributes extends EdgeLookData {
  size: number;
  label: string;
  color: string;
  type: "edge";
}

type Box = [x1: number, y1: number, x2: number, y2: number];

export interface StageLook {
  palette: Palette;
  methods: readonly string[];
  asset(network: string | undefined): Asset | undefined;
  worth(edge: DrawnEdge): string; // in a currency, brief; "" where there is none
}

/** The least radius of an address on the screen, in pixels, where there are few nodes; and how far nodes may outgrow their places for it. */
const least = { radius: 6, grown: 3 } as const;

const many = { labels: 400, edgeLabels: 250, edgeEvents: 4_000, edgesOnMove: 6_000 } as const;

export class Stage {
  private readonly sigma: Picker<NodeAttributes, EdgeAttributes>;
  private graph = newGraph();
  private chosen = new Set<string>();
  private chosenEdge: string | null = null;
  private kin = new Set<string>();
  focused: string | null = null;
  private hovered: string | null = null;
  area = false; // dragging the background marks an area
  private drawn: Drawn = nothing();
  private wasFar = false;
  private thin = false; // the program that draws hairs is made
  private taken: Box[] = []; // by labels of this drawing
  private readonly ring = h("div", { class: "g-focus-ring", hidden: true });
  private dragging: { start: { x: number; y: number }; from: Map<string, Place>; moved: boolean } | null = null;

  constructor(
    readonly box: HTMLElement,
    private look: StageLook,
    private readonly events: StageEvents,
  ) {
    this.sigma = new Picker<NodeAttributes, EdgeAttributes>(this.graph, box, {
      allowInvalidContainer: true,
      autoRescale: true,
      defaultNodeType: "node",
      defaultEdgeType: "edge",
      nodeProgramClasses: { node: nodeProgram(() => ({ background: rgb(this.look.palette.background), text: rgb(this.look.palette.text) })) as never, circle: noNodes as never },
      nodeHoverProgramClasses: { node: noNodes as never, circle: noNodes as never },
      edgeProgramClasses: { edge: edgeProgram(() => this.roomForArrows()) as never, thin: noEdges as never, line: noEdges as never, arrow: noEdges as never },
      itemSizesReference: "positions",
      zoomToSizeRatioFunction: (ratio) => ratio * this.shrunk(),
      minEdgeThickness: 1.1,
      minCameraRatio: 0.002,
      maxCameraRatio: 12,
      stagePadding: 48,
      labelFont: "Inter, system-ui, sans-serif",
      labelSize: 12,
      labelRenderedSizeThreshold: 5,
      labelGridCellSize: 110,
      zIndex: true,
      doubleClickZoomingRatio: 1,
      enableEdgeEvents: true,
      renderEdgeLabels: true,
      defaultDrawNodeLabel: (context, data) => this.drawLabel(context, data as never, false),
      defaultDrawNodeHover: (context, data) => this.drawLabel(context, data as never, true),
      defaultDrawEdgeLabel: (context, edge, source, target) => this.drawEdgeLabel(context, edge as never, source as NodeDisplayData, target as NodeDisplayData),
      nodeReducer: (id, data) => this.dressNode(id, data),
      edgeReducer: (id, data) => this.dressEdge(id, data),
    });
    this.sigma.drawBySight((edge) => (this.graph.hasEdge(edge) ? this.graph.getEdgeAttribute(edge, "offset") : 0));
    box.append(this.ring);
    this.sigma.on("beforeRender", () => {
      this.taken = [];
    });
    this.sigma.on("afterRender", () => this.placeRing());
    this.sigma.getCamera().on("updated", () => {
      if (this.hairs()) this.sigma.scheduleRefresh();
    });
    this.bind();
  }

  /** The picture that is shown now. */
  get shown(): Drawn {
    return this.drawn;
  }

  setLook(look: StageLook): void {
    this.look = look;
    const drawn = this.drawn;
    this.drawn = nothing(drawn.hidden);
    this.show(drawn, true);
  }

  /** show draws a picture in place of the one before. */
  show(drawn: Drawn, whole = false): void {
    const before = this.drawn;
    this.drawn = drawn;
    const first = before.nodes.size === 0 && !whole;
    const differ = first || whole || Math.abs(drawn.nodes.size - before.nodes.size) + Math.abs(drawn.edges.size - before.edges.size) > 400;
    if (differ) {
      this.graph = newGraph();
      // What has a name of its own comes first: where labels would lie on each other, the first stays.
      for (const n of [...drawn.nodes.values()].sort((a, b) => weight(b) - weight(a))) this.graph.addNode(n.id, this.nodeAttributes(n));
      for (const e of drawn.edges.values()) this.graph.addDirectedEdgeWithKey(e.id, e.from, e.to, this.edgeAttributes(e));
      this.settings();
      if (first) this.frame(); // before it is drawn, and not once more after
      this.sigma.setGraph(this.graph);
      if (this.hairs()) this.sigma.refresh();
      return;
    }
    for (const [id, e] of before.edges) if (sameEnds(drawn.edges.get(id), e) === false && this.graph.hasEdge(id)) this.graph.dropEdge(id);
    for (const id of before.nodes.keys()) if (!drawn.nodes.has(id) && this.graph.hasNode(id)) this.graph.dropNode(id);
    const changed: DrawnNode[] = [];
    for (const n of drawn.nodes.values()) {
      const was = before.nodes.get(n.id);
      if (!this.graph.hasNode(n.id)) this.graph.addNode(n.id, this.nodeAttributes(n));
      else if (was?.value !== n.value || was?.folded?.group !== n.folded?.group) changed.push(n);
    }
    if (changed.length > 200) {
      const by = new Map(changed.map((n) => [n.id, n]));
      this.graph.updateEachNodeAttributes((id, a) => {
        const n = by.get(id);
        return n ? this.nodeAttributes(n) : a;
      });
    } else for (const n of changed) this.graph.replaceNodeAttributes(n.id, this.nodeAttributes(n));
    for (const e of drawn.edges.values()) {
      if (!this.graph.hasEdge(e.id)) this.graph.addDirectedEdgeWithKey(e.id, e.from, e.to, this.edgeAttributes(e));
      else if (before.edges.get(e.id)?.value !== e.value || before.edges.get(e.id)?.partly !== e.partly) this.graph.replaceEdgeAttributes(e.id, this.edgeAttributes(e));
    }
    this.settings();
    for (const id of [...this.chosen]) if (!drawn.nodes.has(id)) this.chosen.delete(id);
    if (this.focused && !drawn.nodes.has(this.focused)) this.focused = null;
    this.sigma.scheduleRefresh();
  }

  /** move shows nodes elsewhere without asking whether that is stored: a layout on its way. */
  move(places: Iterable<Place>): void {
    const at = new Map([...places].map((p) => [p.id, p]));
    this.graph.updateEachNodeAttributes((id, a) => {
      const p = at.get(id);
      return p ? { ...a, x: p.x, y: -p.y } : a;
    }, { attributes: ["x", "y"] });
  }

  choose(nodes: ReadonlySet<string>, kin: ReadonlySet<string>, edge: string | null): void {
    this.chosen = new Set(nodes);
    this.kin = new Set(kin);
    this.chosenEdge = edge;
    this.sigma.scheduleRefresh();
  }

  /** focus moves the keyboard's place in the picture, and brings it into sight. */
  focus(id: string | null, into = true): void {
    this.focused = id;
    if (id && into) this.reveal(id);
    this.sigma.scheduleRender();
    this.events.focus(id);
  }

  reveal(id: string): void {
    const data = this.sigma.getNodeDisplayData(id);
    if (!data) return;
    const at = this.sigma.framedGraphToViewport(data), { width, height } = this.sigma.getDimensions();
    const camera = this.sigma.getCamera();
    const small = radiusOnScreen(this.sigma, 11) < 4;
    if (!small && at.x > 60 && at.y > 60 && at.x < width - 60 && at.y < height - 60) return;
    void camera.animate({ x: data.x, y: data.y, ratio: small ? camera.ratio * (radiusOnScreen(this.sigma, 11) / 9) : camera.ratio }, { duration: calm() ? 0 : 200 });
  }

  /** shrunk says by how much sizes shrink less than the picture does, so that few nodes are seen as what they are from afar, too. */
  private shrunk(): number {
    if (this.drawn.nodes.size === 0 || this.drawn.nodes.size > many.labels) return 1;
    const a = this.sigma.graphToViewport({ x: 0, y: 0 }), b = this.sigma.graphToViewport({ x: radius({ what: "address" }), y: 0 });
    return Math.min(1, Math.max(1 / least.grown, Math.hypot(b.x - a.x, b.y - a.y) / least.radius));
  }

  /** fit brings all, or some nodes, into sight. */
  fit(ids?: Iterable<string>): void {
    this.frame(ids);
    this.sigma.refresh(); // what a pixel is is known only now
    if (this.hairs()) this.sigma.refresh();
  }

  /** hairs has lines drawn as hairs where they are seen from afar, and says whether that is another picture. */
  private hairs(): boolean {
    const far = this.far();
    if (far === this.wasFar) return false;
    this.wasFar = far;
    if (far && !this.thin) {
      this.thin = true;
      this.sigma.setSetting("edgeProgramClasses", { ...this.sigma.getSetting("edgeProgramClasses"), thin: EdgeLineProgram as never });
    }
    return true;
  }

  /** frame says what part of the plane the picture shows. */
  private frame(ids?: Iterable<string>): void {
    const wanted = ids ? [...ids] : null;
    const places: Place[] = [];
    const add = (n: DrawnNode | undefined): void => {
      if (n) places.push({ id: n.id, x: n.value.x, y: -n.value.y });
    };
    if (wanted) for (const id of wanted) add(this.drawn.nodes.get(id));
    else for (const n of this.drawn.nodes.values()) add(n);
    const box = bounds(places);
    if (!box) return;
    // At the first zoom a unit is about a pixel: a picture of three nodes is not blown up.
    const { width, height } = this.sigma.getDimensions();
    const grow = (range: [number, number], least: number): [number, number] => {
      const mid = (range[0] + range[1]) / 2, half = Math.max((range[1] - range[0]) / 2 + 40, least / 2);
      return [mid - half, mid + half];
    };
    this.sigma.setCustomBBox({ x: grow(box.x, Math.max(200, width - 96)), y: grow(box.y, Math.max(200, height - 96)) });
    this.sigma.getCamera().setState({ x: 0.5, y: 0.5, ratio: 1, angle: 0 });
  }

  /** include brings nodes into sight that are not; without any named, all. Where all are in sight nothing moves. */
  include(ids?: string[]): void {
    const { width, height } = this.sigma.getDimensions();
    const out = (ids ?? [...this.drawn.nodes.keys()]).some((id) => {
      const n = this.drawn.nodes.get(id);
      if (!n) return false;
      const at = this.sigma.graphToViewport({ x: n.value.x, y: -n.value.y });
      return at.x < 24 || at.y < 24 || at.x > width - 24 || at.y > height - 48;
    });
    if (out) this.fit(this.drawn.nodes.size <= 400 ? undefined : ids);
  }

  /** close lets go of the graphics card. */
  close(): void {
    this.sigma.kill();
  }

  redraw(): void {
    this.sigma.scheduleRender();
  }

  /** resized is to be called when the box has another size. */
  resized(): void {
    this.sigma.resize().refresh();
  }

  zoom(factor: number): void {
    const camera = this.sigma.getCamera();
    void camera.animate({ ratio: camera.getBoundedRatio(camera.ratio / factor) }, { duration: calm() ? 0 : 150 });
  }

  /** next finds the node nearest in a direction. */
  next(dx: number, dy: number): string | null {
    const here = this.focused ? this.drawn.nodes.get(this.focused)?.value : null;
    if (!here) return this.middle();
    let best: string | null = null, least = Infinity;
    for (const n of this.drawn.nodes.values()) {
      if (n.id === this.focused) continue;
      const x = n.value.x - here.x, y = n.value.y - here.y;
      const ahead = x * dx + y * dy, aside = Math.abs(x * dy - y * dx);
      if (ahead <= 0 || aside > ahead * 2) continue;
      const cost = ahead + aside * 2;
      if (cost < least || (cost === least && n.id < best!)) {
        least = cost;
        best = n.id;
      }
    }
    return best;
  }

  private middle(): string | null {
    const { width, height } = this.sigma.getDimensions();
    const at = this.sigma.viewportToGraph({ x: width / 2, y: height / 2 });
    let best: string | null = null, least = Infinity;
    for (const n of this.drawn.nodes.values()) {
      const d = Math.hypot(n.value.x - at.x, -n.value.y - at.y);
      if (d < least) {
        least = d;
        best = n.id;
      }
    }
    return best;
  }

  /** screen is where a node is in the window. */
  screen(id: string): { x: number; y: number } {
    const data = this.sigma.getNodeDisplayData(id), box = this.box.getBoundingClientRect();
    if (!data) return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    const at = this.sigma.framedGraphToViewport(data);
    return { x: box.left + at.x, y: box.top + at.y };
  }

  /** centre is the middle of what is in sight, as a place of the picture. */
  centre(): { x: number; y: number } {
    const { width, height } = this.sigma.getDimensions();
    const at = this.sigma.viewportToGraph({ x: width / 2, y: height / 2 });
    return { x: Math.round(at.x), y: Math.round(-at.y) };
  }

  private settings(): void {
    const edges = this.drawn.edges.size;
    this.sigma.setSettings({
      enableEdgeEvents: edges <= many.edgeEvents,
      renderEdgeLabels: edges <= many.edgeLabels,
      hideEdgesOnMove: edges > many.edgesOnMove,
      hideLabelsOnMove: this.drawn.nodes.size > 4_000,
      // Where every label may be drawn, the nodes' order decides and not their places: names come first.
      labelDensity: this.drawn.nodes.size <= many.labels ? 0 : 1.2,
      labelColor: { color: this.look.palette.text },
      edgeLabelColor: { color: this.look.palette.quiet },
    });
  }

  /** far says that a large picture is seen from so far that its lines are hairs: they are drawn as such. */
  private far(): boolean {
    return this.drawn.edges.size > many.edgesOnMove && radiusOnScreen(this.sigma, 11) < 2;
  }

  private roomForArrows(): boolean {
    return radiusOnScreen(this.sigma, 11) > 3;
  }

  private nodeAttributes(n: DrawnNode): NodeAttributes {
    const v = n.value;
    const sub = n.folded ? t("group.members", { n: n.folded.members.length }) : v.label ? [v.label.because ? t("inferred") : "", t("label.sure", { sure: sureness(v.label.confidence) })].filter((s) => s !== "").join(", ") : v.title ? short(v.text) : v.inferred ? t("inferred") : "";
    const rest = (v.rest?.in?.count ?? 0) + (v.rest?.out?.count ?? 0);
    return {
      x: v.x, y: -v.y, size: n.folded ? 18 : radius(v), label: v.title || v.label ? short(name(v), 30) : short(v.text, v.what === "transaction" ? 9 : 12), sub: rest > 0 ? [sub, t("rest.more", { n: rest })].filter((s) => s !== "").join(" · ") : sub,
      color: nodeColour(v, this.look.palette), type: "node", shape: n.folded ? "square" : shapes[v.what], hollow: (v.inferred ?? false) || (v.what === "cluster" && !n.folded), pinned: v.pinned ?? false, ring: "",
      forceLabel: this.drawn.nodes.size <= many.labels, zIndex: v.what === "service" ? 1 : 0,
    };
  }

  private edgeAttributes(e: DrawnEdge): EdgeAttributes {
    const look = edgeLook(e.value, this.look.palette, this.look.methods);
    const looks = { size: look.width, color: look.colour, type: "edge" as const, dash: look.dash, offset: look.offset, arrow: look.arrow, broken: look.dash !== "solid" };
    if (this.drawn.edges.size > many.edgeLabels) return { ...looks, label: "" };
    const network = this.drawn.nodes.get(e.from)?.value.network ?? this.drawn.nodes.get(e.to)?.value.network;
    const value = brief(e.value.value, this.look.asset(network));
    const count = (e.value.count ?? 1) > 1 ? t("edge.times", { n: e.value.count! }) : "";
    const inferred = e.value.what === "manual" ? t("edge.manual") : e.value.inferred ? t("inferred") : "";
    const label = [value === "" ? "" : (e.joint || e.partly ? "≤ " : "") + value, count, e.value.what === "trace" ? (e.value.method ?? "") : "", inferred].filter((s) => s !== "").join(" · ");
    const worth = this.look.worth(e);
    return { ...looks, label: worth === "" ? label : `${label} · ${worth}`, short: label };
  }

  private dressNode(id: string, data: NodeAttributes): Partial<NodeDisplayData> & Partial<NodeLook> {
    if (this.chosen.has(id)) return { ...data, ring: this.look.palette.select, forceLabel: true, zIndex: 3 };
    if (this.kin.has(id)) return { ...data, ring: this.look.palette.kin, zIndex: 2 };
    return data;
  }

  private dressEdge(id: string, data: EdgeAttributes): Partial<EdgeDisplayData> & Partial<EdgeLookData> {
    if (this.wasFar && id !== this.chosenEdge) return { ...data, type: "thin", color: data.color + "66" };
    if (id === this.chosenEdge) return { ...data, color: this.look.palette.select, size: data.size + 2, forceLabel: true, zIndex: 2 };
    if (this.chosen.size > 0 && this.chosen.size < 50) {
      const e = this.drawn.edges.get(id);
      if (e && (this.chosen.has(e.from) || this.chosen.has(e.to))) return { ...data, size: data.size + 0.8, zIndex: 1 };
    }
    return data;
  }

  private drawLabel(context: CanvasRenderingContext2D, data: NodeDisplayData & NodeLook, hover: boolean): void {
    if (!data.label) return;
    const p = this.look.palette;
    const family = "Inter, system-ui, sans-serif";
    context.direction = "ltr"; // addresses read from left to right in any page
    context.textAlign = "center";
    context.lineJoin = "round";
    const y = data.y + data.size + 14;
    context.font = `500 12px ${family}`;
    const width = Math.max(context.measureText(data.label).width, data.sub ? context.measureText(data.sub).width * 0.9 : 0) + 12;
    const chosen = data.ring !== "";
    // What would be cut off at the window's side is moved in, as long as its node is in sight.
    const wide = this.sigma.getDimensions().width, x = data.x < 0 || data.x > wide ? data.x : Math.max(width / 2, Math.min(wide - width / 2, data.x));
    if (!this.room([[x - width / 2 + 4, y - 11, x + width / 2 - 4, y + (data.sub ? 17 : 3)]], hover || chosen)) return;
    if (hover) {
      context.fillStyle = p.background;
      context.strokeStyle = p.line;
      context.lineWidth = 1;
      context.beginPath();
      context.roundRect(x - width / 2, y - 14, width, data.sub ? 34 : 20, 4);
      context.fill();
      context.stroke();
    }
    context.strokeStyle = p.halo;
    context.lineWidth = 3.5;
    context.strokeText(data.label, x, y);
    context.fillStyle = p.text;
    context.fillText(data.label, x, y);
    if (!data.sub) return;
    context.font = `400 10.5px ${family}`;
    context.strokeText(data.sub, x, y + 14);
    context.fillStyle = p.quiet;
    context.fillText(data.sub, x, y + 14);
  }

  private drawEdgeLabel(context: CanvasRenderingContext2D, edge: EdgeDisplayData & EdgeLookData, a: NodeDisplayData, b: NodeDisplayData): void {
    if (!edge.label) return;
    const dx = b.x - a.x, dy = b.y - a.y, length = Math.hypot(dx, dy);
    context.font = "400 10.5px Inter, system-ui, sans-serif";
    let angle = Math.atan2(dy, dx);
    if (angle > Math.PI / 2 || angle < -Math.PI / 2) angle += Math.PI;
    const scale = radiusOnScreen(this.sigma, 1), cos = Math.cos(angle), sin = Math.sin(angle);
    const ox = (-dy / length) * edge.offset * scale, oy = (dx / length) * edge.offset * scale;
    const x = (a.x + b.x) / 2 + ox, y = (a.y + b.y) / 2 + oy;
    const below = edge.offset * (cos * dx + sin * dy > 0 ? 1 : -1) > 0 ? 13 : -5;
    // The currency gives way to the coin where there is no room for both.
    const label = [edge.label, edge.short].find((s) => {
      const half = s ? context.measureText(s).width / 2 : Infinity;
      if (half * 2 > length - a.size - b.size - 8) return false;
      // What a slanting text covers is a row of small squares along it, not the box around it.
      const boxes: Box[] = [];
      const n = Math.max(1, Math.ceil(half / 6));
      for (let i = 0; i < n; i++) {
        const along = -half + ((i + 0.5) * 2 * half) / n, cx = x + cos * along - sin * (below - 4), cy = y + sin * along + cos * (below - 4);
        boxes.push([cx - 6, cy - 6, cx + 6, cy + 6]);
      }
      return this.room(boxes, edge.forceLabel);
    });
    if (!label) return;
    context.save();
    context.direction = "ltr";
    context.textAlign = "center";
    context.translate(x, y);
    context.rotate(angle);
    context.lineJoin = "round";
    context.strokeStyle = this.look.palette.halo;
    context.lineWidth = 3.5;
    context.strokeText(label, 0, below);
    context.fillStyle = this.look.palette.quiet;
    context.fillText(label, 0, below);
    context.restore();
  }

  /** room takes rectangles for a label, if no other has any of them. */
  private room(boxes: Box[], always: boolean): boolean {
    if (!always && boxes.some((b) => this.taken.some((t) => b[0] < t[2] && b[2] > t[0] && b[1] < t[3] && b[3] > t[1]))) return false;
    this.taken.push(...boxes);
    return true;
  }

  private placeRing(): void {
    const data = this.focused ? this.sigma.getNodeDisplayData(this.focused) : undefined;
    if (!data || document.activeElement !== this.box) {
      this.ring.hidden = true;
      return;
    }
    const at = this.sigma.framedGraphToViewport(data), r = Math.max(6, radiusOnScreen(this.sigma, data.size)) + 8;
    this.ring.hidden = false;
    this.ring.style.transform = `translate(${at.x - r}px, ${at.y - r}px)`;
    this.ring.style.width = this.ring.style.height = `${2 * r}px`;
  }

  private bind(): void {
    const s = this.sigma;
    const mouse = s.getMouseCaptor();
    s.on("enterNode", ({ node }) => {
      this.hovered = node;
      this.box.classList.add("g-over");
    });
    s.on("leaveNode", () => {
      this.hovered = null;
      this.box.classList.remove("g-over");
    });
    s.on("clickNode", ({ node, event }) => {
      if (this.dragging?.moved) return;
      const o = event.original as MouseEvent;
      this.events.choose([node], o.shiftKey || o.ctrlKey || o.metaKey ? "toggle" : "only");
      this.focused = node;
      this.events.focus(node);
      this.sigma.scheduleRender();
    });
    s.on("doubleClickNode", ({ node, event }) => {
      event.preventSigmaDefault();
      this.events.open(node);
    });
    s.on("rightClickNode", ({ node, event }) => {
      event.original.preventDefault();
      const o = event.original as MouseEvent;
      this.events.menu(node, o.clientX, o.clientY);
    });
    s.on("rightClickStage", ({ event }) => {
      event.original.preventDefault();
      const o = event.original as MouseEvent;
      this.events.menu(null, o.clientX, o.clientY);
    });
    s.on("clickEdge", ({ edge }) => this.events.chooseEdge(edge));
    s.on("clickStage", ({ event }) => {
      const o = event.original as MouseEvent;
      if (!o.shiftKey) this.events.choose([], "only");
    });
    s.on("downNode", ({ node, event }) => {
      const o = event.original as MouseEvent;
      if (this.events.readonly() || o.shiftKey || o.button !== 0 && !("touches" in o)) return;
      const ids = this.chosen.has(node) ? [...this.chosen] : [node];
      const from = new Map<string, Place>();
      for (const id of ids) {
        const n = this.drawn.nodes.get(id);
        if (n && !n.folded) from.set(id, { id, x: n.value.x, y: n.value.y });
      }
      this.dragging = { start: s.viewportToGraph(event), from, moved: false };
      event.preventSigmaDefault();
    });
    s.on("moveBody", ({ event }) => {
      const d = this.dragging;
      if (!d) return;
      const at = s.viewportToGraph(event);
      const dx = at.x - d.start.x, dy = at.y - d.start.y;
      if (!d.moved && Math.hypot(dx, dy) < 3 / Math.max(0.01, radiusOnScreen(s, 1))) return;
      d.moved = true;
      if (!s.getCustomBBox()) s.setCustomBBox(s.getBBox());
      for (const p of d.from.values()) this.graph.mergeNodeAttributes(p.id, { x: p.x + dx, y: -p.y + dy });
      event.preventSigmaDefault();
      event.original.preventDefault();
    });
    const drop = (): void => {
      const d = this.dragging;
      if (!d) return;
      if (d.moved) {
        this.events.moved([...d.from.keys()].filter((id) => this.graph.hasNode(id)).map((id) => {
          const a = this.graph.getNodeAttributes(id);
          return { id, x: Math.round(a.x), y: Math.round(-a.y) };
        }));
      }
      setTimeout(() => {
        this.dragging = null;
      }, 0);
    };
    s.on("upNode", drop);
    s.on("upStage", drop);
    s.on("upEdge", drop);
    s.on("leaveStage", drop);
    s.getTouchCaptor().on("touchup", drop);
    mouse.on("mousedown", (e) => {
      const o = e.original as MouseEvent;
      if (this.hovered || o.button !== 0 || !(o.shiftKey || this.area)) return;
      e.preventSigmaDefault();
      this.marquee(o);
    });
  }

  private marquee(down: MouseEvent): void {
    const frame = this.box.getBoundingClientRect();
    const area = h("div", { class: "g-marquee" });
    this.box.append(area);
    const place = (e: MouseEvent): { x1: number; y1: number; x2: number; y2: number } => {
      const x = [down.clientX - frame.left, e.clientX - frame.left].sort((a, b) => a - b), y = [down.clientY - frame.top, e.clientY - frame.top].sort((a, b) => a - b);
      return { x1: x[0]!, x2: x[1]!, y1: y[0]!, y2: y[1]! };
    };
    this.sigma.getCamera().disable();
    const moving = (e: MouseEvent): void => {
      const r = place(e);
      Object.assign(area.style, { left: `${r.x1}px`, top: `${r.y1}px`, width: `${r.x2 - r.x1}px`, height: `${r.y2 - r.y1}px` });
    };
    const up = (e: MouseEvent): void => {
      removeEventListener("mousemove", moving, true);
      removeEventListener("mouseup", up, true);
      area.remove();
      this.sigma.getCamera().enable();
      const r = place(e);
      if (r.x2 - r.x1 < 4 && r.y2 - r.y1 < 4) return;
      const found: string[] = [];
      for (const n of this.drawn.nodes.values()) {
        const at = this.sigma.graphToViewport({ x: n.value.x, y: -n.value.y });
        if (at.x >= r.x1 && at.x <= r.x2 && at.y >= r.y1 && at.y <= r.y2) found.push(n.id);
      }
      this.events.choose(found, e.ctrlKey || e.metaKey ? "add" : "only");
    };
    addEventListener("mousemove", moving, true);
    addEventListener("mouseup", up, true);
  }
}

function weight(n: DrawnNode): number {
  return (n.value.pinned ? 8 : 0) + (n.value.title ? 4 : 0) + (n.value.what === "service" ? 2 : 0) + (n.value.label ? 2 : 0) + (n.value.what === "transaction" ? 0 : 1);
}

function newGraph(): Graph<NodeAttributes, EdgeAttributes> {
  return new Graph<NodeAttributes, EdgeAttributes>({ type: "directed", multi: true, allowSelfLoops: true });
}

function sameEnds(now: DrawnEdge | undefined, was: DrawnEdge): boolean {
  return now !== undefined && now.from === was.from && now.to === was.to;
}

function radiusOnScreen(s: Sigma<NodeAttributes, EdgeAttributes>, size: number): number {
  return s.scaleSize(size);
}

function calm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function rgb(hex: string): [number, number, number] {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255) as [number, number, number];
}
