// In place of the picture where the browser cannot draw it: everything else works, and the
// table holds the same.
import { nothing, type Drawn } from "../model/project.ts";
import type { Stage } from "./stage.ts";

/** What the page asks of the picture. */
export type Scene = Pick<Stage, "box" | "area" | "focused" | "shown" | "setLook" | "show" | "move" | "choose" | "focus" | "reveal" | "fit" | "include" | "zoom" | "next" | "screen" | "centre" | "redraw" | "resized" | "close">;

export class Blank implements Scene {
  area = false;
  focused: string | null = null;
  shown: Drawn = nothing();

  constructor(readonly box: HTMLElement) {}

  show(drawn: Drawn): void {
    this.shown = drawn;
  }

  focus(id: string | null): void {
    this.focused = id;
  }

  next(): string | null {
    return null;
  }

  screen(): { x: number; y: number } {
    return { x: 0, y: 0 };
  }

  /** centre is below what there is: what is added lies on nothing. */
  centre(): { x: number; y: number } {
    let y = 0;
    for (const n of this.shown.nodes.values()) y = Math.max(y, n.value.y + 80);
    return { x: 0, y };
  }

  setLook(): void {}
  move(): void {}
  choose(): void {}
  reveal(): void {}
  fit(): void {}
  include(): void {}
  zoom(): void {}
  redraw(): void {}
  resized(): void {}
  close(): void {}
}
