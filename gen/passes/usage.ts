/**
 * What nothing uses: input ports, results of instances, nets, registers and reads, or some of their bits. A value is used
 * when an output, an instance, a memory or a property depends on it; a bit of it, when something looks at more than other
 * bits. `trunc` and other operations that drop bits by name use them. Linear in the nodes, but for sorting slices.
 */
import type { Diagnostic } from '../diagnostic.ts';
import type { Module, Node, Tag } from '../ir.ts';
import { droppedBits, unusedValue } from '../mistakes.ts';
import type { Graph } from './combinational.ts';

/** Bits that the design says it drops: `high` down to `low` of a value. */
export interface Dropped {
  readonly node: Node;
  readonly high: number;
  readonly low: number;
}

/** Values that are made for others to look at. */
const tracked: ReadonlySet<Tag> = new Set<Tag>(['input', 'result', 'wire', 'reg', 'read']);

export function checkUsage(graph: Graph, dropped: readonly Dropped[]): Diagnostic[] {
  const { module } = graph;
  const { nodes } = module;
  const live = new Uint8Array(nodes.length);
  const reach = reacher(graph, live);
  const sinks = sinksOf(module);
  const marked = dropped.filter((d) => d.low === 0 && d.high === d.node.width - 1).map((d) => d.node);
  reach([...sinks, ...marked]);
  const diagnostics: Diagnostic[] = [];
  // Users were mostly made after what they use, so that of a chain of unused values the last is told.
  for (let id = nodes.length - 1; id >= 0; id--) {
    const node = nodes[id]!;
    if (live[id] === 1 || !tracked.has(node.tag)) continue;
    diagnostics.push(unusedValue(describe(module, node), node.tag === 'input', node.location));
    reach([node]);
    marked.push(node);
  }
  const partial = partlyUsed(graph, live, [...sinks, ...marked], dropped);
  for (const [id, unused] of partial) {
    diagnostics.push(droppedBits(describe(module, nodes[id]!), nodes[id]!.width, unused, nodes[id]!.location));
  }
  return diagnostics.sort((a, b) => a.id.localeCompare(b.id));
}

function describe(module: Module, node: Node): string {
  if (node.tag === 'input') return `input ${node.port}`;
  const kind = { result: 'result', wire: 'net', reg: 'register', read: 'read' }[
    node.tag as 'result' | 'wire' | 'reg' | 'read'
  ];
  return `${kind} ${module.names.get(node) ?? '(unnamed)'}`;
}

/** Values that leave the logic of the module. */
function sinksOf(module: Module): Node[] {
  const sinks = [
    ...module.outputs.values(),
    ...module.instances.flatMap((i) => [...i.inputs.values()]),
    ...module.memories.flatMap((m) => m.reads.flatMap((r) => [r.address, r.enable])),
    ...module.memories.flatMap((m) => m.writes.flatMap((w) => [w.address, w.data, w.enable, w.mask])),
    ...module.properties.map((p) => p.condition),
  ];
  return sinks.filter((n) => n !== undefined);
}

/** Marks in `live` all that some nodes depend on, through registers. */
function reacher({ module, start, operands }: Graph, live: Uint8Array): (roots: readonly Node[]) => void {
  const inputs = new Map(module.registers.map((r) => [r.node.id, [r.next, r.enable]]));
  const work: number[] = [];
  const visit = (id: number): void => {
    if (live[id] === 1) return;
    live[id] = 1;
    work.push(id);
  };
  return (roots) => {
    for (const root of roots) visit(root.id);
    for (let id = work.pop(); id !== undefined; id = work.pop()) {
      for (let i = start[id]!; i < start[id + 1]!; i++) visit(operands[i]!);
      for (const n of module.nodes[id]!.tag === 'reg' ? inputs.get(id)! : []) if (n !== undefined) visit(n.id);
    }
  };
}

type Range = readonly [high: number, low: number];

/** Of values that are looked at by slices only, the bits that none of them has. */
function partlyUsed(
  { module, start, operands }: Graph,
  live: Uint8Array,
  whole: readonly Node[],
  dropped: readonly Dropped[],
): Map<number, Range[]> {
  const full = new Uint8Array(live.length);
  const slices = new Map<number, Range[]>();
  const add = (node: Node, range: Range): void => {
    if (!tracked.has(node.tag)) return;
    const known = slices.get(node.id);
    if (known === undefined) slices.set(node.id, [range]);
    else known.push(range);
  };
  for (const node of whole) full[node.id] = 1;
  for (const { node, next, enable } of module.registers) {
    for (const n of [next, enable]) if (live[node.id] === 1 && n !== undefined) full[n.id] = 1;
  }
  for (const [id, node] of module.nodes.entries()) {
    if (live[id] === 0) continue;
    if (node.tag === 'slice') add(node.a, [node.low + node.width - 1, node.low]);
    else for (let i = start[id]!; i < start[id + 1]!; i++) full[operands[i]!] = 1;
  }
  for (const { node, high, low } of dropped) if (slices.has(node.id)) add(node, [high, low]);
  const unused = new Map<number, Range[]>();
  for (const [id, ranges] of slices) {
    const gaps = full[id] === 1 ? [] : gapsIn(ranges, module.nodes[id]!.width);
    if (gaps.length > 0) unused.set(id, gaps);
  }
  return unused;
}

/** The bits of a value of `width` bits that no range has, from the top. */
function gapsIn(ranges: readonly Range[], width: number): Range[] {
  const gaps: Range[] = [];
  let next = width - 1;
  for (const [high, low] of ranges.toSorted((a, b) => b[0] - a[0])) {
    if (high < next) gaps.push([next, high + 1]);
    next = Math.min(next, low - 1);
  }
  return next >= 0 ? [...gaps, [next, 0]] : gaps;
}
