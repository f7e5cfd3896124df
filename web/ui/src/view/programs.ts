// How nodes and lines are drawn by the graphics card: shapes by their distance functions,
// lines with their dashes, arrows and offsets in one pass each.
import { EdgeProgram, NodeProgram, type ProgramInfo } from "sigma/rendering";
import { floatColor } from "sigma/utils";
import type { EdgeDisplayData, NodeDisplayData, RenderParams } from "sigma/types";
import type { Dash, Shape } from "./look.ts";

export interface NodeLook {
  shape: Shape;
  hollow: boolean; // inferred
  pinned: boolean;
  ring: string; // colour of the ring around it; "" for none
  sub: string; // second line of its label
}

export interface EdgeLookData {
  short?: string; // the label where there is less room
  dash: Dash;
  offset: number;
  arrow: boolean;
  broken: boolean;
}

const shapeCode: Record<Shape, number> = { circle: 0, square: 1, diamond: 2, hexagon: 3, double: 4 };
const dashCode: Record<Dash, number> = { solid: 0, dashed: 1, dotted: 2, dashdot: 3, long: 4 };
const { UNSIGNED_BYTE, FLOAT, TRIANGLES } = WebGLRenderingContext;

const nodeVertex = /* glsl */ `
attribute vec4 a_id;
attribute vec4 a_color;
attribute vec4 a_ring;
attribute vec2 a_position;
attribute float a_size;
attribute float a_flags;
attribute vec2 a_corner;
uniform mat3 u_matrix;
uniform float u_sizeRatio;
uniform float u_correctionRatio;
varying vec4 v_color;
varying vec4 v_ring;
varying vec2 v_at;
varying float v_radius;
varying float v_flags;
const float bias = 255.0 / 254.0;
void main() {
  float radius = max(a_size / u_sizeRatio, 1.6);
  float extent = radius + (a_ring.a > 0.0 ? 6.0 : mod(a_flags, 32.0) >= 16.0 ? 2.5 : 1.0);
  vec2 position = a_position + a_corner * extent * u_correctionRatio * 2.0;
  gl_Position = vec4((u_matrix * vec3(position, 1)).xy, 0, 1);
  v_at = a_corner * extent;
  v_radius = radius;
  v_flags = a_flags;
  v_ring = a_ring;
  #ifdef PICKING_MODE
  v_color = a_id;
  #else
  v_color = a_color;
  #endif
  v_color.a *= bias;
}`;

const nodeFragment = /* glsl */ `
precision highp float;
varying vec4 v_color;
varying vec4 v_ring;
varying vec2 v_at;
varying float v_radius;
varying float v_flags;
uniform vec3 u_background;
uniform vec3 u_text;
float shape(vec2 p, float r, float kind) {
  vec2 q = abs(p);
  if (kind == 1.0) return max(q.x, q.y) - r * 0.92;
  if (kind == 2.0) return (q.x + q.y - r * 1.15) * 0.7071;
  if (kind == 3.0) return max(q.y, q.x * 0.866 + q.y * 0.5) - r * 0.92;
  return length(p) - r;
}
void main() {
  float pinned = step(16.0, v_flags);
  float flags = v_flags - 16.0 * pinned;
  float hollow = step(8.0, flags);
  float kind = floor(flags - 8.0 * hollow + 0.5);
  float d = shape(v_at, v_radius, kind);
  #ifdef PICKING_MODE
  gl_FragColor = d < 3.0 ? v_color : vec4(0.0);
  #else
  float body = 1.0 - smoothstep(-0.7, 0.7, d);
  vec3 colour = v_color.rgb;
  float wall = clamp(v_radius * 0.2, 1.0, 2.6);
  if (hollow > 0.5) {
    float turn = atan(v_at.y, v_at.x) / 6.2831853 + 0.5;
    float on = step(fract(turn * max(6.0, floor(v_radius))), 0.62);
    float wallOn = smoothstep(-wall - 0.7, -wall + 0.7, d) * on;
    colour = mix(mix(u_background, v_color.rgb, 0.14), v_color.rgb, wallOn);
  }
  if (kind == 4.0 && v_radius > 4.0) {
    float gapOut = -v_radius * 0.16, gapIn = -v_radius * 0.34;
    float gap = smoothstep(gapIn - 0.6, gapIn + 0.6, d) * (1.0 - smoothstep(gapOut - 0.6, gapOut + 0.6, d));
    colour = mix(colour, u_background, gap);
  }
  vec4 drawn = vec4(colour, 1.0) * body * v_color.a;
  if (v_ring.a > 0.0) {
    float ring = smoothstep(1.2, 2.2, d) * (1.0 - smoothstep(4.2, 5.2, d));
    drawn = mix(drawn, vec4(v_ring.rgb, 1.0), ring);
  }
  if (pinned > 0.5 && v_radius > 4.0) {
    float dot = length(v_at - vec2(0.72, 0.72) * v_radius) - max(2.0, v_radius * 0.24);
    drawn = mix(drawn, vec4(u_background, 1.0), 1.0 - smoothstep(0.6, 1.8, dot));
    drawn = mix(drawn, vec4(u_text, 1.0), 1.0 - smoothstep(-0.6, 0.6, dot));
  }
  gl_FragColor = drawn;
  #endif
}`;

