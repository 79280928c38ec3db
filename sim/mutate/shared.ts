/** Logic of several versions of a module in one, where what is the same is there once. */
import { type Module, type Node, operandsOf, withOperands } from '../../gen/ir.ts';
import type { Sketch } from '../testing/ir.ts';

type Draft = Parameters<Sketch['node']>[0];

export interface Shared {
  /** A node like `draft`: the one that is there, or a new one. */
  readonly node: (draft: Draft) => Node;
  /** What a value of a version is here. State, inputs and results of instances are inputs, the same for all versions. */
  readonly version: (module: Module) => (node: Node) => Node;
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
  return { node, version: (module) => versionOf(module, node, input) };
}

function versionOf(module: Module, node: Shared['node'], input: (name: string, like: Node) => Node) {
  const leaves = new Map<Node, string>();
  for (const [i, r] of module.registers.entries()) leaves.set(r.node, `register ${i}`);
  for (const [i, x] of module.instances.entries())
    for (const [port, result] of x.results) leaves.set(result, `result ${i} ${port}`);
  const reads = new Map(
    module.memories.flatMap((m, i) =>
      m.reads.map((r, j) => [r.node as Node, { name: `read ${i} ${j}`, memory: i, r }] as const),
    ),
  );
  const made = new Map<Node, Node>();
  /** What a node is computed from here. */
  const needs = (n: Node): readonly Node[] => {
    if (n.tag === 'wire') return [module.drivers.get(n)!];
    const read = reads.get(n);
    return read?.r.kind === 'combinational' ? [read.r.address] : operandsOf(n);
  };
  const make = (n: Node): Node => {
    const operands = needs(n).map((o) => made.get(o)!);
    if (n.tag === 'wire') return fitted(operands[0]!, n);
    const read = reads.get(n);
    if (read !== undefined) {
      // A read at once is the same where its address is; what it gives for another address is not known.
      const { kind } = read.r;
      return input(kind === 'combinational' ? `word ${read.memory} ${operands[0]!.id}` : read.name, n);
    }
    if (n.tag === 'input') return input(`port ${n.port}`, n);
    const leaf = leaves.get(n);
    return leaf === undefined ? node(withOperands(n, operands) as Draft) : input(leaf, n);
  };
  const fitted = (a: Node, { width, signed }: Node): Node =>
    a.width === width && a.signed === signed ? a : node({ tag: 'resize', width, signed, a } as Draft);
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
