// How things are called: amounts, times, addresses, how sure a label is.
import { t, locale } from "../messages/messages.ts";
import type { EdgeValue, Label, NodeValue } from "./picture.ts";

/** An asset as its network counts it. Networks differ as data: the server says which there are. */
export interface Asset {
  network: string;
  ticker: string; // BTC
  decimals: number; // of its smallest unit
}

/** amount writes smallest units as the asset, exactly. */
export function amount(units: string | undefined, asset: Asset | undefined): string {
  if (units === undefined || !/^\d{1,78}$/.test(units)) return "";
  if (!asset) return group(units);
  const digits = units.padStart(asset.decimals + 1, "0");
  const whole = digits.slice(0, digits.length - asset.decimals), rest = digits.slice(digits.length - asset.decimals).replace(/0+$/, "");
  return `${group(whole.replace(/^0+(?=\d)/, ""))}${rest === "" ? "" : "." + rest} ${asset.ticker}`;
}

/** brief is an amount rounded to what fits beside a line; it says so with a tilde. */
export function brief(units: string | undefined, asset: Asset | undefined): string {
  const whole = amount(units, asset);
  if (whole.length <= 12 || !asset || units === undefined) return whole;
  // Four digits that count; pictures hold thousands of amounts, and formatting them by locale takes seconds.
  const n = Number(units) / 10 ** asset.decimals;
  const digits = n >= 1000 ? 0 : n >= 100 ? 1 : n >= 10 ? 2 : n >= 1 ? 3 : Math.min(asset.decimals, 3 - Math.floor(Math.log10(n)));
  const [head, tail = ""] = n.toFixed(digits).split(".");
  const rest = tail.replace(/0+$/, "");
  return `~${group(head!)}${rest === "" ? "" : "." + rest} ${asset.ticker}`;
}

/** units reads what a person typed, in the asset's own unit; null where it is no amount. */
export function units(text: string, asset: Asset | undefined): string | null {
  const clean = text.trim().replaceAll(",", "").replaceAll(" ", "").replaceAll("_", "");
  const m = /^(\d*)(?:\.(\d*))?$/.exec(clean);
  if (!m || (m[1] ?? "") + (m[2] ?? "") === "") return null;
  const decimals = asset?.decimals ?? 0, rest = m[2] ?? "";
  if (rest.length > decimals) return null;
  return BigInt((m[1] || "0") + rest.padEnd(decimals, "0")).toString();
}

/** group sets digits apart by thousands. */
export function group(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** sum adds amounts; undefined where one of them is not known. */
export function sum(list: Iterable<string | undefined>): string | undefined {
  let all = 0n;
  for (const v of list) {
    if (v === undefined || !/^\d+$/.test(v)) return undefined;
    all += BigInt(v);
  }
  return all.toString();
}

/** Whether one amount is less than another. */
export function less(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}

/** sureness says a label's confidence in words: the ladder of docs/method/labels.md. */
export function sureness(confidence: number): string {
  if (confidence >= 90) return t("sure.very_high");
  if (confidence >= 70) return t("sure.high");
  if (confidence >= 50) return t("sure.moderate");
  if (confidence >= 20) return t("sure.low");
  return t("sure.very_low");
}

/** claim is a label with how sure it is. */
export function claim(label: Label): string {
  return t("label.claim", { text: called(label), sure: sureness(label.confidence) });
}

/** called is who a label says it is, and that this is inferred where the label is not the address's own. */
export function called(label: Label): string {
  return label.because ? t("label.inferred", { text: label.text }) : label.text;
}

/** short is an address or hash with its middle left out. */
export function short(text: string, most = 17): string {
  if (text.length <= most) return text;
  const tail = Math.floor((most - 1) / 2);
  const colon = text.lastIndexOf(":");
  if (colon > 40) return short(text.slice(0, colon), most - 3) + text.slice(colon);
  return text.slice(0, most - 1 - tail) + "…" + text.slice(-tail);
}

/** when is a time, in UTC and said so. */
export function when(time: string | undefined): string {
  if (!time) return "";
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return "";
  return at.toISOString().slice(0, 16).replace("T", " ") + " UTC";
}

/** day is the day of a time. */
export function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** name is what a node is called first: its title, else its label, else itself. */
export function name(n: NodeValue): string {
  return n.title || (n.label && called(n.label)) || short(n.address ?? n.text);
}

export function what(n: NodeValue): string {
  return t(`what.${n.what}`);
}

export function edgeWhat(e: EdgeValue): string {
  const base = t(`edge.${e.what}`);
  return e.method ? `${base} (${e.method})` : base;
}

/** certainty says whether an edge is a fact of the chain, what a method says, or an inference. */
export function certainty(e: EdgeValue): string {
  return e.what === "trace" ? t("by.method") : e.inferred ? t("inferred") : t("fact");
}

export function count(n: number): string {
  return n.toLocaleString(locale());
}

export function sentence(s: string): string {
  return s === "" ? t("fault") : s[0]!.toLocaleUpperCase() + s.slice(1) + (/[.!?]$/.test(s) ? "" : ".");
}
