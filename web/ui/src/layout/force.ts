// The force layout: ForceAtlas2 (Jacomy, Venturini, Heymann and Bastian, 2014), by
// graphology's implementation, a few steps at a time so that a worker can tell how it goes.
import iterate from "graphology-layout-forceatlas2/iterate";
import { byID, spot, type Body, type Link, type Place } from "./geometry.ts";

const perNode = 10, perEdge = 3; // the layout of graphology's matrices

export interface ForceQuestion {
  nodes: Body[];
  links: Link[];
  rounds: number;
}

/** rounds is how many steps a picture of a size is worth. */
export function rounds(nodes: number): number {
  return nodes <= 200 ? 600 : nodes <= 1_000 ? 400 : nodes <= 4_000 ? 200 : 120;
}

/** A layout on its way. */
export class Force {
  private readonly ids: string[];
  private readonly nodes: Float32Array;
  private readonly edges: Float32Array;
  private readonly settings: Record<string, unknown>;

  constructor(q: ForceQuestion) {
    const sorted = [...q.nodes].sort(byID);
    this.ids = sorted.map((n) => n.id);
    const index = new Map(this.ids.map((id, i) => [id, i]));
    const links = q.links
      .map((l) => [index.get(l.from), index.get(l.to)] as const)
      .filter((p): p is readonly [number, number] => p[0] !== undefined && p[1] !== undefined && p[0] !== p[1])
      .sort((p, r) => p[0] - r[0] || p[1] - r[1]);
    this.nodes = new Float32Array(sorted.length * perNode);
    this.edges = new Float32Array(links.length * perEdge);
    const mass = new Float32Array(sorted.length).fill(1);
    for (const [a, b] of links) {
      mass[a] = mass[a]! + 1;
      mass[b] = mass[b]! + 1;
    }
    const wide = Math.sqrt(sorted.length) * 120;
    sorted.forEach((n, i) => {
      // Nodes on one spot would push each other nowhere: each begins a little beside it.
      const [a, b] = spot(n.id);
      const at = i * perNode;
      const jitter = n.pinned ? 0 : Math.min(60, wide / 10);
      this.nodes[at] = n.x + (a - 0.5) * jitter;
      this.nodes[at + 1] = n.y + (b - 0.5) * jitter;
      this.nodes[at + 6] = mass[i]!;
      this.nodes[at + 7] = 1;
      this.nodes[at + 8] = 20;
      this.nodes[at + 9] = n.pinned ? 1 : 0;
    });
    links.forEach(([a, b], i) => {
      this.edges.set([a * perNode, b * perNode, 1], i * perEdge);
    });
    this.settings = {
      linLogMode: false,
      outboundAttractionDistribution: false,
      adjustSizes: false,
      edgeWeightInfluence: 0,
      scalingRatio: 1200,
      strongGravityMode: false,
      gravity: 0.6,
      slowDown: 1 + Math.log(Math.max(2, sorted.length)),
      barnesHutOptimize: sorted.length > 400,
      barnesHutTheta: 0.7,
    };
  }

  step(): void {
    if (this.ids.length > 1) iterate(this.settings, this.nodes, this.edges);
  }

  places(): Place[] {
    return this.ids.map((id, i) => ({ id, x: this.nodes[i * perNode]!, y: this.nodes[i * perNode + 1]! }));
  }
}
