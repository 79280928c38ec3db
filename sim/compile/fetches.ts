/**
 * State that takes a word of several words' length straight from a memory. Evaluation leaves a pointer, and the edge copies the word from
 * there, before anything is written; where nobody writes the memory, the pointer is the state (it is held), and the word stays where it is.
 */
import type { Node, ReadPort } from '../../gen/ir.ts';
import type { FlatDesign } from '../../gen/passes/flatten.ts';
import { wordsFor } from './wide.ts';

export interface Fetched {
  /** The read whose word the state takes. */
  readonly read: ReadPort;
  readonly held: boolean;
}

/** By node of a register or registered read port: what it takes, if it does so whenever its gate is open. */
export type Fetches = ReadonlyMap<Node, Fetched>;

/** `first`: see share.ts. `copied`: none is held, since state can be read from outside. */
export function findFetches({ registers, memories }: FlatDesign, first: Int32Array, copied: boolean): Fetches {
  const found = new Map<Node, Fetched>();
  const combinational = new Map<number, Fetched>();
  const asItIs = ({ width, signed }: Node, word: number) => width === word && !signed && wordsFor(width) > 1;
  for (const { width, reads, writes } of memories) {
    const held = !copied && writes.length === 0;
    for (const read of reads) {
      if (!asItIs(read.node, width)) continue;
      if (read.kind === 'combinational') combinational.set(read.node.id, { read, held });
      else if (read.underWrite !== 'new' || writes.every((w) => w.clock.clock !== read.clock.clock))
        found.set(read.node, { read, held });
    }
  }
  for (const { node, next, init = 0n, reset = 0n } of registers) {
    const fetched = combinational.get(first[next.id]!);
    if (fetched === undefined || !asItIs(node, next.width)) continue;
    // Of other words than the memory's, only 0 is to be found there: behind its end.
    found.set(node, { ...fetched, held: fetched.held && init === 0n && reset === 0n });
  }
  return found;
}

/** What state fetches, with its enable and gate: nothing where it may have to keep its value. */
export const fetchOf = (fetches: Fetches, node: Node, enable: Node | undefined, gate: number): Fetched | undefined =>
  enable === undefined || gate > 0 ? fetches.get(node) : undefined;
