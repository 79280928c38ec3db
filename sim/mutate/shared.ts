/** Logic of several versions of a design in one, where what is the same is there once. */
import { type Node, operandsOf, type ReadPort, type Reg, withOperands } from '../../gen/ir.ts';
import type { FlatDesign } from '../../gen/passes/flatten.ts';
import type { Sketch } from '../testing/ir.ts';

type Draft = Parameters<Sketch['node']>[0];

export interface Shared {
  /** A node like `draft`: the one that is there, or a new one. */
  readonly node: (draft: Draft) => Node;
  /** What a value of a version is here. Inputs and state are inputs, the same for all versions. */
  readonly version: (design: FlatDesign) => (node: Node) => Node;
}

export function createShared(sk: Sketch): Shared {
  const known = new Map<string, Node>();
  const remember = (key: string, make: () => Node): Node => {
    const found = known.get(key) ?? make();
    known.set(key, found);
    return found;
  };
  const node = (draft: Draft): Node => {
    const { tag, width, signed, value, low } = draft as Node & { value?: bigint; low?: number };
    const operands = operandsOf(draft as Node).map((o) => o.id);
    return remember([tag, width, signed, value, low, ...operands].join(), () => sk.node(draft));
  };
  const input = (name: string, { width, signed }: Node): Node =>
    remember(`input ${name}`, () => sk.input(`v${known.size}`, { width, signed }));
  return { node, version: (design) => versionOf(design, node, input) };
}

/** Registers and registered reads by name, which is what pairs those of two versions. */
export function stateNames({ registers, memories, names }: FlatDesign): ReadonlyMap<Node, string> {
  const nameOf = new Map([...names].map(([name, node]) => [node, name]));
  return new Map<Reg | ReadPort['node'], string>([
    ...registers.map((r, i) => [r.node, `register ${r.name ?? i}`] as const),
    ...memories.flatMap((m) =>
      m.reads.map((r, i) => [r.node, `read ${nameOf.get(r.node) ?? `${i} of ${m.name}`}`] as const),
    ),
  ]);
}

function versionOf(design: FlatDesign, node: Shared['node'], input: (name: string, like: Node) => Node) {
  const state = stateNames(design);
  const words = new Map<Node, { memory: string; address: Node }>();
  for (const { name, reads } of design.memories)
    for (const r of reads) if (r.kind === 'combinational') words.set(r.node, { memory: name, address: r.address });
  const made = new Map<Node, Node>();
  /** What a node is computed from here. */
  const needs = (n: Node): readonly Node[] => {
    const word = words.get(n);
    return word === undefined ? operandsOf(n) : [word.address];
  };
  const make = (n: Node): Node => {
    const operands = needs(n).map((o) => made.get(o)!);
    const word = words.get(n);
    // A read at once is the same where its address is; what it gives for another address is not known.
    if (word !== undefined) return input(`word ${operands[0]!.id} of ${word.memory}`, n);
    if (n.tag === 'input') return input(`port ${n.port}`, n);
    const name = state.get(n);
    return name === undefined ? node(withOperands(n, operands) as Draft) : input(name, n);
  };
  return (root: Node): Node => {
    const stack = [root];
    while (stack.length > 0) {
      const n = stack.at(-1)!;
      const missing = needs(n).filter((o) => !made.has(o));
      if (made.has(n) || missing.length === 0) {
        if (!made.has(n)) made.set(n, make(n));
        stack.pop();
      } else stack.push(...missing);
    }
    return made.get(root)!;
  };
}