export interface Inks {
  background: [number, number, number];
  text: [number, number, number];
}

/** nodeProgram makes the program that draws nodes; inks are asked for at each drawing. */
export function nodeProgram(inks: () => Inks) {
  return class extends NodeProgram<"u_sizeRatio" | "u_correctionRatio" | "u_matrix" | "u_background" | "u_text"> {
    override getDefinition() {
      return {
        VERTICES: 6,
        VERTEX_SHADER_SOURCE: nodeVertex,
        FRAGMENT_SHADER_SOURCE: nodeFragment,
        METHOD: TRIANGLES,
        UNIFORMS: ["u_sizeRatio", "u_correctionRatio", "u_matrix", "u_background", "u_text"] as const,
        ATTRIBUTES: [
          { name: "a_position", size: 2, type: FLOAT },
          { name: "a_size", size: 1, type: FLOAT },
          { name: "a_flags", size: 1, type: FLOAT },
          { name: "a_color", size: 4, type: UNSIGNED_BYTE, normalized: true },
          { name: "a_ring", size: 4, type: UNSIGNED_BYTE, normalized: true },
          { name: "a_id", size: 4, type: UNSIGNED_BYTE, normalized: true },
        ],
        CONSTANT_ATTRIBUTES: [{ name: "a_corner", size: 2, type: FLOAT }],
        CONSTANT_DATA: [[-1, -1], [1, -1], [-1, 1], [-1, 1], [1, -1], [1, 1]],
      };
    }

    override processVisibleItem(index: number, at: number, data: NodeDisplayData & Partial<NodeLook>): void {
      const array = this.array;
      array[at++] = data.x;
      array[at++] = data.y;
      array[at++] = data.size;
      array[at++] = shapeCode[data.shape ?? "circle"] + (data.hollow ? 8 : 0) + (data.pinned ? 16 : 0);
      array[at++] = floatColor(data.color);
      array[at++] = data.ring ? floatColor(data.ring) : 0;
      array[at++] = index;
    }

    override setUniforms(params: RenderParams, { gl, uniformLocations: u }: ProgramInfo): void {
      const { background, text } = inks();
      gl.uniform1f(u["u_correctionRatio"]!, params.correctionRatio);
      gl.uniform1f(u["u_sizeRatio"]!, params.sizeRatio);
      gl.uniformMatrix3fv(u["u_matrix"]!, false, params.matrix);
      if (u["u_background"]) gl.uniform3fv(u["u_background"], background);
      if (u["u_text"]) gl.uniform3fv(u["u_text"], text);
    }
  };
}

const edgeVertex = /* glsl */ `
attribute vec4 a_id;
attribute vec4 a_color;
attribute vec2 a_start;
attribute vec2 a_end;
attribute float a_thickness;
attribute float a_style;
attribute float a_offset;
attribute vec2 a_radii;
attribute vec2 a_corner;
uniform mat3 u_matrix;
uniform float u_sizeRatio;
uniform float u_correctionRatio;
uniform float u_minEdgeThickness;
uniform float u_arrows;
varying vec4 v_color;
varying vec2 v_at;
varying vec3 v_line;
varying float v_style;
const float bias = 255.0 / 254.0;
void main() {
  float px = u_correctionRatio * 2.0;
  vec2 along = a_end - a_start;
  float whole = length(along) / px;
  vec2 direction = whole > 0.0 ? along / (whole * px) : vec2(1.0, 0.0);
  vec2 normal = vec2(-direction.y, direction.x);
  float from = a_radii.x / u_sizeRatio, to = a_radii.y / u_sizeRatio + 1.0;
  float len = max(whole - from - to, 0.0);
  float halfWidth = max(a_thickness / u_sizeRatio, u_minEdgeThickness) * 0.5;
  float arrow = step(8.0, a_style) * u_arrows;
  float head = arrow * min(max(halfWidth * 6.0, 7.0), len * 0.6);
  float extent = max(halfWidth, head * 0.5) + 0.6;
  float reach = from + a_corner.x * len;
  float side = a_corner.y * extent;
  vec2 position = a_start + direction * reach * px + normal * (side - a_offset / u_sizeRatio) * px;
  gl_Position = vec4((u_matrix * vec3(position, 1)).xy, 0, 1);
  v_at = vec2(a_corner.x * len, side);
  v_line = vec3(len, halfWidth, head);
  v_style = a_style - 8.0 * step(8.0, a_style);
  #ifdef PICKING_MODE
  v_color = a_id;
  #else
  v_color = a_color;
  #endif
  v_color.a *= bias;
}`;

