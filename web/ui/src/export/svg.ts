// The picture as SVG, from the data and not from the screen: the same drawing gives the
// same bytes on every machine, with its texts as text, its legend and what it leaves out.
import type { Drawn, DrawnEdge, DrawnNode } from "../model/project.ts";
import { amount, brief, claim, edgeWhat, name, short, sureness, what, when, type Asset } from "../model/words.ts";
import { t } from "../messages/messages.ts";
import { dashes, edgeLook, nodeColour, radius, shapes, type Palette } from "../view/look.ts";
import { bounds } from "../layout/geometry.ts";
import { sortedEdges, sortedNodes, xml, type About } from "./plain.ts";

export interface SVGOptions extends About {
  palette: Palette;
  methods: readonly string[];
  asset(network: string | undefined): Asset | undefined;
  marking?: string;
}

const n2 = (v: number): string => String(Math.round(v * 100) / 100);

export function svg(d: Drawn, o: SVGOptions): string {
  const nodes = sortedNodes(d), edges = sortedEdges(d);
  const box = bounds(nodes.map((n) => ({ id: n.id, x: n.value.x, y: n.value.y }))) ?? { x: [0, 0], y: [0, 0] };
  const legend = legendOf(nodes, edges, o);
  const pad = 120, foot = 30 + legend.length * 22;
  const x = box.x[0] - pad, y = box.y[0] - pad - 30;
  const width = Math.max(box.x[1] - box.x[0] + 2 * pad, 640), height = box.y[1] - box.y[0] + 2 * pad + 30 + foot;
  const p = o.palette;
  const out = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${n2(x)} ${n2(y)} ${n2(width)} ${n2(height)}" width="${n2(width)}" height="${n2(height)}" font-family="Inter, 'Helvetica Neue', Arial, sans-serif" role="img" aria-labelledby="title desc">`,
    `<title id="title">${xml(o.title)}</title>`,
    `<desc id="desc">${xml(o.scope)}</desc>`,
    `<rect x="${n2(x)}" y="${n2(y)}" width="${n2(width)}" height="${n2(height)}" fill="${p.background}"/>`,
    `<text x="${n2(x + 24)}" y="${n2(y + 34)}" font-size="18" font-weight="600" fill="${p.text}">${xml(o.title)}</text>`,
  ];
  if (o.marking) out.push(`<text x="${n2(x + width - 24)}" y="${n2(y + 34)}" font-size="14" font-weight="600" text-anchor="end" fill="${p.text}">${xml(o.marking)}</text>`);
  out.push('<g id="edges">');
  const at = new Map(nodes.map((n) => [n.id, n]));
  for (const e of edges) {
    const a = at.get(e.from), b = at.get(e.to);
    if (a && b) out.push(edge(e, a, b, o));
  }
  out.push("</g>", '<g id="nodes">');
  for (const n of nodes) out.push(node(n, o));
  out.push("</g>", '<g id="legend">');
  legend.forEach((line, i) => {
    out.push(`<g transform="translate(${n2(x + 24)} ${n2(y + height - foot + 12 + i * 22)})">${line}</g>`);
  });
  out.push("</g>", "</svg>", "");
  return out.join("\n");
}

function shape(n: DrawnNode, r: number, p: Palette): string {
  const colour = nodeColour(n.value, p);
  const inferred = n.value.inferred || n.value.what === "cluster";
  const style = `fill="${inferred ? p.background : colour}" stroke="${colour}" stroke-width="2"${inferred ? ' stroke-dasharray="4 3"' : ""}`;
  switch (shapes[n.value.what]) {
    case "square":
      return `<rect x="${n2(-r)}" y="${n2(-r)}" width="${n2(2 * r)}" height="${n2(2 * r)}" ${style}/>`;
    case "diamond":
      return `<path d="M0 ${n2(-r)}L${n2(r)} 0L0 ${n2(r)}L${n2(-r)} 0Z" ${style}/>`;
    case "hexagon":
      return `<path d="M${n2(-r)} 0L${n2(-r / 2)} ${n2(-r * 0.87)}L${n2(r / 2)} ${n2(-r * 0.87)}L${n2(r)} 0L${n2(r / 2)} ${n2(r * 0.87)}L${n2(-r / 2)} ${n2(r * 0.87)}Z" ${style}/>`;
    case "double":
      return `<circle r="${n2(r)}" fill="${p.background}" stroke="${colour}" stroke-width="2"/><circle r="${n2(r - 4.5)}" ${style}/>`;
    default:
      return `<circle r="${n2(r)}" ${style}/>`;
  }
}

