/**
 * What every node denotes, in plain bigints: the definition the simulator is tested against. It interprets a flat design
 * node after node, slowly and obviously.
 */
import type { Node, NodeOf, Tag } from '../gen/ir.ts';
import type { FlatDesign } from '../gen/passes/flatten.ts';

type Type = { readonly width: number; readonly signed: boolean };
type Operand = (node: Node) => bigint;

/** The number that the low bits of `value` denote in type `t`. */
export const read = (value: bigint, t: Type): bigint =>
  t.signed ? BigInt.asIntN(t.width, value) : BigInt.asUintN(t.width, value);
const raw = (value: bigint, t: Type): bigint => BigInt.asUintN(t.width, value);
const ones = (value: bigint): number => value.toString(2).replaceAll('0', '').length;
const flag = (condition: boolean): bigint => (condition ? 1n : 0n);

const state = (node: Node): never => {
  throw new Error(`internal: ${node.tag} is not computed`);
};

const rules: { readonly [T in Tag]: (node: NodeOf<T>, of: Operand) => bigint } = {
  const: (n) => n.value,
  input: state,
  reg: state,
  read: state,
  wire: state,
  result: state,
  not: (n, of) => ~of(n.a),
  popcount: (n, of) => BigInt(ones(raw(of(n.a), n.a))),
  any: (n, of) => flag(of(n.a) !== 0n),
  parity: (n, of) => BigInt(ones(raw(of(n.a), n.a)) % 2),
  resize: (n, of) => of(n.a),
  slice: (n, of) => raw(of(n.a), n.a) >> BigInt(n.low),
  add: (n, of) => of(n.a) + of(n.b),
  sub: (n, of) => of(n.a) - of(n.b),
  mul: (n, of) => of(n.a) * of(n.b),
  and: (n, of) => of(n.a) & of(n.b),
  or: (n, of) => of(n.a) | of(n.b),
  xor: (n, of) => of(n.a) ^ of(n.b),
  eq: (n, of) => flag(of(n.a) === of(n.b)),
  lt: (n, of) => flag(of(n.a) < of(n.b)),
  shl: (n, of) => (of(n.b) >= BigInt(n.width) ? 0n : of(n.a) << of(n.b)),
  shr: (n, of) => of(n.a) >> (of(n.b) > BigInt(n.a.width) ? BigInt(n.a.width) : of(n.b)),
  mux: (n, of) => (of(n.select) === 1n ? of(n.a) : of(n.b)),
  cat: (n, of) => n.parts.reduce((sum, p) => (sum << BigInt(p.width)) | raw(of(p), p), 0n),
};

export interface Reference {
  set(input: string, value: bigint): void;
  /** Outputs for the present inputs and state, by port name. */
  eval(): ReadonlyMap<string, bigint>;
  /** The rising edge of the clocks in the mask, after `eval`. */
  tick(clocks?: number): void;
}

/** An interpreter of `design`, all state zero. */
export function createReference(design: FlatDesign): Reference {
  const inputs = new Map(design.inputs.map((p) => [p.name, 0n]));
  const values = new Array<bigint>(design.nodes.length).fill(0n);
  const memories = new Map(design.memories.map((m) => [m, new Array<bigint>(m.depth).fill(0n)]));
  const stateOf = new Map<Node, bigint>();
  const of = (node: Node): bigint => values[node.id]!;
  const when = (enable: Node | undefined): boolean => enable === undefined || of(enable) === 1n;
  const index = (address: Node): number => Number(of(address) > 0xffff_ffffn ? 0xffff_ffffn : of(address));

  const compute = (node: Node): bigint => {
    if (node.tag === 'input') return read(inputs.get(node.port)!, node);
    if (node.tag === 'reg' || node.tag === 'read') return stateOf.get(node) ?? 0n;
    return read((rules[node.tag] as (n: Node, o: Operand) => bigint)(node, of), node);
  };
  return {
    set: (input, value) => void inputs.set(input, value),
    eval: () => {
      for (const node of design.nodes) values[node.id] = compute(node);
      return new Map(design.outputs.map((p) => [p.name, read(of(p.node), p)]));
    },
    tick: (clocks = 1) => {
      const ticks = new Set(design.clocks.filter((_, i) => (clocks & (1 << i)) !== 0).map((c) => c.clock));
      for (const { node, clock, next, enable, reset } of design.registers) {
        if (!ticks.has(clock.clock)) continue;
        if (reset !== undefined && inputs.get(clock.reset) === 1n) stateOf.set(node, reset);
        else if (when(enable)) stateOf.set(node, of(next));
      }
      for (const memory of design.memories) {
        if (!ticks.has(memory.clock.clock)) continue;
        const { reads, writes } = memory;
        const words = memories.get(memory)!;
        for (const { node, address, enable } of reads) {
          if (when(enable)) stateOf.set(node, read(words[index(address)] ?? 0n, node));
        }
        for (const { address, data, enable } of writes) {
          if (when(enable) && index(address) < words.length) words[index(address)] = raw(of(data), data);
        }
      }
    },
  };
}
