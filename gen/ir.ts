/**
 * The intermediate representation: what a design *is*, apart from how it was written and how it prints.
 *
 * A node is an immutable value with a width and a signedness; it denotes an integer. Arithmetic is exact: the result of
 * `add`, `sub` and `mul` is wide enough for every operand, so only `resize`, `slice` and `shl` can lose bits, and they
 * say so by name. The union of tags is closed: a backend is an exhaustive record over `Tag` and does not compile until it
 * handles every one.
 *
 * State (registers, memories) and hierarchy (instances) live in tables of the module, because they close cycles that
 * immutable nodes cannot. Names and comments live beside the nodes, never inside.
 */
import type { Location } from './location.ts';

export interface BitType {
  /** Number of bits, at least 1. */
  readonly width: number;
  /** Two's complement when true. */
  readonly signed: boolean;
}

interface Base extends BitType {
  /** Position in `Module.nodes`: creation order. */
  readonly id: number;
  readonly location: Location;
}

/** An integer literal; `value` is the number denoted, negative for signed types where it is. */
export interface Const extends Base {
  readonly tag: 'const';
  readonly value: bigint;
}
/** The value of an input port. */
export interface Input extends Base {
  readonly tag: 'input';
  readonly port: string;
}
/** A named net whose driver is given later, in `Module.drivers`. */
export interface Wire extends Base {
  readonly tag: 'wire';
}
/** The present value of a register, described in `Module.registers`. */
export interface Reg extends Base {
  readonly tag: 'reg';
}
/** The data of a memory's read port, described in `Module.memories`. */
export interface Read extends Base {
  readonly tag: 'read';
}
/** The value of an output port of an instance, described in `Module.instances`. */
export interface Result extends Base {
  readonly tag: 'result';
}
/**
 * `not`: every bit inverted, same type. `popcount`: number of ones, unsigned, just wide enough for `a.width`.
 * `any`: 1 when a bit is set. `parity`: 1 when an odd number of bits is set.
 * `resize`: the low `width` bits of `a` (extended by a's own signedness when wider), read as the node's signedness.
 */
export interface Unary extends Base {
  readonly tag: 'not' | 'popcount' | 'any' | 'parity' | 'resize';
  readonly a: Node;
}
/** Bits `low + width - 1` down to `low` of `a`, unsigned. */
export interface Slice extends Base {
  readonly tag: 'slice';
  readonly a: Node;
  readonly low: number;
}
/**
 * `add`: max width + 1. `sub`: max width + 1, always signed. `mul`: sum of the widths. Operands have one signedness.
 * `and`, `or`, `xor`: operands and result have one type. `eq`, `lt`: operands have one type, the result is one bit.
 * `shl`: a * 2^b, the low `width` bits. `shr`: floor(a / 2^b), type of a. Their amount `b` is unsigned and may be
 * anything: at or above the width all bits are shifted out (`shr` of a negative number leaves -1).
 */
export interface Binary extends Base {
  readonly tag: 'add' | 'sub' | 'mul' | 'and' | 'or' | 'xor' | 'eq' | 'lt' | 'shl' | 'shr';
  readonly a: Node;
  readonly b: Node;
}
/** `a` when the one-bit `select` is 1, else `b`; all three values of one type but select. */
export interface Mux extends Base {
  readonly tag: 'mux';
  readonly select: Node;
  readonly a: Node;
  readonly b: Node;
}
/** Concatenation, most significant part first, unsigned. */
export interface Cat extends Base {
  readonly tag: 'cat';
  readonly parts: readonly Node[];
}

export type Node = Const | Input | Wire | Reg | Read | Result | Unary | Slice | Binary | Mux | Cat;
export type Tag = Node['tag'];
type Tagged<N extends Node, T extends Tag> = N extends Node ? (T extends N['tag'] ? N : never) : never;
/** The member of the union that carries tag `T`. */
export type NodeOf<T extends Tag> = Tagged<Node, T>;

export interface Port extends BitType {
  readonly name: string;
  readonly direction: 'input' | 'output';
  readonly doc: string;
  /** The clock that it changes with; `asynchronous`: none of the module's; undefined: any, which is not checked. */
  readonly domain?: Clock | 'asynchronous';
  readonly location: Location;
}

/** A clock and its active-high reset, by port name. Registers are set to their reset value while the reset is 1. */
export interface Clock {
  readonly clock: string;
  readonly reset: string;
  /** Synchronous: at the rising edge of the clock. Asynchronous: at once, and for as long as it lasts. */
  readonly resetStyle: 'synchronous' | 'asynchronous';
  /** In ns, where it is known; only constraints look at it. */
  readonly period?: number;
}

