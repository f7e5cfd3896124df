// What sigma.js would make and this picture never uses. Each program that it compiles, and each WebGL
// context, has the page wait for the graphics card's process, tens of milliseconds at a time, and
// without a graphics card for hundreds: most of the time until the first drawing.
import type { NodeProgramType, EdgeProgramType } from "sigma/rendering";

/** Nothing draws nothing: it stands for sigma's own circles, lines and arrows. */
class Nothing {
  drawLabel = undefined;
  drawHover = undefined;
  kill(): void {}
  reallocate(): void {}
  process(): void {}
  render(): void {}
}

export const noNodes = Nothing as unknown as NodeProgramType;
export const noEdges = Nothing as unknown as EdgeProgramType;

/** idleContext does nothing, whatever is called. */
export function idleContext(): WebGLRenderingContext {
  return new Proxy({}, { get: () => () => null }) as WebGLRenderingContext;
}

/** sized gives a canvas its size before it has a context: afterwards each change would make its memory anew. */
export function sized(canvas: HTMLCanvasElement, box: HTMLElement): void {
  canvas.width = box.offsetWidth * devicePixelRatio;
  canvas.height = box.offsetHeight * devicePixelRatio;
}

/** trust spares the question after each shader whether it compiled: a program that cannot be linked says so once. */
export function trust(gl: WebGLRenderingContext): void {
  gl.getShaderParameter = () => true;
}
