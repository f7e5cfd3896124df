// What lies under the mouse. sigma.js draws each picture a second time, every node in a
// colour of its own, and reads a pixel back; that has the page wait for the graphics card
// at every move of the mouse, which on machines without one takes longer than all drawing.
// Here it is computed from the places: ten thousand nodes in less than a millisecond.
import Sigma from "sigma";
import { idleContext, sized, trust } from "./idle.ts";
import type { Attributes } from "graphology-types";
import type { NodeDisplayData, RenderParams } from "sigma/types";

interface Hidden {
  getNodeAtPosition(at: { x: number; y: number }): string | null;
  getEdgeAtPoint(x: number, y: number): string | null;
  nodeDataCache: Record<string, NodeDisplayData>;
  nodePrograms: Record<string, { render(params: RenderParams): void }>;
  elements: Record<string, HTMLCanvasElement>;
  webGLContexts: Record<string, WebGLRenderingContext>;
}

/** How far beside a thing still is on it, in pixels. */
const slack = { node: 3, edge: 4 } as const;

/**
 * Picker is sigma without its picking, and with one WebGL context for lines and nodes. What it replaces is not
 * part of sigma's contract: its version is exact in package.json, and browser tests click on nodes.
 */
export class Picker<N extends Attributes, E extends Attributes> extends Sigma<N, E> {
  override createWebGLContext(id: string, options: Parameters<Sigma["createWebGLContext"]>[1] = {} as never): WebGLRenderingContext {
    const { elements, webGLContexts } = this as unknown as Hidden;
    (this as unknown as { createCanvas(id: string): void }).createCanvas(id);
    const canvas = elements[id]!;
    // Lines and nodes share a context. The node under the mouse is drawn with the others; its label alone is drawn again.
    const shared = id === "edges" ? undefined : id === "nodes" ? webGLContexts["edges"] : idleContext();
    if (shared) canvas.remove();
    else sized(canvas, this.getContainer());
    const gl = super.createWebGLContext(id, { ...options, picking: false, canvas: shared ? { getContext: () => shared } : canvas } as never);
    if (!shared) trust(gl);
    return gl;
  }

  /** drawBySight begins it, once the picture is made: nodes are drawn after the lines, and picked by their places. */
  drawBySight(offset: (edge: string) => number): void {
    const hidden = this as unknown as Hidden;
    hidden.getNodeAtPosition = (at) => this.nodeAt(at, hidden.nodeDataCache);
    hidden.getEdgeAtPoint = (x, y) => (this.getSetting("enableEdgeEvents") ? this.edgeAt({ x, y }, hidden.nodeDataCache, offset) : null);
    let nodes: (() => void)[] = [];
    for (const program of Object.values(hidden.nodePrograms)) {
      const draw = program.render.bind(program);
      program.render = (params) => nodes.push(() => draw(params));
    }
    this.on("afterRender", () => {
      for (const draw of nodes) draw();
      nodes = [];
    });
  }

  private sight(at: { x: number; y: number }): { x: number; y: number; pixel: number } {
    const a = this.viewportToFramedGraph(at), b = this.viewportToFramedGraph({ x: at.x + 1, y: at.y });
    return { ...a, pixel: Math.hypot(b.x - a.x, b.y - a.y) };
  }

  private nodeAt(at: { x: number; y: number }, nodes: Record<string, NodeDisplayData>): string | null {
    const mouse = this.getMouseCaptor();
    if (mouse.isMouseDown && mouse.draggedEvents > 2) return null; // the picture is being moved
    const { x, y, pixel } = this.sight(at), scale = this.scaleSize(1);
    let best: string | null = null, least = Infinity;
    for (const id in nodes) {
      const n = nodes[id]!;
      const radius = (Math.max(n.size * scale, 1.6) + slack.node) * pixel;
      const dx = n.x - x, dy = n.y - y;
      if (dx > radius || dx < -radius || dy > radius || dy < -radius) continue;
      // Of several the one that is drawn above, then the nearest.
      const d = Math.hypot(dx, dy) / radius - n.zIndex;
      if (Math.hypot(dx, dy) <= radius && d < least) {
        least = d;
        best = id;
      }
    }
    return best;
  }

  private edgeAt(at: { x: number; y: number }, nodes: Record<string, NodeDisplayData>, offset: (edge: string) => number): string | null {
    const { x, y, pixel } = this.sight(at), scale = this.scaleSize(1);
    let best: string | null = null, least = slack.edge * pixel;
    this.getGraph().forEachEdge((id, _, source, target) => {
      const a = nodes[source], b = nodes[target];
      if (!a || !b) return;
      const dx = b.x - a.x, dy = b.y - a.y, length = Math.hypot(dx, dy);
      if (length === 0) return;
      const along = ((x - a.x) * dx + (y - a.y) * dy) / length;
      if (along < 0 || along > length) return;
      // The line is drawn beside the straight one by its offset.
      const aside = ((x - a.x) * dy - (y - a.y) * dx) / length - offset(id) * scale * pixel;
      if (Math.abs(aside) < least) {
        least = Math.abs(aside);
        best = id;
      }
    });
    return best;
  }
}
