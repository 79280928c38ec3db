/**
 * What every node denotes, in plain bigints: the definition the simulator is tested against. It interprets a flat design
 * node after node, slowly and obviously.
 */
import type { Clock, Node, NodeOf, Tag, WritePort } from '../gen/ir.ts';
import type { FlatDesign } from '../gen/passes/flatten.ts';
import { clockNames } from './engine.ts';

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

/** What a node denotes that is computed from others in the same cycle. */
export const denote = (node: Node, of: Operand): bigint =>
  read((rules[node.tag] as (n: Node, o: Operand) => bigint)(node, of), node);

export interface Reference {
  set(input: string, value: bigint): void;
  /** Outputs for the present inputs and state, by port name. */
  eval(): ReadonlyMap<string, bigint>;
  /** The rising edge of the clocks in the mask, after `eval`. */
  tick(clocks?: number): void;
  /** Violations so far as `<property>@<cycle>`, how often each cover was met, and how many reads were undefined. */
  seen(): { violations: readonly string[]; covered: ReadonlyMap<string, number>; undefinedReads: number };
}

/** An interpreter of `design`, state as at power-up, 0 where that is unknown. */
export function createReference(design: FlatDesign): Reference {
  const inputs = new Map(design.inputs.map((p) => [p.name, 0n]));
  const values = new Array<bigint>(design.nodes.length).fill(0n);
  const memories = new Map(
    design.memories.map((m) => [m, Array.from({ length: m.depth }, (_, i) => m.init?.[i] ?? 0n)]),
  );
  const stateOf = new Map<Node, bigint>(design.registers.map((r) => [r.node, r.init ?? 0n]));
  const combinational = new Map<Node, { words: readonly bigint[]; address: Node }>();
  for (const [{ reads }, words] of memories) {
    for (const { node, kind, address } of reads) {
      if (kind === 'combinational') combinational.set(node, { words, address });
    }
  }
  const names = clockNames(design.clocks);
  const violations: string[] = [];
  const covered = new Map(design.properties.flatMap((p) => (p.kind === 'cover' ? [[p.name, 0]] : [])));
  let undefinedReads = 0;
  let cycle = 0;

  const of = (node: Node): bigint => values[node.id]!;
  const when = (enable: Node | undefined): boolean => enable === undefined || of(enable) === 1n;
  const index = (address: Node): number => Number(of(address) > 0xffff_ffffn ? 0xffff_ffffn : of(address));
  const resetting = (clock: Clock): boolean => inputs.get(clock.reset) === 1n;

  const compute = (node: Node): bigint => {
    if (node.tag === 'input') return read(inputs.get(node.port)!, node);
    const port = combinational.get(node);
    if (port !== undefined) return read(port.words[index(port.address)] ?? 0n, node);
    if (node.tag === 'reg' || node.tag === 'read') return stateOf.get(node) ?? 0n;
    return denote(node, of);
  };
  /** The word after the write, bit by bit. */
  const written = (word: bigint, { data, mask }: WritePort, width: number): bigint => {
    let result = 0n;
    for (let bit = 0; bit < width; bit++) {
      const group = mask === undefined ? 0 : Math.floor(bit / (width / mask.width));
      const taken = mask === undefined || ((of(mask) >> BigInt(group)) & 1n) === 1n;
      result |= (((taken ? of(data) : word) >> BigInt(bit)) & 1n) << BigInt(bit);
    }
    return result;
  };
  /** State after the edges, all computed from the values before them. */
  const nextState = (rises: (clock: Clock) => boolean): readonly (readonly [Node, bigint])[] => {
    const next: [Node, bigint][] = [];
    for (const { node, clock, next: value, enable, reset } of design.registers) {
      if (!rises(clock)) continue;
      if (reset !== undefined && resetting(clock)) next.push([node, reset]);
      else if (when(enable)) next.push([node, of(value)]);
    }
    for (const [memory, words] of memories) {
      for (const port of memory.reads) {
        const at = index(port.address);
        if (port.kind === 'combinational' || !rises(port.clock) || !when(port.enable)) continue;
        const hits = memory.writes.filter((w) => rises(w.clock) && when(w.enable) && index(w.address) === at);
        const own = hits.filter((w) => w.clock.clock === port.clock.clock);
        let word = words[at] ?? 0n;
        if (port.underWrite === 'new' && at < memory.depth) {
          for (const w of own) word = written(word, w, memory.width);
        }
        next.push([port.node, read(word, port.node)]);
        const spoiling = hits.filter((w) => at < memory.depth && (w.mask === undefined || of(w.mask) !== 0n));
        const clocks = new Set(spoiling.map((w) => w.clock.clock));
        if (port.underWrite !== 'undefined') clocks.delete(port.clock.clock);
        undefinedReads += clocks.size;
      }
    }
    return next;
  };
  const check = (rises: (clock: Clock) => boolean): void => {
    for (const { kind, name, clock, condition } of design.properties) {
      if (!rises(clock) || resetting(clock)) continue;
      if (kind === 'cover') covered.set(name, covered.get(name)! + Number(of(condition)));
      else if (of(condition) === 0n) violations.push(`${name}@${cycle}`);
    }
    cycle++;
  };
  return {
    set: (input, value) => void inputs.set(input, value),
    eval: () => {
      for (const { node, clock, reset } of design.registers) {
        if (reset !== undefined && clock.resetStyle === 'asynchronous' && resetting(clock)) stateOf.set(node, reset);
      }
      for (const node of design.nodes) values[node.id] = compute(node);
      return new Map(design.outputs.map((p) => [p.name, read(of(p.node), p)]));
    },
    tick: (clocks = 1) => {
      const rising = new Set(names.filter((_, i) => (clocks & (1 << i)) !== 0));
      const rises = (clock: Clock): boolean => rising.has(clock.clock);
      check(rises);
      const next = nextState(rises);
      for (const [{ writes, width, depth }, words] of memories) {
        for (const port of writes) {
          const at = index(port.address);
          if (rises(port.clock) && when(port.enable) && at < depth) words[at] = written(words[at]!, port, width);
        }
      }
      for (const [node, value] of next) stateOf.set(node, value);
    },
    seen: () => ({ violations, covered, undefinedReads }),
  };
}
