// What things look like, for the screen and for exports alike: shape says what a node is,
// a broken line that something is inferred, and words say both again.
import type { EdgeValue, NodeValue } from "../model/picture.ts";

export type Shape = "circle" | "square" | "diamond" | "hexagon" | "double";
export type Dash = "solid" | "dashed" | "dotted" | "dashdot" | "long";

export interface Palette {
  background: string;
  text: string;
  quiet: string; // text of less weight
  line: string;
  halo: string;
  select: string;
  kin: string; // cluster siblings
  nodes: Record<NodeValue["what"], string>;
  named: Record<string, string>;
  methods: [string, string, string];
}

// Contrasts to the background are at least 3:1 for shapes and lines (WCAG 1.4.11), 4.5:1 for text.
export const light: Palette = {
  background: "#ffffff", text: "#17212b", quiet: "#4c5a67", line: "#6b7883", halo: "#ffffff", select: "#0b73c4", kin: "#8a4b00",
  nodes: { address: "#3f6ea8", transaction: "#5f6670", coin: "#5b7f95", cluster: "#7a5aa6", service: "#1f7a4d" },
  named: { red: "#c62828", orange: "#b45309", yellow: "#8a6d00", green: "#2e7d32", teal: "#00796b", blue: "#1565c0", purple: "#7b1fa2", pink: "#ad1457" },
  methods: ["#0b57d0", "#b3261e", "#6a1b9a"],
};

export const dark: Palette = {
  background: "#192128", text: "#e6ebef", quiet: "#b3bec8", line: "#8593a0", halo: "#192128", select: "#7cc4ff", kin: "#f0b35a",
  nodes: { address: "#7ca6dc", transaction: "#aab2bc", coin: "#93b5c9", cluster: "#b99ae0", service: "#62c596" },
  named: { red: "#ef7a7a", orange: "#f2a65a", yellow: "#e0c34c", green: "#7fcb85", teal: "#58c4b4", blue: "#7db2f2", purple: "#cf93e6", pink: "#f08cb4" },
  methods: ["#8ab4f8", "#ff8a80", "#ce93d8"],
};

export const shapes: Record<NodeValue["what"], Shape> = { address: "circle", transaction: "square", coin: "diamond", cluster: "hexagon", service: "double" };

/** radius of a node, in the drawing's units. */
export function radius(n: Pick<NodeValue, "what">): number {
  switch (n.what) {
    case "service":
      return 15;
    case "cluster":
      return 14;
    case "transaction":
      return 8;
    case "coin":
      return 8;
    default:
      return 11;
  }
}

export function nodeColour(n: NodeValue, p: Palette): string {
  return (n.colour && p.named[n.colour]) || p.nodes[n.what];
}

/** The look of a line: what it stands for, and the place of its method among those shown. */
export function edgeLook(e: EdgeValue, p: Palette, methods: readonly string[]): { colour: string; dash: Dash; width: number; offset: number; arrow: boolean } {
  if (e.what === "trace") {
    const at = Math.max(0, methods.indexOf(e.method ?? ""));
    // What a method says is no fact of the chain: none of its lines is unbroken.
    const dash: Dash = at === 0 ? "long" : at === 1 ? "dashdot" : "dotted";
    return { colour: p.methods[at % 3]!, dash, width: 2.6, offset: methods.length > 1 ? 5 * (at % 2 === 0 ? 1 : -1) * (1 + Math.floor(at / 2)) : 5, arrow: true };
  }
  if (e.what === "member") return { colour: p.nodes.cluster, dash: "dashed", width: 1.2, offset: 0, arrow: false };
  if (e.what === "manual") return { colour: p.quiet, dash: "dotted", width: 1.6, offset: 0, arrow: true };
  return { colour: p.line, dash: e.inferred ? "dashed" : "solid", width: 1.4, offset: 0, arrow: true };
}

export const dashes: Record<Dash, number[]> = { solid: [], dashed: [8, 5], dotted: [2, 4], dashdot: [10, 4, 2, 4], long: [18, 4] };
