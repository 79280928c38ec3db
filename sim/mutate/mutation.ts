/** Single faults in a module, each one mistake that an engineer could make. */

import type { NodeDraft } from '../../gen/factory.ts';
import { type Replacement, rewriteModule } from '../../gen/index.ts';
import type { Module, Node, Register } from '../../gen/ir.ts';
import type { Location } from '../../gen/location.ts';
import { liveNodes } from '../fuzz/rebuild.ts';
import type { Random } from '../random.ts';
import { operatorFaults } from './operators.ts';

export const mutationKinds = ['operator', 'constant', 'stuck', 'enable', 'register'] as const;
export type MutationKind = (typeof mutationKinds)[number];

export interface Mutation {
  readonly kind: MutationKind;
  /** What is wrong, for people: `add becomes sub`. */
  readonly what: string;
  /** The value or state it is done to, by name where it has one. */
  readonly at: string;
  readonly location: Location;
  /** The module with the fault. */
  readonly apply: () => Module;
}

/** All faults of a module, by kind; of a node of many bits one random bit is stuck. Only what outputs depend on counts. */
export function mutationsOf(module: Module, random: Random): ReadonlyMap<MutationKind, readonly Mutation[]> {
  const live = liveNodes(module, {});
  const nodes = module.nodes.filter((n) => live.has(n));
  const registers = module.registers.filter((r) => live.has(r.node));
  const nameOf = (node: Node) =>
    node.tag === 'input' ? `input ${node.port}` : (module.names.get(node) ?? `a value (${node.tag})`);
  const replaced = (kind: MutationKind, node: Node, what: string, by: Replacement): Mutation => ({
    ...{ kind, what, at: nameOf(node), location: node.location },
    apply: () => rewriteModule(module, { values: new Map([[node, by]]) }),
  });
  return new Map<MutationKind, readonly Mutation[]>([
    ['operator', nodes.flatMap((n) => operatorFaults(n).map(([what, by]) => replaced('operator', n, what, by)))],
    ['constant', nodes.flatMap((n) => constantFaults(n).map(([what, by]) => replaced('constant', n, what, by)))],
    ['stuck', nodes.flatMap((n) => stuckFaults(n, random).map(([what, by]) => replaced('stuck', n, what, by)))],
    ['enable', enableFaults(module, live)],
    ['register', registers.flatMap((r) => registerFaults(module, r))],
  ]);
}

export type NamedReplacement = readonly [what: string, by: Replacement];

function constantFaults(node: Node): NamedReplacement[] {
  if (node.tag !== 'const') return [];
  const { width, signed, value } = node;
  const fits = (v: bigint) => v === (signed ? BigInt.asIntN(width, v) : BigInt.asUintN(width, v));
  return [value + 1n, value - 1n]
    .filter(fits)
    .map(
      (v): NamedReplacement => [
        `${value} becomes ${v}`,
        (_, create) => create({ tag: 'const', width, signed, value: v }),
      ],
    );
}

/** Nets whose value is that of another node are left to that node. */
const follows = new Set<Node['tag']>(['const', 'wire', 'result', 'resize', 'slice', 'cat']);

function stuckFaults(node: Node, random: Random): NamedReplacement[] {
  if (follows.has(node.tag)) return [];
  const { width, signed } = node;
  const bit = random.below(width);
  const name = width === 1 ? 'stuck' : `bit ${bit} stuck`;
  const mask = BigInt[signed ? 'asIntN' : 'asUintN'](width, 1n << BigInt(bit));
  const rest = BigInt[signed ? 'asIntN' : 'asUintN'](width, ~mask);
  const combine =
    (tag: 'or' | 'and', value: bigint): Replacement =>
    (a, create) => {
      const b = create({ tag: 'const', width, signed, value });
      return create({ tag, width, signed, a, b });
    };
  return [
    [`${name} at 1`, combine('or', mask)],
    [`${name} at 0`, combine('and', rest)],
  ];
}