const edgeFragment = /* glsl */ `
precision highp float;
varying vec4 v_color;
varying vec2 v_at;
varying vec3 v_line;
varying float v_style;
void main() {
  #ifdef PICKING_MODE
  gl_FragColor = v_color;
  #else
  float left = v_line.x - v_at.x;
  float across = abs(v_at.y);
  float line = 1.0 - smoothstep(v_line.y - 0.5, v_line.y + 0.5, across);
  float style = floor(v_style + 0.5);
  if (style > 0.5) {
    float unit = max(v_line.y * 2.0, 1.5);
    if (style < 1.5) line *= step(mod(v_at.x, unit * 7.0), unit * 4.0);
    else if (style < 2.5) line *= step(mod(v_at.x, unit * 3.0), unit * 1.2);
    else if (style > 3.5) line *= step(mod(v_at.x, unit * 9.0), unit * 7.5);
    else {
      float s = mod(v_at.x, unit * 8.0);
      line *= max(step(s, unit * 4.0), step(unit * 5.4, s) * step(s, unit * 6.6));
    }
  }
  float head = 0.0;
  if (v_line.z > 0.0) {
    line *= step(v_line.z * 0.8, left);
    head = (1.0 - smoothstep(left * 0.45 - 0.6, left * 0.45 + 0.6, across)) * step(left, v_line.z);
  }
  gl_FragColor = v_color * max(line, head);
  gl_FragColor.rgb *= v_color.a;
  #endif
}`;

/** edgeProgram makes the program that draws lines; arrows says whether there is room for their heads. */
export function edgeProgram(arrows: () => boolean) {
  return class extends EdgeProgram<"u_sizeRatio" | "u_correctionRatio" | "u_matrix" | "u_minEdgeThickness" | "u_arrows"> {
    override getDefinition() {
      return {
        VERTICES: 6,
        VERTEX_SHADER_SOURCE: edgeVertex,
        FRAGMENT_SHADER_SOURCE: edgeFragment,
        METHOD: TRIANGLES,
        UNIFORMS: ["u_sizeRatio", "u_correctionRatio", "u_matrix", "u_minEdgeThickness", "u_arrows"] as const,
        ATTRIBUTES: [
          { name: "a_start", size: 2, type: FLOAT },
          { name: "a_end", size: 2, type: FLOAT },
          { name: "a_radii", size: 2, type: FLOAT },
          { name: "a_thickness", size: 1, type: FLOAT },
          { name: "a_style", size: 1, type: FLOAT },
          { name: "a_offset", size: 1, type: FLOAT },
          { name: "a_color", size: 4, type: UNSIGNED_BYTE, normalized: true },
          { name: "a_id", size: 4, type: UNSIGNED_BYTE, normalized: true },
        ],
        CONSTANT_ATTRIBUTES: [{ name: "a_corner", size: 2, type: FLOAT }],
        CONSTANT_DATA: [[0, -1], [1, -1], [0, 1], [0, 1], [1, -1], [1, 1]],
      };
    }

    override processVisibleItem(index: number, at: number, source: NodeDisplayData, target: NodeDisplayData, data: EdgeDisplayData & Partial<EdgeLookData>): void {
      const array = this.array;
      array[at++] = source.x;
      array[at++] = source.y;
      array[at++] = target.x;
      array[at++] = target.y;
      array[at++] = source.size;
      array[at++] = target.size;
      array[at++] = data.size;
      array[at++] = dashCode[data.dash ?? "solid"] + (data.arrow === false ? 0 : 8);
      array[at++] = data.offset ?? 0;
      array[at++] = floatColor(data.color);
      array[at++] = index;
    }

    override setUniforms(params: RenderParams, { gl, uniformLocations: u }: ProgramInfo): void {
      gl.uniformMatrix3fv(u["u_matrix"]!, false, params.matrix);
      gl.uniform1f(u["u_sizeRatio"]!, params.sizeRatio);
      gl.uniform1f(u["u_correctionRatio"]!, params.correctionRatio);
      gl.uniform1f(u["u_minEdgeThickness"]!, params.minEdgeThickness);
      gl.uniform1f(u["u_arrows"]!, arrows() ? 1 : 0);
    }
  };
}
