// A case from an address to a letter and a signed package, and on from the exchange's answer, by hand in a browser:
// each test goes on where the one before ended. Only what is seen is held against anything.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { house } from "./house.mjs";
import { downloaded, only, Person, rows } from "./person.mjs";

const folder = mkdtempSync(join(tmpdir(), "goshawk-evidence-"));
const marking = "RESTRICTED", paper = "Order of the investigating judge of 3 May, no. 12/26", exchange = "Kestrel Exchange";
let h, page, brief, A, at, identifiers;
before(async () => {
  h = await house({ world: true });
  brief = h.told("ransomware/brief.md");
  [, A] = /to the address\s+`(\w+)`/.exec(brief);
  page = await h.as("lead");
  page.on("dialog", (d) => d.accept());
});
after(async () => {
  const faults = h?.faults ?? [];
  await h?.close();
  rmSync(folder, { recursive: true });
  assert.deepEqual(faults, [], "pages complained");
});

const heading = (name) => page.getByRole("heading", { name });
const button = (name) => page.getByRole("button", { name, exact: true });
const nav = (name) => page.getByRole("navigation", { name: "Case" }).getByRole("link", { name, exact: true });
const flash = (words) => page.locator(".flash", { hasText: words });
const main = () => page.locator("main").innerText();

test("what is known of an exchange is written down once, for all cases", async () => {
  await page.goto(h.url + "/profiles");
  await page.getByRole("link", { name: "New profile" }).click();
  await page.getByLabel("Service", { exact: true }).fill(exchange);
  await page.getByLabel("Legal entity").fill("Kestrel Exchange Holdings Ltd");
  await page.getByLabel("Portal").fill("https://law.kestrel.example/");
  await page.getByLabel("Days until they answer").fill("14");
  await button("Save").click();
  await flash("").waitFor();
});

test("from an address to a letter ready to send", async () => {
  const hand = new Person(page);
  await page.goto(h.url + "/cases");
  // A case.
  await hand.point(page.getByText("New case"));
  await hand.point(page.getByLabel("Title", { exact: true }));
  await hand.type("Ransom paid by Tollgate");
  await hand.key("Tab");
  await hand.type("2026/41");
  await hand.key("Enter");
  await hand.sees(heading("Ransom paid by Tollgate"));
  at = new URL(page.url()).pathname;
  // What the victim sent, pasted; what is in it, looked through and taken.
  await hand.point(page.getByRole("link", { name: "Add addresses" }));
  await hand.sees(button("Look for addresses"));
  await hand.point(page.getByLabel("Text", { exact: true }));
  await hand.paste(brief);
  await hand.point(page.getByLabel("Keep the text or file as an exhibit, too"));
  await hand.point(button("Look for addresses"));
  await hand.sees(heading("Found in the text"));
  const found = page.getByRole("row", { name: `Add ${A}` });
  assert.match(await found.innerText(), /Address.*regtest.*Right/s, "its checksum is right");
  await hand.point(button("Add the chosen"));
  await hand.sees(flash("Added."));
  // The picture, which begins with them.
  await hand.point(nav("Graph"));
  await hand.point(page.getByLabel("What does it show?"));
  await hand.type("The ransom");
  await hand.key("Enter");
  await hand.until(() => document.getElementById("graph")?.dataset.ready && goshawk.drawn.nodes.size === 2);
  await hand.at(await page.evaluate((a) => goshawk.stage.screen("a:" + a), A));
  await hand.sees(button("Expand out"));
  await hand.point(button("Expand out"));
  await hand.until(() => goshawk.drawn.edges.size > 0);
  assert.match(await page.locator(".g-facts").innerText(), /Out, as shown\s+4\.85428455 tBTC/, "the ransom went on, all of it");
  // The trace, and how far it is.
  await hand.point(button("Trace from here"));
  await hand.sees(page.getByRole("dialog"));
  await hand.point(page.getByRole("dialog").getByRole("button", { name: "Begin" }));
  await hand.sees(page.locator(".g-run"));
  await hand.sees(page.locator(".g-run[data-state=done]"));
  await hand.point(page.getByRole("link", { name: "Open its page" }));
  await hand.sees(heading("Where it rests"));
  assert.match(await main(), /Followed\s+4\.85428455 tBTC/);
  // The letter: everything but the paper and the days is in it.
  const ends = page.getByRole("row", { name: exchange });
  await hand.point(ends.first().getByRole("button", { name: "Write a letter" }));
  await hand.sees(heading("Letter to " + exchange));
  await hand.point(page.getByLabel("Legal basis: on which paper"));
  await hand.type(paper);
  await hand.point(page.getByLabel("Keep or hold for days"));
  await hand.type("90");
  await hand.point(page.getByLabel("Freeze assets"));
  await hand.point(button("Save").first());
  await hand.sees(flash("Saved."));
  // Nothing is open any more; what it says is seen beside.
  assert.equal(await page.getByText("A service will ask back for what is missing here").count(), 0, await main());
  const letter = await page.locator(".paper").innerText();
  for (const said of ["Kestrel Exchange Holdings Ltd", paper, "2026/41", "Restrain the assets", "for 90 days", "an inference", "Ines Berg"]) assert.ok(letter.includes(said), `the letter does not say ${said}`);
  assert.ok(!/\[\w+ \?\]/.test(letter), letter);
  const csv = await downloaded(page, page.getByRole("link", { name: "Identifiers (CSV)" }));
  identifiers = rows(csv.bytes.toString("utf8").replace(/^\ufeff/, ""));
  assert.ok(identifiers.length > 1);
  for (const i of identifiers) assert.ok(letter.includes(i.transaction) && letter.includes(i.address), `${i.address} is in the list and not in the letter`);
  console.log("from an address to a letter ready to send, by the Keystroke-Level Model: " + hand.words());
});

