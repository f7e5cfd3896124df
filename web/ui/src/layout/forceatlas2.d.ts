// graphology-layout-forceatlas2 has no types for its single step.
declare module "graphology-layout-forceatlas2/iterate" {
  /** One step over the matrices: ten numbers a node, three a link. It changes them. */
  export default function iterate(settings: Record<string, unknown>, nodes: Float32Array, edges: Float32Array): void;
}