/**
 * How a register may take a value of another domain. `bit`: one bit. `gray`: bits of which at most one changes at a time.
 * `held`: bits that do not change while the register's enable is 1. `settle` is the register behind a `bit` or `gray`
 * one, which gives it time to settle. Values of `bit` and `gray` registers go to `settle` registers only.
 */
export type Crossing = 'bit' | 'gray' | 'held' | 'settle';

/** On the rising edge: `reset` value while the clock's reset is 1 (if the register has one), else `next` if enabled. */
export interface Register {
  readonly node: Reg;
  readonly clock: Clock;
  readonly next: Node;
  readonly enable: Node | undefined;
  readonly reset: bigint | undefined;
  /** Value at power-up; undefined: unknown (simulators that know only 0 and 1 take 0). */
  readonly init: bigint | undefined;
  /** Undefined: `next` and `enable` are of the register's own domain. */
  readonly crossing?: Crossing | undefined;
}

/**
 * Data of a memory's read port. Registered: on the rising edge, kept while `enable` is 0. Combinational: at once, `enable`
 * is undefined. Beyond the depth the data is undefined, whatever `underWrite` says: zero in our simulator; in the Verilog
 * zero, X, or with `new` the word that is being written there. A design must not look at it.
 */
export interface ReadPort {
  readonly node: Read;
  readonly clock: Clock;
  readonly kind: 'registered' | 'combinational';
  readonly address: Node;
  readonly enable: Node | undefined;
  /**
   * What a registered read sees of a write to its word by the same clock's edge: the word before, the word after, or
   * something undefined, which a design must not look at. Writes by another clock's edge at the same time: undefined.
   */
  readonly underWrite: 'old' | 'new' | 'undefined';
}

/**
 * On the rising edge, when `enable` is 1. Beyond the depth: no effect. Of two writes to one word by one clock's edge the
 * later port wins; by two clocks' edges at the same time the word becomes undefined, which a design must not look at.
 */
export interface WritePort {
  readonly clock: Clock;
  readonly address: Node;
  readonly data: Node;
  readonly enable: Node;
  /** Bit i writes group i of the word's `width / mask.width` bits each (byte enables); undefined: the whole word. */
  readonly mask: Node | undefined;
}

export interface Memory {
  readonly name: string;
  readonly depth: number;
  readonly width: number;
  readonly style: 'auto' | 'block' | 'distributed' | 'ultra' | 'registers';
  /** Contents at power-up, from word 0 on; the rest is zero. Undefined: unknown (two-state simulators take 0). */
  readonly init: readonly bigint[] | undefined;
  /** Registered reads may have another clock than writes: a word is read only when its write is known to have happened. */
  readonly crossing?: 'held' | undefined;
  readonly reads: readonly ReadPort[];
  readonly writes: readonly WritePort[];
  readonly location: Location;
}

/** A claim about a one-bit value, looked at on every rising edge of a clock while its reset is 0. */
export interface Property {
  /** `assert`: must be 1. `assume`: the surroundings keep it 1. `cover`: should be 1 at least once. */
  readonly kind: 'assert' | 'assume' | 'cover';
  readonly name: string;
  readonly message: string;
  readonly clock: Clock;
  readonly condition: Node;
  readonly location: Location;
}

export interface Instance {
  readonly name: string;
  readonly module: Module;
  /** The clock or reset port of this module that drives each clock and reset port of `module`, by port name. */
  readonly clocks: ReadonlyMap<string, string>;
  /** Driver of every input port of `module`, by port name. */
  readonly inputs: ReadonlyMap<string, Node>;
  /** The node that stands for every output port of `module`, by port name. */
  readonly results: ReadonlyMap<string, Result>;
  readonly location: Location;
}

/** How to show a value to people: a number in units of 2^-fraction, or the names of codes (in decimal). Plain data. */
export type Display =
  | { readonly kind: 'fixed'; readonly fraction: number }
  | {
      readonly kind: 'enumeration';
      readonly name: string;
      readonly states: readonly (readonly [code: string, state: string])[];
    };

/** What a module stands for that is not printed: a primitive of a vendor, or a core from elsewhere. */
export interface BlackBox {
  readonly parameters: ReadonlyMap<string, BlackBoxParameter>;
  /** Whether the module's body says what it does; without that it cannot be simulated by us. */
  readonly modelled: boolean;
  /** Whether the resets of its domains are pins of it. */
  readonly resetPin: boolean;
}

/** A whole number, a text, or bits of a width, as Verilog writes them: 36, "TRUE", 64'h8000000000000000. */
export type BlackBoxParameter = number | string | { readonly width: number; readonly value: bigint };

