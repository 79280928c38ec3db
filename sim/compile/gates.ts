/**
 * Which logic need not run in a cycle: what only serves state behind a closed enable.
 *
 * A gate is the enable of registers, memory writes or registered reads. Nodes that serve one gate alone are computed, and
 * that state is stored, in functions that are called when it is open. Everything else is computed in every cycle.
 */
import { type Node, operandsOf } from '../../gen/ir.ts';
import type { FlatDesign } from '../../gen/passes/flatten.ts';
import { type Fetches, fetchOf } from './fetches.ts';
import { wordsFor } from './wide.ts';

export interface Gates {
  /** The enables that are gates, in order of their first use. */
  readonly enables: readonly Node[];
  /** The number of the gate with this enable, from 1; 0: it is none. */
  of(enable: Node | undefined): number;
  /** The gate that a node serves alone, by the node's id; 0: it is computed in every cycle; -1: never. */
  readonly servedBy: Int32Array;
}

/** A gate costs a branch at evaluation and one at the edge: less work than this is done all the same. Measured. */
const leastWords = 12;

/** Nothing uses it. */
const unused = -1;
const always = 0;

/** `first`: of every node, the one that is computed in its place (share.ts). `visible` nodes, and those that checks look at, have to be there in every cycle. */
export function findGates(design: FlatDesign, first: Int32Array, fetches: Fetches, visible: Iterable<Node>): Gates {
  const candidates = numberEnables(design, first);
  const work = new Float64Array(candidates.size + 1);
  const numberOf = (numbers: ReadonlyMap<number, number>) => (enable: Node | undefined) =>
    enable === undefined ? always : (numbers.get(first[enable.id]!) ?? always);
  const candidate = numberOf(candidates);
  const served = serve(design, first, fetches, visible, candidate);
  for (const node of design.nodes) {
    const gate = served[node.id]!;
    if (gate > 0 && node.tag !== 'const') work[gate]! += wordsFor(node.width);
  }
  for (const { node, enable } of design.registers) work[candidate(enable)]! += wordsFor(node.width);
  for (const { width, reads, writes } of design.memories) {
    for (const { enable } of [...reads, ...writes]) work[candidate(enable)]! += wordsFor(width);
  }
  const enables = [...candidates].flatMap(([enable, gate]) => (work[gate]! >= leastWords ? [enable] : []));
  const of = numberOf(new Map(enables.map((enable, i) => [enable, i + 1])));
  return {
    enables: enables.map((id) => design.nodes[id]!),
    of,
    servedBy: enables.length === candidates.size ? served : serve(design, first, fetches, visible, of),
  };
}

/** The enables by id. */
function numberEnables({ registers, memories, nodes }: FlatDesign, first: Int32Array): Map<number, number> {
  const numbers = new Map<number, number>();
  const add = ({ enable }: { readonly enable: Node | undefined }) => {
    if (enable === undefined) return;
    const id = first[enable.id]!;
    if (nodes[id]!.tag !== 'const' && !numbers.has(id)) numbers.set(id, numbers.size + 1);
  };
  registers.forEach(add);
  for (const { reads, writes } of memories) [...reads, ...writes].forEach(add);
  return numbers;
}

/** The gate that every node serves alone, from the last node to the first. */
function serve(
  design: FlatDesign,
  first: Int32Array,
  fetches: Fetches,
  visible: Iterable<Node>,
  gateOf: (enable: Node | undefined) => number,
): Int32Array {
  const servedBy = new Int32Array(design.nodes.length).fill(unused);
  const use = (node: Node | undefined, gate: number) => {
    if (node === undefined) return;
    const id = first[node.id]!;
    const before = servedBy[id]!;
    servedBy[id] = before === unused || before === gate ? gate : always;
  };
  for (const { node } of design.outputs) use(node, always);
  for (const node of visible) {
    use(node, always);
    servedBy[node.id] = always; // it has a place of its own, whatever stands for it
  }
  for (const { condition } of design.properties) use(condition, always);
  for (const { node, next, enable } of design.registers) {
    const gate = gateOf(enable);
    use(fetchOf(fetches, node, enable, gate)?.read.address ?? next, gate);
    use(enable, always);
    if (gate === always) use(node, always);
  }
  const addresses = new Map<Node, Node>();
  for (const { reads, writes } of design.memories) {
    for (const { kind, node, address, enable, underWrite, clock } of reads) {
      if (kind === 'combinational') {
        addresses.set(node, address);
        continue;
      }
      use(address, gateOf(enable));
      use(enable, always);
      for (const w of writes) {
        const same = w.clock.clock === clock.clock;
        if (same && underWrite === 'old') continue;
        // The read shows the word that is written, or a collision is looked for in every cycle.
        const gate = same && underWrite === 'new' ? gateOf(enable) : always;
        for (const node of [address, w.address, w.data, w.enable, w.mask]) use(node, gate);
      }
    }
    for (const { address, data, mask, enable } of writes) {
      for (const node of [address, data, mask]) use(node, gateOf(enable));
      use(enable, always);
    }
  }
  for (let i = design.nodes.length - 1; i >= 0; i--) {
    const node = design.nodes[i]!;
    const gate = servedBy[i]!;
    if (gate === unused) continue;
    for (const operand of operandsOf(node)) use(operand, gate);
    use(addresses.get(node), gate);
  }
  return servedBy;
}
