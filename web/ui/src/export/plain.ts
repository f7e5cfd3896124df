// The picture as data: CSV, GraphML and GEXF. The same drawing gives the same bytes.
import type { Drawn, DrawnEdge, DrawnNode } from "../model/project.ts";
import { called, certainty, sureness } from "../model/words.ts";

/** What an export says of itself, in words: what was left out and where values come from. */
export interface About {
  title: string;
  scope: string;
  worth?: (e: DrawnEdge) => string; // in a currency, in words: a value, or why there is none
}

const byID = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

export function sortedNodes(d: Drawn): DrawnNode[] {
  return [...d.nodes.values()].sort(byID);
}

export function sortedEdges(d: Drawn): DrawnEdge[] {
  return [...d.edges.values()].sort(byID);
}

/**
 * cell writes a value so that no spreadsheet takes it for a formula: what begins like one
 * gets an apostrophe before it, which spreadsheets show as text (OWASP, CSV injection).
 */
export function cell(value: string | number | boolean | undefined): string {
  if (typeof value === "number") return String(value);
  let s = value === undefined ? "" : String(value);
  s = s.replace(/\r\n?|\u2028|\u2029/g, "\n");
  if (/^[\s\0]*[=+\-@\t\r|%＝＋－＠]/.test(s)) s = "'" + s;
  return /[",\n;]|^\s|\s$/.test(s) ? `"${s.replaceAll('"', '""')}"` : s;
}

function csv(rows: (string | number | boolean | undefined)[][]): string {
  return "\ufeff" + rows.map((r) => r.map(cell).join(",")).join("\r\n") + "\r\n";
}

export function nodesCSV(d: Drawn): string {
  const rows: (string | number | boolean | undefined)[][] = [
    ["id", "kind", "network", "address_or_transaction", "title", "label", "label_confidence", "label_confidence_words", "label_source", "label_inferred_because", "inferred", "cluster", "group", "colour", "pinned", "note", "x", "y", "coin_address", "coin_value_smallest_unit", "time"],
  ];
  for (const { id, value: n } of sortedNodes(d)) {
    rows.push([id, n.what, n.network, n.text, n.title, n.label?.text, n.label?.confidence, n.label ? sureness(n.label.confidence) : "", n.label?.source, n.label?.because,
      n.inferred ? "yes" : "no", n.cluster, n.group, n.colour, n.pinned ? "yes" : "no", n.note, n.x, n.y, n.address, n.value, n.time]);
  }
  return csv(rows);
}

export function edgesCSV(d: Drawn, about: About): string {
  const rows: (string | number | boolean | undefined)[][] = [["id", "from", "to", "kind", "method", "amount_smallest_unit", "asset", "transfers", "first", "last", "inferred", "joint_senders", "partly_outside_filter", "scope", "note", "certainty", "value_that_day"]];
  for (const { id, from, to, value: e, joint, partly, of, parts } of sortedEdges(d)) {
    rows.push([id, from, to, e.what, e.method, e.value, e.asset, e.count, e.first, e.last, e.inferred ? "yes" : "no", joint ? "yes" : "no", partly ? "yes" : "no", e.scope ?? about.scope, e.note, certainty(e), about.worth?.({ id, from, to, value: e, joint, partly, of, ...(parts ? { parts } : {}) })]);
  }
  return csv(rows);
}

/** xml escapes a text for XML, and leaves out what XML cannot hold. */
export function xml(s: string): string {
  return s
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

type Column<T> = [name: string, type: "string" | "int" | "boolean" | "double", get: (v: T) => string | number | boolean | undefined];

const nodeColumns: Column<DrawnNode>[] = [
  ["kind", "string", (n) => n.value.what],
  ["network", "string", (n) => n.value.network],
  ["text", "string", (n) => n.value.text],
  ["title", "string", (n) => n.value.title],
  ["label", "string", (n) => n.value.label?.text],
  ["confidence", "int", (n) => n.value.label?.confidence],
  ["confidence_words", "string", (n) => n.value.label && sureness(n.value.label.confidence)],
  ["label_source", "string", (n) => n.value.label?.source],
  ["label_inferred_because", "string", (n) => n.value.label?.because],
  ["inferred", "boolean", (n) => n.value.inferred ?? false],
  ["cluster", "string", (n) => n.value.cluster],
  ["group", "string", (n) => n.value.group],
  ["colour", "string", (n) => n.value.colour],
  ["note", "string", (n) => n.value.note],
  ["coin_address", "string", (n) => n.value.address],
  ["coin_value", "string", (n) => n.value.value],
  ["time", "string", (n) => n.value.time],
  ["x", "double", (n) => n.value.x],
  ["y", "double", (n) => n.value.y],
];

// Amounts stay texts: a double of 64 bits does not hold every amount.
const edgeColumns: Column<DrawnEdge>[] = [
  ["kind", "string", (e) => e.value.what],
  ["method", "string", (e) => e.value.method],
  ["amount", "string", (e) => e.value.value],
  ["asset", "string", (e) => e.value.asset],
  ["transfers", "int", (e) => e.value.count],
  ["first", "string", (e) => e.value.first],
  ["last", "string", (e) => e.value.last],
  ["inferred", "boolean", (e) => e.value.inferred ?? false],
  ["joint_senders", "boolean", (e) => e.joint],
  ["partly_outside_filter", "boolean", (e) => e.partly],
  ["certainty", "string", (e) => certainty(e.value)],
  ["note", "string", (e) => e.value.note],
];

export function graphML(d: Drawn, about: About): string {
  const out = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">',
  ];
  for (const [name, type] of nodeColumns) out.push(`  <key id="n_${name}" for="node" attr.name="${name}" attr.type="${type}"/>`);
  for (const [name, type] of edgeColumns) out.push(`  <key id="e_${name}" for="edge" attr.name="${name}" attr.type="${type}"/>`);
  out.push('  <key id="g_scope" for="graph" attr.name="scope" attr.type="string"/>');
  out.push(`  <graph id="${xml(about.title)}" edgedefault="directed">`, `    <data key="g_scope">${xml(about.scope)}</data>`);
  for (const n of sortedNodes(d)) {
    out.push(`    <node id="${xml(n.id)}">${data("n_", nodeColumns, n)}</node>`);
  }
  for (const e of sortedEdges(d)) {
    out.push(`    <edge id="${xml(e.id)}" source="${xml(e.from)}" target="${xml(e.to)}">${data("e_", edgeColumns, e)}</edge>`);
  }
  out.push("  </graph>", "</graphml>", "");
  return out.join("\n");
}

function data<T>(prefix: string, columns: Column<T>[], of: T): string {
  return columns.map(([name, , get]) => [name, get(of)] as const).filter(([, v]) => v !== undefined && v !== "")
    .map(([name, v]) => `<data key="${prefix}${name}">${xml(String(v))}</data>`).join("");
}

export function gexf(d: Drawn, about: About): string {
  const type = { string: "string", int: "integer", boolean: "boolean", double: "double" } as const;
  const out = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<gexf xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3/viz" version="1.3">',
    `  <meta><creator>Goshawk</creator><title>${xml(about.title)}</title><description>${xml(about.scope)}</description></meta>`,
    '  <graph defaultedgetype="directed">',
    '    <attributes class="node">',
    ...nodeColumns.map(([name, t]) => `      <attribute id="${name}" title="${name}" type="${type[t]}"/>`),
    "    </attributes>",
    '    <attributes class="edge">',
    ...edgeColumns.map(([name, t]) => `      <attribute id="${name}" title="${name}" type="${type[t]}"/>`),
    "    </attributes>",
    "    <nodes>",
  ];
  const values = <T>(columns: Column<T>[], of: T): string =>
    columns.map(([name, , get]) => [name, get(of)] as const).filter(([, v]) => v !== undefined && v !== "")
      .map(([name, v]) => `<attvalue for="${name}" value="${xml(String(v)).replaceAll("\n", "&#10;")}"/>`).join("");
  for (const n of sortedNodes(d)) {
    out.push(`      <node id="${xml(n.id)}" label="${xml(n.value.title || (n.value.label && called(n.value.label)) || n.value.text)}"><attvalues>${values(nodeColumns, n)}</attvalues><viz:position x="${n.value.x}" y="${-n.value.y}"/></node>`);
  }
  out.push("    </nodes>", "    <edges>");
  for (const e of sortedEdges(d)) {
    out.push(`      <edge id="${xml(e.id)}" source="${xml(e.from)}" target="${xml(e.to)}" kind="${e.value.what}"><attvalues>${values(edgeColumns, e)}</attvalues></edge>`);
  }
  out.push("    </edges>", "  </graph>", "</gexf>", "");
  return out.join("\n");
}