export interface Module {
  readonly name: string;
  readonly doc: string;
  /**
   * Clocks used here or below, in the order of their declaration. Their ports are not in `ports`. Two may share a reset,
   * or a clock with different resets; a port stands once.
   */
  readonly clocks: readonly Clock[];
  readonly ports: readonly Port[];
  readonly nodes: readonly Node[];
  readonly registers: readonly Register[];
  readonly memories: readonly Memory[];
  readonly instances: readonly Instance[];
  readonly properties: readonly Property[];
  /** Driver of every wire. */
  readonly drivers: ReadonlyMap<Node, Node>;
  /** Driver of every output port. */
  readonly outputs: ReadonlyMap<string, Node>;
  /** Names asked for; a printer makes them unique. */
  readonly names: ReadonlyMap<Node, string>;
  /** A comment that stands before the node in the output. */
  readonly comments: ReadonlyMap<Node, string>;
  /** Named values that are more than an integer. */
  readonly displays: ReadonlyMap<Node, Display>;
  /** Undefined for a module of ours, which is printed. */
  readonly blackBox?: BlackBox | undefined;
  /**
   * Another body for the Verilog: the same ports with the same values in every cycle, in the form that a device wants.
   * Simulators of ours run this module; the Verilog has both (`behaviouralDefine`).
   */
  readonly implementation?: Module | undefined;
  readonly location: Location;
}

const none = (): readonly Node[] => [];
const binary = (n: Binary): readonly Node[] => [n.a, n.b];
const unary = (n: Unary): readonly Node[] => [n.a];

const operandsByTag: { readonly [T in Tag]: (node: NodeOf<T>) => readonly Node[] } = {
  const: none,
  input: none,
  wire: none,
  reg: none,
  read: none,
  result: none,
  not: unary,
  popcount: unary,
  any: unary,
  parity: unary,
  resize: unary,
  slice: (n) => [n.a],
  add: binary,
  sub: binary,
  mul: binary,
  and: binary,
  or: binary,
  xor: binary,
  eq: binary,
  lt: binary,
  shl: binary,
  shr: binary,
  mux: (n) => [n.select, n.a, n.b],
  cat: (n) => n.parts,
};

/** The nodes whose values `node` computes from in the same cycle. */
export function operandsOf(node: Node): readonly Node[] {
  return (operandsByTag[node.tag] as (n: Node) => readonly Node[])(node);
}

type WithOperands = { readonly [T in Tag]: (node: NodeOf<T>, operands: readonly Node[]) => Node };
const unchanged = (n: Node): Node => n;
const oneOperand = (n: Unary, [a]: readonly Node[]): Node => ({ ...n, a: a! });
const twoOperands = (n: Binary, [a, b]: readonly Node[]): Node => ({ ...n, a: a!, b: b! });

const withOperandsByTag: WithOperands = {
  const: unchanged,
  input: unchanged,
  wire: unchanged,
  reg: unchanged,
  read: unchanged,
  result: unchanged,
  not: oneOperand,
  popcount: oneOperand,
  any: oneOperand,
  parity: oneOperand,
  resize: oneOperand,
  slice: (n, [a]) => ({ ...n, a: a! }),
  add: twoOperands,
  sub: twoOperands,
  mul: twoOperands,
  and: twoOperands,
  or: twoOperands,
  xor: twoOperands,
  eq: twoOperands,
  lt: twoOperands,
  shl: twoOperands,
  shr: twoOperands,
  mux: (n, [select, a, b]) => ({ ...n, select: select!, a: a!, b: b! }),
  cat: (n, parts) => ({ ...n, parts }),
};

/** The node with other operands, in the order of `operandsOf`. */
export function withOperands(node: Node, operands: readonly Node[]): Node {
  return (withOperandsByTag[node.tag] as (n: Node, o: readonly Node[]) => Node)(node, operands);
}

/** Smallest number of bits that holds `value` in the given signedness. */
export function bitsFor(value: bigint, signed = false): number {
  const magnitude = value < 0n ? -value - 1n : value;
  return Math.max(1, magnitude.toString(2).length * (magnitude === 0n ? 0 : 1) + (signed ? 1 : 0));
}

/** Width of an address of `depth` words: at least one bit. */
export const addressWidth = (depth: number): number => bitsFor(BigInt(Math.max(depth, 2) - 1));

/** The names of a module's clock and reset ports, each once: clock before reset, in the order of `clocks`. */
export const controlPorts = (clocks: readonly Clock[]): string[] => [
  ...new Set(clocks.flatMap((c) => [c.clock, c.reset])),
];
