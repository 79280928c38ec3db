/**
 * Which logic need not run in a cycle: what only serves state behind a closed enable.
 *
 * A gate is the enable of registers, memory writes or registered reads. Nodes that serve one gate alone are computed, and
 * that state is stored, in functions that are called when it is open. Everything else is computed in every cycle.
 */
import { type Node, operandsOf } from '../../gen/ir.ts';
import type { FlatDesign } from '../../gen/passes/flatten.ts';
import { wordsFor } from './wide.ts';

export interface Gates {
  /** The enables that are gates, in order of their first use. */
  readonly enables: readonly Node[];
  /** The number of the gate with this enable, from 1; 0: it is none. */
  of(enable: Node | undefined): number;
  /** The gate that a node serves alone, by the node's id; 0: it is computed in every cycle. */
  readonly servedBy: Int32Array;
}

/** A gate costs a branch at evaluation and one at the edge: less work than this is done all the same. Measured. */
const leastWords = 12;

const unused = -1;
const always = 0;

/** `visible` nodes, and those that checks look at, have to be there in every cycle. */
export function findGates(design: FlatDesign, visible: Iterable<Node>): Gates {
  const candidates = numberEnables(design);
  const work = new Float64Array(candidates.size + 1);
  const first = serve(design, visible, (enable) => candidates.get(enable!) ?? always);
  for (const node of design.nodes) {
    const gate = first[node.id]!;
    if (gate > 0 && node.tag !== 'const') work[gate]! += wordsFor(node.width);
  }
  for (const { node, enable } of design.registers) work[candidates.get(enable!) ?? always]! += wordsFor(node.width);
  for (const { width, reads, writes } of design.memories) {
    for (const { enable } of [...reads, ...writes]) work[candidates.get(enable!) ?? always]! += wordsFor(width);
  }
  const enables = [...candidates].flatMap(([enable, gate]) => (work[gate]! >= leastWords ? [enable] : []));
  const numbers = new Map(enables.map((enable, i) => [enable, i + 1]));
  const of = (enable: Node | undefined) => numbers.get(enable!) ?? always;
  return { enables, of, servedBy: numbers.size === candidates.size ? first : serve(design, visible, of) };
}

function numberEnables({ registers, memories }: FlatDesign): Map<Node, number> {
  const numbers = new Map<Node, number>();
  const add = ({ enable }: { readonly enable: Node | undefined }) => {
    if (enable !== undefined && enable.tag !== 'const' && !numbers.has(enable)) numbers.set(enable, numbers.size + 1);
  };
  registers.forEach(add);
  for (const { reads, writes } of memories) [...reads, ...writes].forEach(add);
  return numbers;
}

/** The gate that every node serves alone, from the last node to the first. */
function serve(design: FlatDesign, visible: Iterable<Node>, gateOf: (enable: Node | undefined) => number): Int32Array {
  const servedBy = new Int32Array(design.nodes.length).fill(unused);
  const use = (node: Node | undefined, gate: number) => {
    if (node === undefined) return;
    const before = servedBy[node.id]!;
    servedBy[node.id] = before === unused || before === gate ? gate : always;
  };
  for (const { node } of design.outputs) use(node, always);
  for (const node of visible) use(node, always);
  for (const { condition } of design.properties) use(condition, always);
  for (const { node, next, enable } of design.registers) {
    const gate = gateOf(enable);
    use(next, gate);
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
  for (let i = 0; i < servedBy.length; i++) if (servedBy[i] === unused) servedBy[i] = always;
  return servedBy;
}
