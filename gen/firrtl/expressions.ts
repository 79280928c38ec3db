/**
 * How every primitive prints in FIRRTL. Its arithmetic grows by the same rules as ours, and no operator looks at its
 * surroundings, so an expression means the same wherever it stands. What differs: bitwise operators and selections give
 * `UInt`, the difference of two `UInt`s is a `UInt`, and a dynamic left shift grows with the range of its amount.
 */
import { addressWidth, type BitType, type Node, type NodeOf, type Tag } from '../ir.ts';

/** The text of a value of the node's own type. */
export type Print = (node: Node) => string;

export const typeOf = (t: BitType): string => `${t.signed ? 'SInt' : 'UInt'}<${t.width}>`;
export const literal = (value: bigint, type: BitType): string => `${typeOf(type)}(${value})`;
export const bits = (value: string, high: number, low: number): string => `bits(${value}, ${high}, ${low})`;
/** `value`, a `UInt`, as a value of type `t` and the same bits. */
const typed = (value: string, t: BitType): string => (t.signed ? `asSInt(${value})` : value);
/** The bits of `node` as a `UInt`. */
export const unsigned = (node: Node, of: Print): string => (node.signed ? `asUInt(${of(node)})` : of(node));

/** Values as a balanced tree of a binary operator: its depth is the logarithm of their number. */
export function tree(op: string, values: readonly string[]): string {
  let level = values;
  while (level.length > 1) {
    const pairs: string[] = [];
    for (let i = 0; i < level.length; i += 2) {
      pairs.push(i + 1 < level.length ? `${op}(${level[i]}, ${level[i + 1]})` : level[i]!);
    }
    level = pairs;
  }
  return level[0]!;
}

const grown = (op: string) => (n: NodeOf<'add' | 'mul'>, of: Print) => `${op}(${of(n.a)}, ${of(n.b)})`;
const bitwise = (op: string) => (n: NodeOf<'and' | 'or' | 'xor'>, of: Print) =>
  typed(`${op}(${of(n.a)}, ${of(n.b)})`, n);
const reduced = (op: string) => (n: NodeOf<'any' | 'parity'>, of: Print) => `${op}(${of(n.a)})`;

function resized(a: Node, type: BitType, of: Print): string {
  if (type.width < a.width) return typed(bits(of(a), type.width - 1, 0), type);
  const wide = type.width > a.width ? `pad(${of(a)}, ${type.width})` : of(a);
  if (type.signed === a.signed) return wide;
  return type.signed ? `asSInt(${wide})` : `asUInt(${wide})`;
}

/** Values whose leading bits no compiler knows. */
const isState = ({ tag }: Node): boolean => tag === 'input' || tag === 'reg' || tag === 'read' || tag === 'result';

/**
 * firtool cuts the sign off a difference when it knows leading zeros of both operands (docs/tool-notes.md). Where it might,
 * the difference is a sum with the complement, whose leading bits are ones.
 */
function difference(n: NodeOf<'sub'>, of: Print): string {
  if ([n.a, n.b].some((o) => isState(o) && o.width === n.width - 1))
    return n.a.signed ? `sub(${of(n.a)}, ${of(n.b)})` : `asSInt(sub(${of(n.a)}, ${of(n.b)}))`;
  const [a, b] = [n.a, n.b].map((o) => resized(o, { width: n.width, signed: false }, of));
  return `asSInt(${bits(`add(add(${a}, not(${b})), UInt<1>(1))`, n.width - 1, 0)})`;
}

/** firtool prints `a == b < c` for a comparison of a comparison, which is another (docs/tool-notes.md): one bit is logic. */
function less(n: NodeOf<'lt'>, of: Print): string {
  if (n.a.width > 1) return `lt(${of(n.a)}, ${of(n.b)})`;
  const [a, b] = [unsigned(n.a, of), unsigned(n.b, of)];
  return n.a.signed ? `and(${a}, not(${b}))` : `and(not(${a}), ${b})`;
}

/** Bits of the amount that a left shift to `width` bits looks at; a shift by all of them together passes the width. */
const amountBits = (width: number): number => addressWidth(width);

/** Whether the amount of a left shift is looked at twice: for its low bits, and for whether it passes the width anyway. */
export const splitsAmount = (n: NodeOf<'shl'>): boolean => n.b.width > amountBits(n.width);

/** FIRRTL's `dshl` grows by the largest amount: it gets no more amount bits than matter, and the low bits are taken. */
function shiftedLeft(n: NodeOf<'shl'>, of: Print): string {
  const a = resized(n.a, n, of);
  const amount = unsigned(n.b, of);
  const few = amountBits(n.width);
  const low = splitsAmount(n) ? bits(amount, few - 1, 0) : amount;
  const shifted = typed(bits(`dshl(${a}, ${low})`, n.width - 1, 0), n);
  if (!splitsAmount(n)) return shifted;
  return `mux(orr(${bits(amount, n.b.width - 1, few)}), ${literal(0n, n)}, ${shifted})`;
}

function stated(n: Node): never {
  throw new Error(`internal: ${n.tag} made at ${n.location} has no declaration`);
}

const byTag: { readonly [T in Tag]: (node: NodeOf<T>, of: Print) => string } = {
  const: (n) => literal(n.value, n),
  input: stated,
  wire: stated,
  reg: stated,
  read: stated,
  result: stated,
  popcount: stated, // an instance of an adder tree
  not: (n, of) => typed(`not(${of(n.a)})`, n),
  any: reduced('orr'),
  parity: reduced('xorr'),
  resize: (n, of) => resized(n.a, n, of),
  slice: (n, of) => bits(of(n.a), n.low + n.width - 1, n.low),
  add: grown('add'),
  sub: difference,
  mul: grown('mul'),
  and: bitwise('and'),
  or: bitwise('or'),
  xor: bitwise('xor'),
  eq: (n, of) => `eq(${of(n.a)}, ${of(n.b)})`,
  lt: less,
  shl: shiftedLeft,
  shr: (n, of) => `dshr(${of(n.a)}, ${unsigned(n.b, of)})`,
  mux: (n, of) => `mux(${unsigned(n.select, of)}, ${of(n.a)}, ${of(n.b)})`,
  cat: (n, of) =>
    tree(
      'cat',
      n.parts.map((p) => unsigned(p, of)),
    ),
};

/** The operation of `node` on its operands as `of` prints them. */
export function printOperation(node: Node, of: Print): string {
  return (byTag[node.tag] as (n: Node, o: Print) => string)(node, of);
}