/** Enables of registers and of memory ports that are always 1, or inverted. */
function enableFaults(module: Module, live: ReadonlySet<Node>): Mutation[] {
  const faults: Mutation[] = [];
  const add = (at: string, location: Location, enable: Node, edit: (m: Module, enable: Node | undefined) => Module) => {
    const mutation = { kind: 'enable', at, location } as const;
    const inverted = (): Module => {
      const [copy, node] = withNode(module, { tag: 'not', width: 1, signed: false, a: enable });
      return edit(copy, node);
    };
    faults.push({ ...mutation, what: 'enable inverted', apply: inverted });
    if (enable.tag === 'const') return;
    const always = (): Module => {
      const [copy, node] = withNode(module, { tag: 'const', width: 1, signed: false, value: 1n });
      return edit(copy, node);
    };
    faults.push({ ...mutation, what: 'always enabled', apply: always });
  };
  for (const [i, r] of module.registers.entries()) {
    if (r.enable === undefined || !live.has(r.node)) continue;
    const name = module.names.get(r.node) ?? 'a register';
    add(`register ${name}`, r.node.location, r.enable, (m, enable) => ({
      ...m,
      registers: m.registers.map((x, j) => (j === i ? { ...x, enable } : x)),
    }));
  }
  for (const [i, memory] of module.memories.entries()) {
    for (const [j, w] of memory.writes.entries()) {
      add(`write to ${memory.name}`, memory.location, w.enable, (m, enable) => ({
        ...m,
        memories: m.memories.map((x, k) =>
          k === i ? { ...x, writes: x.writes.map((y, l) => (l === j ? { ...y, enable: enable! } : y)) } : x,
        ),
      }));
    }
    for (const [j, r] of memory.reads.entries()) {
      if (r.enable === undefined || !live.has(r.node)) continue;
      add(`read of ${memory.name}`, r.node.location, r.enable, (m, enable) => ({
        ...m,
        memories: m.memories.map((x, k) =>
          k === i ? { ...x, reads: x.reads.map((y, l) => (l === j ? { ...y, enable } : y)) } : x,
        ),
      }));
    }
  }
  return faults;
}

/** A register less, a register more, another reset value. */
function registerFaults(module: Module, register: Register): Mutation[] {
  const { node } = register;
  const index = module.registers.indexOf(register);
  const about = {
    kind: 'register',
    at: `register ${module.names.get(node) ?? ''}`.trim(),
    location: node.location,
  } as const;
  const { width, signed } = node;
  const copied = (draft: NodeDraft) => {
    let made: Node | undefined;
    const by: Replacement = (_, create) => {
      made = create(draft);
      return made;
    };
    return { module: rewriteModule(module, { values: new Map([[node, by]]) }), made: made! };
  };
  const faults: Mutation[] = [
    {
      ...about,
      what: 'dropped',
      apply: () => {
        const { module: m, made } = copied({ tag: 'wire', width, signed });
        return { ...m, drivers: new Map([...m.drivers, [made, m.registers[index]!.next]]) };
      },
    },
    {
      ...about,
      what: 'doubled',
      apply: () => {
        const { module: m, made } = copied({ tag: 'reg', width, signed });
        const first = m.registers[index]!;
        const second: Register = { ...first, node: made as Register['node'], next: first.node };
        return { ...m, registers: [...m.registers, second] };
      },
    },
  ];
  const { reset } = register;
  if (reset === undefined) return faults;
  const wrong = BigInt[signed ? 'asIntN' : 'asUintN'](width, reset ^ 1n);
  const apply = (): Module => ({
    ...module,
    registers: module.registers.map((r) => (r === register ? { ...r, reset: wrong } : r)),
  });
  return [...faults, { ...about, what: `reset to ${wrong} instead of ${reset}`, apply }];
}

/** The module with one node more. */
function withNode(module: Module, draft: NodeDraft): [Module, Node] {
  const node = { ...draft, id: module.nodes.length, location: module.location } as Node;
  return [{ ...module, nodes: [...module.nodes, node] }, node];
}
