// The pages of a case in a real browser: saving while one types, two people in one note, no
// scripts at all, keys, and what a screen reader and a narrow window make of each page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { house } from "./house.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let h, at;
before(async () => {
  h = await house();
  at = `${h.url}/cases/${h.stage.case}`;
});
after(async () => {
  const faults = h?.faults ?? [];
  await h?.close();
  assert.deepEqual(faults, [], "pages complained");
});

const text = (page) => page.getByLabel("Text", { exact: true });
const saved = (page) => page.locator("[data-state=saved]").waitFor();

/** note begins a note and returns where it is. */
async function note(title, words) {
  const id = "n" + Math.random().toString(36).slice(2, 12);
  const edit = (field, after) => ({ kind: "note", id, field, before: null, after });
  await h.api("lead", "POST", `/cases/${h.stage.case}/changes`, { what: "began a note for a test", edits: [edit("title", title), edit("text", words)] });
  return `${at}/notes/${id}`;
}

test("a note is saved as one types, two people's lines are brought together, and the same line is shown twice", async () => {
  const where = await note("Shared", "one\ntwo\nthree\n");
  const lead = await h.as("lead"), worker = await h.as("worker");
  await lead.goto(where);
  await worker.goto(where);
  await text(lead).fill("ONE\ntwo\nthree\n");
  await saved(lead);
  await text(worker).fill("one\ntwo\nTHREE\n");
  await saved(worker);
  assert.equal(await text(worker).inputValue(), "ONE\ntwo\nTHREE\n", "the other's line came in");
  await lead.reload();
  assert.equal(await text(lead).inputValue(), "ONE\ntwo\nTHREE\n");
  // One types on while another has changed the same line.
  await text(worker).fill("ONE\nby the worker\nTHREE\n");
  await saved(worker);
  await text(lead).fill("ONE\nby the lead\nTHREE\n");
  await lead.locator("[data-state=clash]").waitFor();
  assert.equal(await text(lead).inputValue(), "ONE\nby the lead\nTHREE\n", "nothing that was typed is gone");
  await lead.getByRole("button", { name: "Look at both" }).click();
  await lead.getByRole("heading", { name: "Two versions" }).waitFor();
  assert.match(await lead.locator("main").innerText(), /by the worker/);
  await lead.getByLabel("Yours").fill("ONE\nby both\nTHREE\n");
  await lead.getByRole("button", { name: "Save mine" }).click();
  await lead.waitForURL(/done=saved/);
  await worker.reload();
  assert.equal(await text(worker).inputValue(), "ONE\nby both\nTHREE\n");
  await lead.context().close();
  await worker.context().close();
});

test("two people send one form: what they changed apart stands together, what both changed is refused with both in view", async () => {
  const id = "f" + Math.random().toString(36).slice(2, 12);
  const edit = (field, after) => ({ kind: "finding", id, field, before: null, after });
  await h.api("lead", "POST", `/cases/${h.stage.case}/changes`, { what: "wrote a finding for a test", edits: [edit("title", "Half was sold"), edit("text", "By the ledger."), edit("order", 1)] });
  const lead = await h.as("lead"), worker = await h.as("worker");
  const card = (page) => page.locator("#" + id), title = (page) => card(page).getByLabel("What was found, in one sentence"), words = (page) => card(page).getByLabel("Text", { exact: true });
  const send = (page) => card(page).getByRole("button", { name: "Save" }).click();
  const open = async () => {
    for (const page of [lead, worker]) {
      await page.goto(at + "/findings");
      await card(page).getByText("Change this finding").click();
    }
  };
  await open();
  await title(worker).fill("Two thirds were sold");
  await send(worker);
  await worker.locator(".flash").waitFor();
  await words(lead).fill("By the exchange's list.");
  await send(lead);
  await card(lead).getByRole("heading", { name: /Two thirds were sold/ }).waitFor();
  assert.match(await card(lead).innerText(), /By the exchange's list\./);
  await open();
  await title(worker).fill("All of it was sold");
  await send(worker);
  await worker.locator(".flash").waitFor();
  await title(lead).fill("None of it was sold");
  await send(lead);
  await lead.getByRole("heading", { name: "Two versions" }).waitFor();
  assert.match(await lead.locator("main").innerText(), /All of it was sold/);
  assert.equal(await lead.getByLabel("Yours").inputValue(), "None of it was sold", "nothing that was typed is gone");
  await worker.reload();
  await card(worker).getByRole("heading", { name: /All of it was sold/ }).waitFor();
  await lead.getByRole("button", { name: "Save mine" }).click();
  await card(lead).getByRole("heading", { name: /None of it was sold/ }).waitFor();
  await worker.reload();
  await card(worker).getByRole("heading", { name: /None of it was sold/ }).waitFor();
  await lead.context().close();
  await worker.context().close();
});

test("what is typed while the server does not answer is saved when it does", async () => {
  const where = await note("Patience", "begin\n");
  const page = await h.as("lead");
  await page.goto(where);
  await page.context().setOffline(true);
  await text(page).fill("begin\nand end\n");
  await page.locator("[data-state=failed]").waitFor();
  await page.context().setOffline(false);
  await saved(page);
  await page.reload();
  assert.equal(await text(page).inputValue(), "begin\nand end\n");
  await page.context().close();
});

test("from a pasted text to the case's addresses, by keys alone", async () => {
  const page = await h.as("lead");
  await page.goto(at + "/subjects");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip", "the first stop skips to the content");
  await page.locator("#text").focus();
  await page.keyboard.insertText("pay to 1A1zP1eP5QGefi2DMP\nTfTL5SLmv7DivfNa and not to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb");
  await page.getByRole("button", { name: "Look for addresses" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Found in the text" }).waitFor();
  assert.equal(await page.locator("input[name=pick]").count(), 1);
  await page.getByRole("button", { name: "Add the chosen" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/done=added/);
  assert.equal(await page.locator(".id").filter({ hasText: "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa" }).first().innerText(), "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "shortened to the eye, and whole");
  await page.locator("h1").click();
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q", "the search is one key away");
  await page.context().close();
});

test("every page works without scripts", async () => {
  const page = await h.as("lead", { javaScriptEnabled: false });
  await page.goto(at + "/notes");
  await page.getByRole("button", { name: "New note" }).click();
  await text(page).fill("without scripts");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Taken back.").waitFor();
  assert.equal(await text(page).inputValue(), "");
  await page.context().close();
});

test("no serious fault, no reading sideways, on any page of a case", async () => {
  await note("Long " + "word".repeat(40), "# Head\n\n" + "long".repeat(100) + "\n\n| a | b |\n|---|---|\n| " + "cell".repeat(60) + " | x |\n");
  const paths = ["", "/subjects", "/timeline", "/notes", "/tasks", "/exhibits", "/members", "/history?show=all", "/settings", "/graphs"].map((p) => at + p).concat([h.url + "/cases", h.url + "/search?q=long", h.url + "/nowhere"]);
  for (const options of [{ colorScheme: "light" }, { colorScheme: "dark" }, { viewport: { width: 390, height: 800 } }, { viewport: { width: 320, height: 640 } }]) {
    const page = await h.as("lead", options);
    for (const path of paths) {
      await page.goto(path);
      await page.evaluate(axe);
      const found = await page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(found.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ")).join(", ")), [], `${path} with ${JSON.stringify(options)}`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(over <= 0, `${path} is ${over} px too wide with ${JSON.stringify(options)}`);
    }
    await page.context().close();
  }
});
