// What amounts were worth in a currency when they moved. Whole-number arithmetic, exact, and
// rounded once, half up to hundredths. A day without a rate has no value: no other day's is
// taken for it, and a sum over such a day has none either.
import type { EdgeValue } from "./picture.ts";
import { group } from "./words.ts";
import { t } from "../messages/messages.ts";

/** Daily rates of one coin in one currency, by day (UTC). */
export interface Rates {
  currency: string;
  days: ReadonlyMap<string, string>;
}

/** What was on which day: amounts in smallest units. */
export type OnDays = [day: string, units: string][];

export interface Worth {
  cents?: bigint; // left out where a rate is missing
  missing: string[]; // days without a rate
}

// Prices have at most 18 digits after the point: every product is brought to so many.
const finest = 18;

/** worth values amounts at their days' rates. */
export function worth(list: OnDays, decimals: number, rates: Rates): Worth {
  let sum = 0n;
  const missing = new Set<string>();
  for (const [day, units] of list) {
    const price = rates.days.get(day);
    const m = price === undefined ? null : /^(\d+)(?:\.(\d{1,18}))?$/.exec(price);
    if (!m || !/^\d+$/.test(units)) {
      missing.add(day);
      continue;
    }
    sum += BigInt(units) * BigInt(m[1]! + (m[2] ?? "").padEnd(finest, "0"));
  }
  if (missing.size > 0) return { missing: [...missing].sort() };
  const hundredth = 10n ** BigInt(decimals + finest - 2);
  return { cents: (sum + hundredth / 2n) / hundredth, missing: [] };
}

/** onDays takes edges' amounts apart by day; null where nobody can say on which day what moved, or how much. */
export function onDays(edges: Iterable<EdgeValue>): OnDays | null {
  const out: OnDays = [];
  for (const e of edges) {
    if (e.value === undefined || !/^\d+$/.test(e.value)) return null;
    if (e.days) {
      out.push(...Object.entries(e.days));
      continue;
    }
    const first = e.first?.slice(0, 10), last = (e.last ?? e.first)?.slice(0, 10);
    if (first === undefined || first !== last) return null;
    out.push([first, e.value]);
  }
  return out;
}

/** worthWords writes a value, or why there is none. */
export function worthWords(w: Worth | null, currency: string): string {
  if (!w) return t("worth.several", { currency });
  if (w.cents === undefined) return w.missing.length === 1 ? t("worth.missing", { currency, day: w.missing[0]! }) : t("worth.missing.days", { currency, n: w.missing.length });
  const digits = w.cents.toString().padStart(3, "0");
  return `${group(digits.slice(0, -2))}.${digits.slice(-2)} ${currency}`;
}

/** worthBrief is what fits beside a line: whole units of the currency, with a tilde where it was rounded. */
export function worthBrief(w: Worth | null, currency: string): string {
  if (!w) return t("worth.several.brief", { currency });
  if (w.cents === undefined) return t("worth.none", { currency });
  if (w.cents < 10_000n) return worthWords(w, currency);
  return `${w.cents % 100n === 0n ? "" : "~"}${group(((w.cents + 50n) / 100n).toString())} ${currency}`;
}
