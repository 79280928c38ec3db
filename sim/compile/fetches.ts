/**
 * State that takes a word of several words' length straight from a memory: evaluation leaves a pointer, and the edge copies
 * the word from there, before anything is written.
 */
import type { Node, ReadPort } from '../../gen/ir.ts';
import type { FlatDesign } from '../../gen/passes/flatten.ts';
import { wordsFor } from './wide.ts';

/** By node of a register or registered read port: the read whose word it takes, if it does so whenever its gate is open. */
export type Fetches = ReadonlyMap<Node, ReadPort>;

/** `first`: see share.ts. */
export function findFetches({ registers, memories }: FlatDesign, first: Int32Array): Fetches {
  const found = new Map<Node, ReadPort>();
  const combinational = new Map<number, ReadPort>();
  const asItIs = ({ width, signed }: Node, word: number) => width === word && !signed && wordsFor(width) > 1;
  for (const { width, reads, writes } of memories) {
    for (const read of reads) {
      if (!asItIs(read.node, width)) continue;
      if (read.kind === 'combinational') combinational.set(read.node.id, read);
      else if (read.underWrite !== 'new' || writes.every((w) => w.clock.clock !== read.clock.clock))
        found.set(read.node, read);
    }
  }
  for (const { node, next } of registers) {
    const read = combinational.get(first[next.id]!);
    if (read !== undefined && asItIs(node, next.width)) found.set(node, read);
  }
  return found;
}

/** The read that state fetches from, with its enable and gate: none where it may have to keep its value. */
export const fetchOf = (fetches: Fetches, node: Node, enable: Node | undefined, gate: number): ReadPort | undefined =>
  enable === undefined || gate > 0 ? fetches.get(node) : undefined;
