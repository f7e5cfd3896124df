// Somebody at a browser with a mouse and a keyboard, who does on a page what a hand can do, and nothing else. What
// it takes is counted in the operators of the Keystroke-Level Model (S. K. Card, T. P. Moran and A. Newell, "The
// Keystroke-Level Model for User Performance Time with Interactive Systems", CACM 23(7), 1980).
import { readFileSync } from "node:fs";

/** Seconds of each operator, as the paper has them: a key or button of an average typist, pointing, a hand from the one to the other, making up one's mind. */
export const seconds = { K: 0.28, P: 1.1, H: 0.4, M: 1.35 };

export class Person {
  #page;
  #hand = "mouse";
  #since = performance.now();
  count = { K: 0, P: 0, H: 0, M: 0 };
  waited = 0; // seconds that pages took, measured

  constructor(page) {
    this.#page = page;
  }

  /** point goes to something that is seen, and clicks. Each time one makes up one's mind: more often than the paper's rules ask. */
  async point(locator) {
    this.#moves("mouse", "M", "P", "K");
    await locator.click();
  }

  /** at points at a place in the window, as a picture has places. */
  async at({ x, y }) {
    this.#moves("mouse", "M", "P", "K");
    await this.#page.mouse.click(x, y);
  }

  /** type writes into what has the focus, letter by letter. */
  async type(text) {
    this.#moves("keys", "M", ...Array(text.length).fill("K"));
    await this.#page.keyboard.type(text);
  }

  /** key presses keys. */
  async key(...names) {
    this.#moves("keys", ...names.map(() => "K"));
    for (const n of names) await this.#page.keyboard.press(n);
  }

  /** paste brings in what was copied elsewhere: two keys. */
  async paste(text) {
    this.#moves("keys", "M", "K", "K");
    await this.#page.keyboard.insertText(text);
  }

  /** choose takes an entry of a list by its name: to the list, and its first letters. */
  async choose(locator, label) {
    this.#moves("mouse", "M", "P", "K", "M", "P", "K");
    await locator.selectOption({ label });
  }

  /** sees waits until something is there; what it took since the last act is waiting. */
  async sees(locator) {
    await locator.first().waitFor();
    this.#waits();
  }

  /** until is sees for what a picture shows. */
  async until(what, of) {
    await this.#page.waitForFunction(what, of);
    this.#waits();
  }

  /** total is the model's time in seconds. */
  total() {
    return Object.entries(this.count).reduce((sum, [o, n]) => sum + n * seconds[o], this.waited);
  }

  words() {
    const { K, P, H, M } = this.count;
    return `${this.total().toFixed(0)} s: ${K} keys and clicks, ${P} pointings, ${H} hands moved, ${M} decisions, ${this.waited.toFixed(1)} s of waiting`;
  }

  #moves(hand, ...operators) {
    if (hand !== this.#hand) {
      this.count.H++;
      this.#hand = hand;
    }
    for (const o of operators) this.count[o]++;
    this.#since = performance.now();
  }

  #waits() {
    this.waited += (performance.now() - this.#since) / 1000;
    this.#since = performance.now();
  }
}

/** rows reads a CSV of a world: no cell of the ones read here has a comma in it. */
export function rows(text) {
  const [head, ...lines] = text.trim().split(/\r?\n/).map((l) => l.split(","));
  return lines.map((l) => Object.fromEntries(head.map((name, i) => [name, l[i]])));
}

/** only keeps the head and those lines of a CSV of which a column is one of the values. */
export function only(text, column, values) {
  const [head, ...lines] = text.trim().split(/\r?\n/);
  const at = head.split(",").indexOf(column);
  return [head, ...lines.filter((l) => values.has(l.split(",")[at]))].join("\n") + "\n";
}

/** downloaded clicks what downloads, and returns the bytes and the file's path. */
export async function downloaded(page, locator) {
  const [download] = await Promise.all([page.waitForEvent("download"), locator.click()]);
  const path = await download.path();
  return { bytes: readFileSync(path), path, name: download.suggestedFilename() };
}
