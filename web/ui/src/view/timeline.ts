// The time slider: when the transfers of the picture were, and between which days it shows them.
import type { Picture } from "../model/picture.ts";
import { count, day } from "../model/words.ts";
import { t } from "../messages/messages.ts";
import { button, fill, h, id, svgElement } from "./dom.ts";

const bins = 80;
const aDay = 86_400_000;

export class Timeline {
  private first = 0;
  private last = 0;
  private from: number | undefined;
  private until: number | undefined;
  private drawn = "";
  private readonly bars = svgElement("svg", { class: "g-bars", viewBox: `0 0 ${bins} 24`, preserveAspectRatio: "none", "aria-hidden": "true" });
  private readonly low = h("input", { type: "range", class: "g-range", step: 1, min: 0, "aria-label": t("time.from") });
  private readonly high = h("input", { type: "range", class: "g-range", step: 1, min: 0, "aria-label": t("time.until") });
  private readonly words = h("output", { class: "g-time-words", id: id("time") });
  private readonly clear: HTMLButtonElement;

  constructor(
    readonly box: HTMLElement,
    private readonly changed: (from: number | undefined, until: number | undefined) => void,
  ) {
    this.clear = button({ text: t("time.all"), press: () => {
      this.from = this.until = undefined;
      this.place();
      this.changed(undefined, undefined);
    } });
    let waiting = 0;
    const moved = (which: "low" | "high"): void => {
      let a = Number(this.low.value), b = Number(this.high.value);
      if (a > b) {
        if (which === "low") this.high.value = String((b = a));
        else this.low.value = String((a = b));
      }
      const days = this.days();
      this.from = a <= 0 ? undefined : this.first + a * aDay;
      this.until = b >= days ? undefined : this.first + (b + 1) * aDay - 1;
      this.say();
      clearTimeout(waiting);
      waiting = setTimeout(() => this.changed(this.from, this.until), 60) as unknown as number;
    };
    this.low.addEventListener("input", () => moved("low"));
    this.high.addEventListener("input", () => moved("high"));
    box.append(h("div", { class: "g-time-track", role: "group", "aria-label": t("time") }, this.bars as unknown as HTMLElement, this.low, this.high), this.words, this.clear);
  }

  /** show takes the times of a picture, and what is chosen of them. */
  show(p: Picture, from: number | undefined, until: number | undefined): void {
    const times: number[] = [];
    for (const e of p.edges.values()) {
      for (const s of [e.first, e.last]) {
        const at = s ? Date.parse(s) : NaN;
        if (!Number.isNaN(at)) times.push(at);
      }
    }
    this.box.hidden = times.length === 0;
    if (times.length === 0) return;
    let low = Infinity, high = -Infinity;
    for (const at of times) {
      low = Math.min(low, at);
      high = Math.max(high, at);
    }
    this.first = Math.floor(low / aDay) * aDay;
    this.last = Math.floor(high / aDay) * aDay;
    this.from = from;
    this.until = until;
    const heights = new Array<number>(bins).fill(0);
    const whole = this.last + aDay - this.first;
    for (const at of times) {
      const bin = Math.min(bins - 1, Math.floor(((at - this.first) / whole) * bins));
      heights[bin] = heights[bin]! + 1;
    }
    const most = Math.max(...heights);
    const key = heights.join();
    if (key !== this.drawn) {
      this.drawn = key;
      this.bars.replaceChildren(...heights.map((v, i) => {
        const height = v === 0 ? 0 : 2 + (22 * Math.log1p(v)) / Math.log1p(most);
        return svgElement("rect", { x: i + 0.1, width: 0.8, y: 24 - height, height });
      }));
    }
    this.place();
  }

  private days(): number {
    return Math.round((this.last - this.first) / aDay);
  }

  private place(): void {
    const days = this.days();
    this.low.max = this.high.max = String(days);
    this.low.value = String(this.from === undefined ? 0 : Math.max(0, Math.round((this.from - this.first) / aDay)));
    this.high.value = String(this.until === undefined ? days : Math.min(days, Math.floor((this.until - this.first) / aDay)));
    this.say();
  }

  private say(): void {
    const days = this.days() || 1;
    const a = Number(this.low.value), b = Number(this.high.value);
    const from = day(this.first + a * aDay), until = day(this.first + b * aDay);
    fill(this.words, from === until ? from : `${from} – ${until}`);
    this.low.setAttribute("aria-valuetext", from);
    this.high.setAttribute("aria-valuetext", until);
    this.clear.disabled = this.from === undefined && this.until === undefined;
    this.box.style.setProperty("--low", String(a / days));
    this.box.style.setProperty("--high", String(b / days));
    this.box.title = t("time.days", { n: Number(count(b - a + 1).replace(/\D/g, "")) });
  }
}
