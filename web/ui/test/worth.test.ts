import assert from "node:assert/strict";
import { test } from "node:test";
import { onDays, worth, worthBrief, worthWords } from "../src/model/worth.ts";
import type { EdgeValue } from "../src/model/picture.ts";

const rates = { currency: "USD", days: new Map([["2021-01-01", "29001.72"], ["2021-01-02", "32000"], ["2021-01-03", "0.000000000000000001"]]) };
const edge = (more: Partial<EdgeValue>): EdgeValue => ({ from: "a:1", to: "a:2", what: "pay", ...more });
const said = (list: [string, string][]): string => worthWords(worth(list, 8, rates), "USD");

test("amounts are valued at their day's rate, exactly, and rounded once", () => {
  assert.equal(said([["2021-01-02", "150000001"]]), "48,000.00 USD");
  assert.equal(said([["2021-01-01", "100000000"]]), "29,001.72 USD");
  assert.equal(said([["2021-01-02", "15"]]), "0.00 USD", "0.0048");
  assert.equal(said([["2021-01-02", "16"]]), "0.01 USD", "0.00512");
  assert.equal(said([["2021-01-02", "15"], ["2021-01-02", "15"]]), "0.01 USD", "the sum is rounded, not its parts");
  assert.equal(said([["2021-01-03", "1"]]), "0.00 USD");
  assert.equal(said([["2021-01-02", "210000000000000000000"]]), "67,200,000,000,000,000.00 USD", "past what a double holds");
  assert.equal(worthBrief(worth([["2021-01-01", "100000000"]], 8, rates), "USD"), "~29,002 USD");
});

test("a day without a rate has no value, and neither has a sum over it", () => {
  assert.equal(said([["2021-01-04", "5"]]), "no USD rate of 2021-01-04");
  assert.equal(said([["2021-01-01", "5"], ["2021-01-04", "5"], ["2021-02-04", "5"]]), "no USD rate of 2 days");
  assert.equal(worthBrief(worth([["2021-01-04", "5"]], 8, rates), "USD"), "no USD rate");
});

test("what moved on which day is known of one day's edges and of sums that say so; of others there is no value", () => {
  assert.deepEqual(onDays([edge({ value: "5", first: "2021-01-01T10:00:00Z", last: "2021-01-01T23:59:59Z" }), edge({ value: "7", count: 2, days: { "2021-01-01": "3", "2021-01-02": "4" } })]), [["2021-01-01", "5"], ["2021-01-01", "3"], ["2021-01-02", "4"]]);
  for (const e of [edge({ value: "5", first: "2021-01-01T10:00:00Z", last: "2021-01-02T10:00:00Z" }), edge({ value: "5" }), edge({ first: "2021-01-01T10:00:00Z" })]) assert.equal(onDays([e]), null);
  assert.equal(worthWords(null, "USD"), "no value in USD: it moved on more than 200 days, or is not known by day. Expand again, or filter to fewer days");
  assert.equal(worthBrief(null, "USD"), "USD: too many days");
});