function node(n: DrawnNode, o: SVGOptions): string {
  const v = n.value, p = o.palette, r = radius(v);
  const title = [what(v), v.text, v.label ? claim(v.label) : "", v.label?.because ?? "", v.note ?? ""].filter((s) => s !== "").join("\n");
  const halo = `paint-order="stroke" stroke="${p.halo}" stroke-width="3" stroke-linejoin="round"`;
  const lines = [`<text y="${n2(r + 15)}" font-size="12" text-anchor="middle" direction="ltr" unicode-bidi="isolate" fill="${p.text}" ${halo}>${xml(short(name(v), 32))}</text>`];
  if (v.label) lines.push(`<text y="${n2(r + 29)}" font-size="10.5" text-anchor="middle" fill="${p.quiet}" ${halo}>${xml(t("label.sure", { sure: sureness(v.label.confidence) }))}</text>`);
  else if (v.title) lines.push(`<text y="${n2(r + 29)}" font-size="10.5" text-anchor="middle" direction="ltr" unicode-bidi="isolate" fill="${p.quiet}" ${halo}>${xml(short(v.text))}</text>`);
  return `<g transform="translate(${n2(v.x)} ${n2(v.y)})"><title>${xml(title)}</title>${shape(n, r, p)}${lines.join("")}</g>`;
}

function edge(e: DrawnEdge, a: DrawnNode, b: DrawnNode, o: SVGOptions): string {
  const look = edgeLook(e.value, o.palette, o.methods);
  const dx = b.value.x - a.value.x, dy = b.value.y - a.value.y, length = Math.hypot(dx, dy) || 1;
  const ux = dx / length, uy = dy / length;
  const ox = -uy * look.offset, oy = ux * look.offset;
  const x1 = a.value.x + ux * radius(a.value) + ox, y1 = a.value.y + uy * radius(a.value) + oy;
  const x2 = b.value.x - ux * (radius(b.value) + 2) + ox, y2 = b.value.y - uy * (radius(b.value) + 2) + oy;
  const asset = o.asset(a.value.network ?? b.value.network);
  const words = [edgeWhat(e.value), amount(e.value.value, asset), e.value.inferred ? t("inferred") : "", e.joint ? t("edge.joint") : "", e.partly ? t("edge.partly") : "", when(e.value.first)].filter((s) => s !== "").join("\n");
  const dash = dashes[look.dash].length > 0 ? ` stroke-dasharray="${dashes[look.dash].join(" ")}"` : "";
  const parts = [`<title>${xml(words)}</title>`, `<path d="M${n2(x1)} ${n2(y1)}L${n2(x2 - (look.arrow ? ux * 7 : 0))} ${n2(y2 - (look.arrow ? uy * 7 : 0))}" fill="none" stroke="${look.colour}" stroke-width="${look.width}"${dash}/>`];
  if (look.arrow) parts.push(`<path d="M${n2(x2)} ${n2(y2)}L${n2(x2 - ux * 9 - uy * 4.5)} ${n2(y2 - uy * 9 + ux * 4.5)}L${n2(x2 - ux * 9 + uy * 4.5)} ${n2(y2 - uy * 9 - ux * 4.5)}Z" fill="${look.colour}"/>`);
  const value = brief(e.value.value, asset);
  if (value !== "") {
    let angle = (Math.atan2(dy, dx) * 180) / Math.PI;
    if (angle > 90 || angle < -90) angle += 180;
    parts.push(`<text transform="translate(${n2((x1 + x2) / 2)} ${n2((y1 + y2) / 2)}) rotate(${n2(angle)})" y="-4" font-size="10.5" text-anchor="middle" fill="${o.palette.quiet}" paint-order="stroke" stroke="${o.palette.halo}" stroke-width="3">${xml((e.partly || e.joint ? "≤ " : "") + value)}</text>`);
  }
  return `<g>${parts.join("")}</g>`;
}

function legendOf(nodes: DrawnNode[], edges: DrawnEdge[], o: SVGOptions): string[] {
  const p = o.palette, lines: string[] = [];
  const text = (s: string, x = 44): string => `<text x="${x}" y="4" font-size="12" fill="${p.text}">${xml(s)}</text>`;
  const kinds = new Map<string, DrawnNode>();
  for (const n of nodes) if (!kinds.has(n.value.what)) kinds.set(n.value.what, n);
  for (const kind of ["address", "transaction", "coin", "cluster", "service"]) {
    const n = kinds.get(kind);
    if (n) lines.push(`<g transform="translate(16 0)">${shape({ id: "", value: { what: n.value.what, text: "", x: 0, y: 0 } }, 7, p)}</g>${text(what(n.value))}`);
  }
  const seen = new Set<string>();
  for (const e of edges) {
    const look = edgeLook(e.value, p, o.methods);
    const words = edgeWhat(e.value) + (e.value.inferred ? ", " + t("inferred") : "");
    if (seen.has(words)) continue;
    seen.add(words);
    const dash = dashes[look.dash].length > 0 ? ` stroke-dasharray="${dashes[look.dash].join(" ")}"` : "";
    lines.push(`<path d="M0 0H34" stroke="${look.colour}" stroke-width="${look.width}"${dash}/>${text(words)}`);
  }
  lines.push(text(o.scope, 0));
  return lines;
}