test("a finding, the report that says it, and a package that proves it", async () => {
  await page.goto(h.url + at);
  for (const [label, words] of [["Question", "Where is the ransom that Tollgate Insurance paid?"], ["Summary", "Most of it came to exchanges; the rest was not moved."]]) {
    await page.getByLabel(label, { exact: true }).fill(words);
    await page.locator("[data-state=saved]").waitFor();
  }
  await nav("Case settings").click();
  await page.getByLabel("Classification marking").fill(marking);
  await page.locator("form", { has: page.getByLabel("Classification marking") }).getByRole("button", { name: "Save" }).click();
  await flash("Saved.").waitFor();
  // What the trace found is an exhibit already, and so is what the victim sent.
  await nav("Exhibits").click();
  await page.getByRole("row", { name: /E-1 pasted\.txt/ }).waitFor();
  await nav("Findings").click();
  await page.getByLabel("What was found, in one sentence").fill("Two thirds of the ransom are at exchanges");
  await page.getByLabel("Text", { exact: true }).fill("By first in, first out, **3.27560013 tBTC** of 4.85428455 came to services.");
  const basis = page.getByRole("group", { name: "Exhibits" }), traces = page.getByRole("group", { name: "Traces" });
  await basis.getByText(/^E-1 /).check();
  await basis.getByText(/^E-2 /).check();
  await traces.getByRole("checkbox").first().check();
  await button("Add a finding").click();
  await heading("1. Two thirds of the ransom are at exchanges").waitFor();
  assert.match(await main(), /Independent support\s+none/i);
  // What is missing is said, and filled in.
  await nav("Report").click();
  assert.match(await main(), /Open\s+The author\b/);
  for (const [label, words] of [["Author", "Ines Berg"], ["Qualification", "Certified examiner since 2019."], ["Alternatives considered", "Haircut was looked at."], ["Limitations", "Labels are of January 2022."]]) await page.getByLabel(label, { exact: true }).fill(words);
  await page.getByLabel("Graph in the report").selectOption({ label: "The ransom" });
  await page.locator("[data-state=saved]").waitFor();
  await page.reload();
  await page.getByText("every part of the report has its text").waitFor();
  // The page: the marking at its head and foot, the finding with what it rests on.
  const [shown] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: "Look at it" }).click()]);
  await shown.waitForLoadState();
  const said = await shown.locator("body").innerText();
  assert.ok(said.split(marking).length > 2, "the marking stands at the head and at the foot");
  for (const words of ["Where is the ransom that Tollgate Insurance paid?", "Two thirds of the ransom are at exchanges", "3.27560013 tBTC", "E-2", "fifo", "no rate measured", A]) assert.ok(said.includes(words), `the report does not say ${words}`);
  await shown.close();
  // The paper, as another program reads it: text, not pictures of text; marking and number on each page.
  const pdf = await downloaded(page, page.getByRole("link", { name: "PDF" }));
  const sheets = execFileSync("pdftotext", ["-layout", pdf.path, "-"], { encoding: "utf8" }).split("\f").slice(0, -1);
  assert.ok(sheets.length > 3);
  for (const [i, sheet] of sheets.entries()) {
    assert.ok(sheet.includes(marking), `page ${i + 1} has no marking`);
    assert.match(sheet, new RegExp(`\\b${i + 1}\\s*(/|of)\\s*${sheets.length}\\b`), `page ${i + 1} has no number`);
  }
  const text = sheets.join("\n").replace(/\s+/g, " ");
  for (const words of ["Two thirds of the ransom are at exchanges", "3.27560013 tBTC", A]) assert.ok(text.includes(words), `the paper does not say ${words}`);
  const fonts = execFileSync("pdffonts", [pdf.path], { encoding: "utf8" }).trim().split("\n").slice(2);
  assert.ok(fonts.length > 0 && fonts.every((l) => /\byes +(yes|no) +yes\b/.test(l)), "each font is embedded, and says which letters its signs are:\n" + fonts.join("\n"));
});

