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

/** idleCanvas has a context all of whose calls do nothing. */
export function idleCanvas(): HTMLCanvasElement {
  const gl = new Proxy({}, { get: () => () => null });
  return { getContext: () => gl } as unknown as HTMLCanvasElement;
}

/** trust spares the question after each shader whether it compiled: a program that cannot be linked says so once. */
export function trust(gl: WebGLRenderingContext): void {
  gl.getShaderParameter = () => true;
}
