// The first administrator, passkeys, passwords and codes, and people's management, in a real browser
// against the real server. The passkeys are Chromium's own virtual ones.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "..");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.PICTURES; // a folder for pictures of each page, if any are wanted
let folder, program, browser, server;
const faults = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "goshawk-sign-"));
  program = join(folder, "goshawk");
  execFileSync(process.env.GO ?? "go", ["build", "-o", program, "./cmd/goshawk"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  if (pictures) mkdirSync(pictures, { recursive: true });
});
after(async () => {
  await browser?.close();
  await server?.end();
  rmSync(folder, { recursive: true, force: true });
  assert.deepEqual(faults, [], "pages complained");
});

/** serve starts the server on its folder, and reads what it prints. */
async function serve() {
  const child = spawn(program, ["serve", "--data", join(folder, "data"), "--listen", "127.0.0.1:0", "--log", "none"], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "", err = "";
  child.stdout.on("data", (d) => (out += d));
  child.stderr.on("data", (d) => (err += d));
  const ended = new Promise((done) => child.once("exit", done));
  const until = async (what) => {
    for (;;) {
      const found = await what();
      if (found) return found;
      if (child.exitCode !== null) throw new Error("the server ended: " + err);
      await new Promise((again) => setTimeout(again, 20));
    }
  };
  const url = (await until(() => /http:\/\/localhost:\d+/.exec(out)))[0];
  await until(() => fetch(url + "/healthz").then((r) => r.ok, () => false));
  return {
    url,
    printed: (pattern) => until(() => pattern.exec(err)),
    said: () => err,
    end: async () => {
      child.kill("SIGINT");
      await ended;
    },
  };
}

/** visitor opens a window with a device that has a place for passkeys. */
async function visitor(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("pageerror", (e) => faults.push(String(e.stack)));
  page.on("console", (m) => {
    if (m.type() === "error" && !/Failed to load resource/.test(m.text())) faults.push(m.text());
  });
  page.on("dialog", (d) => d.accept()); // are you sure?
  const device = await context.newCDPSession(page);
  await device.send("WebAuthn.enable");
  const { authenticatorId } = await device.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  return { page, context, device, authenticatorId };
}

/** code is what an authenticator shows (RFC 6238). */
function code(secret, at = Date.now()) {
  const bits = [...secret.replace(/[\s=]/g, "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const sum = createHmac("sha1", key).update(step).digest();
  return String((sum.readUInt32BE(sum[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** look has a page looked at: by axe, by its width, and, if wanted, in pictures. */
async function look(page, name) {
  await page.evaluate(axe + "; 0");
  const found = await page.evaluate(async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map((v) => `${v.id} (${v.impact}): ${v.nodes.map((n) => n.html).join(" ")}`));
  assert.deepEqual(found, [], `${name}: axe-core`);
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 900 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(over <= 0, `${name} is ${over} pixels too wide at ${width}`);
    if (pictures) await page.screenshot({ path: join(pictures, `${name}-${width}.png`), fullPage: true });
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

const at = (page) => new URL(page.url()).pathname;

let admin, invitation, recovery;

test("without an administrator there is nothing but the page that makes one, and the API refuses", async () => {
  server = await serve();
  const { page, context } = await visitor();
  await page.goto(server.url + "/cases");
  assert.equal(at(page), "/first");
  assert.equal((await fetch(server.url + "/api/v1/cases")).status, 401);
  assert.equal((await fetch(server.url + "/api/v1/cases", { method: "POST", body: '{"title":"x"}', headers: { "Content-Type": "application/json" } })).status, 401);
  await page.getByLabel("One-time code").fill("AAAA-AAAA-AAAA-AAAA");
  await page.getByLabel("Name", { exact: true }).first().fill("Eastmark Police");
  await page.getByLabel("Name", { exact: true }).last().fill("Ada Okafor");
  await page.getByLabel("E-mail address").fill("ada@police.example");
  await look(page, "first");
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.getByRole("alert").getByText("is not the one").waitFor();
  assert.equal(await page.getByLabel("E-mail address").inputValue(), "ada@police.example", "what was typed is lost");
  await context.close();
});

test("the first administrator sets up a passkey, and gets recovery codes", async () => {
  admin = await visitor();
  const { page } = admin;
  const [, secret] = await server.printed(/\n\s+([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})\n/);
  await page.goto(server.url);
  await page.getByLabel("One-time code").fill(secret.toLowerCase().replaceAll("-", " "));
  await page.getByLabel("Name", { exact: true }).first().fill("Eastmark Police");
  await page.getByLabel("Name", { exact: true }).last().fill("Ada Okafor");
  await page.getByLabel("E-mail address").fill("Ada@Police.example");
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.waitForURL(server.url + "/account");
  await look(page, "setup");
  // Nothing else is reached before there is a way in.
  await page.goto(server.url + "/people");
  assert.equal(at(page), "/account");
  await page.getByLabel("What to call it").fill("Ada’s laptop");
  await page.getByRole("button", { name: "Set up a passkey" }).click();
  await page.waitForURL(/\/account\/recovery/);
  await look(page, "recovery-offer");
  await page.getByRole("button", { name: "Make recovery codes" }).click();
  recovery = await page.locator(".codes li").allTextContents();
  assert.equal(recovery.length, 10);
  await look(page, "recovery-codes");
  await page.getByRole("link", { name: "I have kept them" }).click();
  await page.waitForURL(server.url + "/cases");
  // The code is used up.
  const other = await visitor();
  const answer = await other.page.request.post(server.url + "/first", { form: { code: secret, agency: "Other", kind: "police", name: "Eve", email: "eve@police.example" }, headers: { Accept: "application/json" } });
  assert.equal(answer.status(), 401);
  await other.page.goto(server.url + "/first");
  assert.equal(at(other.page), "/sign-in");
  await other.context.close();
});

test("a passkey signs in, and goes where one wanted to go; each time with a new secret", async () => {
  const { page, context } = admin;
  const cookie = async () => (await context.cookies()).find((c) => c.name === "goshawk");
  const first = await cookie();
  assert.ok(first.httpOnly && first.sameSite === "Lax", JSON.stringify(first));
  await page.locator("details.me summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  assert.equal(await cookie(), undefined);
  await page.goto(server.url + "/account?x=1");
  assert.equal(at(page), "/sign-in");
  await look(page, "sign-in");
  await page.getByRole("button", { name: "Sign in with a passkey" }).press("Enter");
  await page.waitForURL(server.url + "/account?x=1");
  assert.notEqual((await cookie()).value, first.value);
  await look(page, "account");
  await page.getByText("Ada’s laptop").waitFor();
});

test("who refuses, or has no passkey, is told so and goes another way", async () => {
  const { page, context, device, authenticatorId } = await visitor();
  await page.goto(server.url + "/sign-in");
  await device.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("No passkey came.").waitFor();
  // At a bare address there are none, and nobody is offered one.
  await page.goto(server.url.replace("localhost", "127.0.0.1") + "/sign-in");
  assert.equal(await page.getByRole("button", { name: "Sign in with a passkey" }).count(), 0);
  await context.close();
});

test("a copied passkey signs nobody in, and its owner is told", async () => {
  const one = await visitor();
  const { credentials } = await admin.device.send("WebAuthn.getCredentials", { authenticatorId: admin.authenticatorId });
  await one.page.goto(server.url + "/sign-in");
  await one.device.send("WebAuthn.addCredential", { authenticatorId: one.authenticatorId, credential: { ...credentials[0], signCount: 1 } });
  await one.page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await one.page.getByText("signs nobody in here").waitFor();
  await admin.page.reload();
  await admin.page.getByText("Its counter went back").waitFor();
  // The owner cannot be told from the thief by it either: another way in is needed.
  await admin.page.getByLabel("What to call it").fill("A security key");
  await admin.device.send("WebAuthn.clearCredentials", { authenticatorId: admin.authenticatorId });
  await admin.page.getByRole("button", { name: "Set up a passkey" }).click();
  await admin.page.getByText("The passkey is set up.").waitFor();
  await admin.page.getByRole("button", { name: "Remove the passkey Ada’s laptop" }).click();
  await admin.page.getByText("The passkey is removed, and all your other sessions are ended.").waitFor();
  await admin.page.getByRole("button", { name: "Remove the passkey A security key" }).click();
  await admin.page.getByText("This is your last way in").waitFor();
  await one.context.close();
});

test("an administrator adds an agency and invites somebody", async () => {
  const { page } = admin;
  await page.goto(server.url + "/agencies");
  await page.getByLabel("Name", { exact: true }).fill("Harbour Exchange");
  await page.getByLabel("Kind").selectOption("exchange");
  await page.getByLabel("Country").fill("mt");
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByText("The agency is added.").waitFor();
  await look(page, "agencies");
  await page.goto(server.url + "/people");
  await page.getByLabel("Name", { exact: true }).fill("Ben <img src=x onerror=alert(1)> Cho");
  await page.getByLabel("E-mail address").fill("ben@exchange.example");
  await page.locator("#agency").selectOption({ label: "Harbour Exchange" });
  await look(page, "people");
  await page.getByRole("button", { name: "Add and make an invitation" }).click();
  invitation = await page.locator("bdi.whole").textContent();
  assert.ok(invitation.startsWith(server.url + "/invite/"), invitation);
  await look(page, "invitation");
});

test("who is invited sets up a password and a code, at a bare address too, and signs in by them", async () => {
  const { page, context } = await visitor();
  const bare = server.url.replace("localhost", "127.0.0.1");
  await page.goto(invitation.replace("localhost", "127.0.0.1"));
  await look(page, "invite");
  await page.getByRole("button", { name: "Set up how I sign in" }).click();
  await page.getByText("Browsers refuse passkeys at this address").waitFor();
  await page.getByRole("link", { name: "Set up a password" }).click();
  await look(page, "password");
  assert.ok(await page.locator("img.qr").evaluate((i) => i.complete && i.naturalWidth > 100), "the picture is not shown");
  const secret = await page.locator("bdi.secret").textContent();
  const fill = async (password, again, number) => {
    await page.getByLabel("New password").fill(password);
    await page.getByLabel("The same again").fill(again);
    await page.getByLabel("The code that it shows now").fill(number);
    await page.getByRole("button", { name: "Set up", exact: true }).click();
  };
  await fill("password2026!", "password2026!", code(secret));
  await page.getByText("among those that are tried first").waitFor();
  await fill("a blue door in Novi Sad", "a blue door in Novi Sad", "123456");
  await page.getByText("not the one that the authenticator shows").waitFor();
  assert.equal(await page.locator("bdi.secret").textContent(), secret, "another secret after a mistake");
  const used = code(secret);
  await fill("a blue door in Novi Sad", "a blue door in Novi Sad", used);
  await page.waitForURL(/\/account\/recovery/);
  await page.goto(bare + "/account");
  await page.locator("details.me summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  const enter = async (number) => {
    await page.getByLabel("E-mail address").first().fill("ben@exchange.example");
    await page.getByRole("textbox", { name: "Password" }).fill("a blue door in Novi Sad");
    await page.getByLabel("Code from your authenticator").fill(number);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  };
  await enter(used); // a second time
  await page.getByText("is not right").waitFor();
  await enter(code(secret, Date.now() + 30_000));
  await page.waitForURL(bare + "/cases");
  // The invitation is used up.
  await page.goto(invitation.replace("localhost", "127.0.0.1"));
  await page.getByText("was used, has ended, or never was").waitFor();
  await context.close();
});

test("a recovery code reaches one's own account only, works once, and lets one in again", async () => {
  const { page, context } = await visitor();
  const enter = async () => {
    await page.goto(server.url + "/sign-in");
    await page.getByText("Lost your way in?").click();
    await page.getByLabel("E-mail address").last().fill("ada@police.example");
    await page.getByRole("textbox", { name: "Recovery code" }).fill(recovery[3].toLowerCase());
    await page.getByRole("button", { name: "Use the recovery code" }).click();
  };
  await enter();
  await page.waitForURL(server.url + "/account");
  await page.goto(server.url + "/people");
  assert.equal(at(page), "/account");
  assert.equal((await page.request.get(server.url + "/api/v1/cases")).status(), 403);
  await page.getByRole("button", { name: "Set up a passkey" }).click();
  await page.getByText("The passkey is set up.").waitFor();
  await page.goto(server.url + "/people");
  assert.equal(at(page), "/people");
  await page.context().clearCookies();
  await enter();
  await page.getByText("is not right").waitFor();
  await context.close();
});

test("an administrator resets, disables and enables; the last one stays", async () => {
  const { page } = admin;
  // The recovery above signed everybody else out.
  await page.goto(server.url + "/people");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForURL(server.url + "/people");
  await page.getByRole("link", { name: "Ada Okafor" }).click();
  await page.getByLabel("Role", { exact: true }).selectOption("reader");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("This is the last administrator").waitFor();
  await page.goto(server.url + "/people");
  await page.getByRole("link", { name: /^Ben/ }).click();
  await look(page, "person");
  await page.getByRole("button", { name: "Reset, and make an invitation" }).click();
  await page.getByText("Give this link to").waitFor();
  await page.goto(server.url + "/people");
  await page.getByText("invited", { exact: true }).waitFor();
  await page.getByRole("link", { name: /^Ben/ }).click();
  await page.getByRole("button", { name: "Disable the account" }).click();
  await page.getByText("The account is disabled; its sessions and tokens are ended.").waitFor();
  await page.getByRole("button", { name: "Enable the account" }).click();
  await page.getByText("The account is enabled.").waitFor();
});

test("a token is made, shown once, works, and ends", async () => {
  const { page } = admin;
  await page.goto(server.url + "/account");
  await page.getByText("Make a token", { exact: true }).click();
  await page.getByLabel("What it is for").fill("A script");
  await page.getByRole("button", { name: "Make the token" }).click();
  const secret = await page.locator("bdi.whole").textContent();
  const ask = () => fetch(server.url + "/api/v1/self", { headers: { Authorization: "Bearer " + secret } });
  assert.equal((await (await ask()).json()).person.name, "Ada Okafor");
  await page.goto(server.url + "/account");
  assert.equal(await page.getByText(secret).count(), 0);
  await page.getByRole("button", { name: "End the token A script" }).click();
  await page.getByText("The token is ended.").waitFor();
  assert.equal((await ask()).status, 401);
});

test("who lost everything is let in again from the console, while the server runs", async () => {
  const link = execFileSync(program, ["admin", "reset", "ada@police.example", "--data", join(folder, "data"), "--url", server.url], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  await admin.page.goto(server.url + "/account");
  assert.equal(at(admin.page), "/sign-in", "the old session goes on");
  // So does the server when it is started again: no administrator has a way in.
  await server.end();
  server = await serve();
  const [again] = await server.printed(/http:\/\/localhost:\d+\/invite\/\S+/);
  const { page, context } = await visitor();
  await page.goto(server.url + new URL(link).pathname);
  await page.getByText("was used, has ended, or never was").waitFor(); // the newer one counts
  await page.goto(again);
  await page.getByRole("button", { name: "Set up how I sign in" }).click();
  await page.getByRole("button", { name: "Set up a passkey" }).click();
  await page.waitForURL(/\/account\/recovery/);
  await context.close();
});