test("a package is made by its button, downloaded, and verified by the program without a server", async () => {
  await nav("Report").click();
  await button("Make the package").click();
  await page.locator("#packages .tag", { hasText: "Done" }).waitFor();
  assert.ok(!(await page.locator("#packages").innerText()).includes("are not in it"), await page.locator("#packages").innerText());
  await page.locator("#packages").getByRole("link", { name: /package-/ }).click();
  const made = await downloaded(page, page.getByRole("link", { name: "Download" }));
  const whole = join(folder, "whole.zip"), altered = join(folder, "altered.zip");
  writeFileSync(whole, made.bytes);
  const verify = (...args) => spawnSync(h.program, ["verify", ...args], { encoding: "utf8", env: { PATH: process.env.PATH, HOME: folder } });
  const good = verify(whole);
  assert.equal(good.status, 0, good.stdout + good.stderr);
  // One byte, anywhere, is found.
  const bytes = Buffer.from(made.bytes);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(altered, bytes);
  const bad = verify(altered);
  assert.equal(bad.status, 3, bad.stdout + bad.stderr);
});

test("the letter is sent, the answer is held against the chain, and the trace goes on across the account", async () => {
  await nav("Letters").click();
  await page.getByRole("link", { name: exchange }).click();
  const due = page.getByLabel("Answer due").last();
  assert.match(await due.inputValue(), /^\d{4}-\d\d-\d\d$/, "in as many days as they are known to take");
  await button("It was sent").click();
  await flash("Fixed as exhibits.").waitFor();
  await page.getByRole("link", { name: /^As it was sent: E-\d+$/ }).waitFor();
  assert.equal(await page.getByLabel("Legal basis: on which paper").count(), 0, "what was sent is not written any more");
  // What the exchange answers: all lines of the accounts that were credited.
  const deposits = h.kept("kestrel-exchange", "deposits.csv");
  const named = new Set(identifiers.map((i) => i.transaction));
  const accounts = new Set(rows(deposits).filter((d) => named.has(d.tx) && identifiers.some((i) => i.address === d.address)).map((d) => d.account));
  assert.ok(accounts.size > 0);
  for (const [name, list] of [["deposits.csv", "Deposits"], ["withdrawals.csv", "Withdrawals"], ["balances.csv", "Statement: every line, with balances"]]) {
    const file = join(folder, name);
    writeFileSync(file, only(h.kept("kestrel-exchange", name), "account", accounts));
    await nav("Letters").click();
    await page.getByRole("link", { name: exchange }).first().click();
    await page.getByRole("link", { name: "Import their answer" }).click();
    await page.getByLabel("File", { exact: true }).setInputFiles(file);
    await button("Fix it as an exhibit, and go on").click();
    await flash("The file is fixed as an exhibit.").waitFor();
    // Nothing is guessed: in which units the amounts are stands in no header of the statement.
    if (name === "balances.csv") {
      await page.getByLabel("Amounts are in").selectOption("smallest");
      await button("Look again").click();
    }
    assert.equal(await page.getByLabel("What the rows are").locator("option:checked").innerText(), list);
    await heading("As it would be read").waitFor();
    await button("Take it as their answer").click();
    await page.getByRole("link", { name: "Across the account" }).waitFor();
    if (name !== "balances.csv") {
      const n = rows(readFileSync(file, "utf8")).length;
      await page.getByRole("link", { name: `${n} matched` }).or(page.getByText(`${n} matched`)).first().waitFor();
    }
  }
  await page.getByRole("link", { name: "Across the account" }).click();
  // The account that the largest of the ends was credited to.
  const largest = rows(deposits).find((d) => d.tx === identifiers[0].transaction && d.address === identifiers[0].address).account;
  await page.getByLabel("Account", { exact: true }).fill(largest);
  await button("Show").click();
  await heading(`${exchange}, account ${largest}`).waitFor();
  const methods = page.getByRole("table").filter({ hasText: "Lowest intermediate balance" });
  for (const m of ["First in, first out", "Last in, first out", "Pro rata", "Lowest intermediate balance"]) {
    const [came, went, elsewhere, left] = (await methods.getByRole("row", { name: m }).getByRole("cell").allInnerTexts()).map((c) => Math.round(parseFloat(c) * 1e8));
    assert.equal(came, Number(identifiers[0].followed_smallest_units), m + ": all of the end came in");
    assert.ok(went > 0, m + ": some of it went out");
    assert.equal(went + elsewhere + left, came, m + ": nothing is lost on the way");
  }
  await button("Go on with a new trace").click();
  await flash("").waitFor();
  await page.locator("#run .tag", { hasText: "Done" }).waitFor();
  await heading("Where it rests").waitFor();
  // Each step is a line of what happened.
  await nav("Timeline").click();
  const told = await main();
  for (const words of [`Letter ${exchange}`, "deposits.csv", "withdrawals.csv", "balances.csv", `account-${largest}.json`]) assert.ok(told.includes(words), `the timeline does not tell of ${words}`);
  await nav("Letters").click();
  await page.getByRole("row", { name: exchange }).getByText("Answered").waitFor();
});
