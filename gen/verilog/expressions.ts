/**
 * Expressions of a module. Verilog lets the surroundings of an operator change the width at which it is evaluated; here
 * every operator gets operands that already have the width of its result, so that an expression means the same wherever
 * it stands. Only the right side of a declaration may use the natural form (`wire [8:0] s = a + b`), where Verilog's own
 * widening is the one meant.
 */
import type { Node, NodeOf, Tag } from '../ir.ts';
import { type BinaryOp, binary, type Expr, isSigned, name, unary } from './ast.ts';
import type { Plan } from './plan.ts';
import { printExpr } from './print-expression.ts';

export interface Names {
  /** The identifier of a node that has one. */
  nameOf(node: Node): string | undefined;
  /** Notes that bits `high` to `low` of a value with a name are read. */
  use(node: Node, high: number, low: number): void;
}

export const literal = (value: bigint, width: number, signed = false): Expr => ({
  kind: 'literal',
  width,
  value: BigInt.asUintN(width, value),
  signed,
});

export class Expressions {
  readonly #names: Names;
  readonly #plan: Plan;
  readonly #isNamed = (n: Node): boolean => this.#names.nameOf(n) !== undefined;

  constructor(names: Names, plan: Plan) {
    this.#names = names;
    this.#plan = plan;
  }

  /** The value of `node` wherever it is used; of a sum as many bits as its user keeps. */
  use(node: Node): Expr {
    const known = this.#names.nameOf(node);
    if (known === undefined) return this.#inline(node);
    this.#names.use(node, this.#plan.widthOf(node) - 1, 0);
    return name(known, node.signed);
  }

  /** The value of an unsigned `node` where Verilog would take the bits of signed names as negative: an address, a comparison. */
  unsigned(node: Node): Expr {
    const e = this.use(node);
    return isSigned(e) ? { kind: 'call', name: '$unsigned', a: e } : e;
  }

  /** The value of `node` as the right side of its own declaration. */
  define(node: Node): Expr {
    return this.#natural(node) ?? this.#inline(node);
  }

  #inline(node: Node): Expr {
    return (this.#byTag[node.tag] as (n: Node) => Expr)(node);
  }

  /** Bits `high` to `low` of a value that has a name. */
  bits(node: Node, high: number, low: number): Expr {
    return this.#select(node, high, low);
  }

  /** `node` in `width` bits, extended by its own signedness. */
  widened(node: Node, width: number): Expr {
    const more = width - node.width;
    if (more === 0) return this.use(node);
    if (node.tag === 'const') return literal(node.value, width);
    if (!node.signed) return { kind: 'concat', parts: [literal(0n, more), ...this.#flat(node)] };
    const sign = this.#select(node, node.width - 1, node.width - 1);
    const copies: Expr = more === 1 ? sign : { kind: 'repeat', count: more, a: sign };
    return { kind: 'concat', parts: [copies, ...this.#flat(node)] };
  }

  /** The parts of a concatenation inside another. */
  #flat(node: Node): readonly Expr[] {
    const e = this.use(node);
    return e.kind === 'concat' ? e.parts : [e];
  }

  #joined(parts: readonly Node[]): Expr {
    const merged: Expr[] = [];
    for (const part of parts.flatMap((p) => this.#flat(p))) {
      const both = merge(merged.at(-1), part);
      if (both === undefined) merged.push(part);
      else merged[merged.length - 1] = both;
    }
    const runs = repeated(merged);
    return runs.length === 1 && runs[0]!.kind !== 'repeat' ? runs[0]! : { kind: 'concat', parts: runs };
  }

  #narrowed(n: NodeOf<'resize' | 'slice'>): Expr {
    const whole = this.#plan.widthOf(n.a) < n.a.width; // a sum in as many bits as are wanted
    return whole ? this.use(n.a) : this.#select(n, n.width - 1, 0);
  }

  #select(node: Node, high: number, low: number): Expr {
    const found = this.#isNamed(node) ? { base: node, low: 0 } : this.#plan.selectionOf(node, this.#isNamed);
    const base = found.base;
    if (base.tag === 'const') return literal(base.value >> BigInt(low + found.low), high - low + 1);
    if (base.width === 1 || (low + found.low === 0 && high + 1 === base.width)) return this.use(base);
    const known = this.#names.nameOf(base);
    if (known === undefined) throw new Error(`no name to select from: ${base.tag} at ${base.location}`);
    this.#names.use(base, high + found.low, low + found.low);
    return { kind: 'select', name: known, high: high + found.low, low: low + found.low };
  }

  /** Operands at the width of the result. */
  #wide(op: BinaryOp): (n: NodeOf<'add' | 'sub' | 'mul'>) => Expr {
    return (n) => {
      const width = this.#plan.widthOf(n);
      return binary(op, this.#resized(n.a, width), this.#resized(n.b, width));
    };
  }

  /** `node` extended to `width` bits, or its low bits. */
  #resized(node: Node, width: number): Expr {
    if (this.#plan.widthOf(node) === width) return this.use(node);
    return node.width <= width ? this.widened(node, width) : this.#select(node, width - 1, 0);
  }

  #plain(op: BinaryOp): (n: NodeOf<'and' | 'or' | 'xor'>) => Expr {
    return (n) => binary(op, this.use(n.a), this.use(n.b));
  }

  /** Linters dislike constant amounts that shift every bit out. */
  #shift(op: '<<' | '>>'): (n: NodeOf<'shl' | 'shr'>) => Expr {
    return (n) => {
      const amount = this.use(n.b);
      return passes(amount, n.width) ? literal(0n, n.width) : binary(op, this.#resized(n.a, n.width), amount);
    };
  }

  /** The other operand, where one is the constant that changes nothing. */
  #neutral({ a, b }: NodeOf<'and' | 'or'>, value: bigint): Expr | undefined {
    const is = (n: Node): boolean => n.tag === 'const' && n.value === value;
    if (is(a)) return this.use(b);
    return is(b) ? this.use(a) : undefined;
  }

  #natural(node: Node): Expr | undefined {
    if (node.tag === 'shr' && node.signed) {
      const amount = this.use(node.b);
      const all = literal(BigInt(node.width - 1), node.b.width);
      return binary('>>>', this.#signed(node.a), passes(amount, node.width) ? all : amount);
    }
    if (node.tag !== 'add' && node.tag !== 'sub' && node.tag !== 'mul') return undefined;
    if (this.#plan.widthOf(node) < node.width) return undefined;
    const { a, b } = node;
    if (!this.#isSimple(a) || !this.#isSimple(b)) return undefined;
    if (node.tag === 'mul') return binary('*', this.#operand(a, a.width), this.#operand(b, b.width));
    const width = node.width - 1;
    if (a.signed && (isNarrow(a, width) || isNarrow(b, width))) return undefined; // a concatenation would make the sum unsigned
    return binary(node.tag === 'add' ? '+' : '-', this.#operand(a, width), this.#operand(b, width));
  }

  #isSimple(n: Node): boolean {
    return n.tag === 'const' || this.#isNamed(n);
  }

  #operand(node: Node, width: number): Expr {
    return node.tag === 'const' ? literal(node.value, width, node.signed) : this.widened(node, width);
  }

  /** A value that Verilog takes as signed. */
  #signed(node: Node): Expr {
    if (node.tag === 'const') return literal(node.value, node.width, true);
    const e = this.use(node);
    return this.#names.nameOf(node) === undefined ? { kind: 'call', name: '$signed', a: e } : e;
  }

  /** `a < b`, or its inverse; a constant stands on the right. */
  #less({ a, b }: NodeOf<'lt'>, inverse: boolean): Expr {
    const value = (n: Node): Expr => (a.signed ? this.#signed(n) : this.unsigned(n));
    if (a.tag === 'const') return binary(inverse ? '<=' : '>', value(b), value(a));
    return binary(inverse ? '>=' : '<', value(a), value(b));
  }

  #not(n: NodeOf<'not'>): Expr {
    const { a } = n;
    if (this.#names.nameOf(a) === undefined) {
      if (a.tag === 'eq') return binary('!=', this.use(a.a), this.use(a.b));
      if (a.tag === 'lt') return this.#less(a, true);
    }
    return unary('~', this.use(a));
  }

  #declaredOnly(n: Node): never {
    throw new Error(`${n.tag} made at ${n.location} has no name`);
  }

  readonly #byTag: { readonly [T in Tag]: (node: NodeOf<T>) => Expr } = {
    const: (n) => literal(n.value, n.width),
    input: (n) => this.#declaredOnly(n),
    wire: (n) => this.#declaredOnly(n),
    reg: (n) => this.#declaredOnly(n),
    read: (n) => this.#declaredOnly(n),
    result: (n) => this.#declaredOnly(n),
    popcount: (n) => this.#declaredOnly(n),
    not: (n) => this.#not(n),
    any: (n) => (n.a.width === 1 ? this.use(n.a) : unary('|', this.use(n.a))),
    parity: (n) => (n.a.width === 1 ? this.use(n.a) : unary('^', this.use(n.a))),
    resize: (n) => (n.width > n.a.width ? this.widened(n.a, n.width) : this.#narrowed(n)),
    slice: (n) => this.#narrowed(n),
    add: this.#wide('+'),
    sub: this.#wide('-'),
    mul: this.#wide('*'),
    and: (n) => this.#neutral(n, n.signed ? -1n : (1n << BigInt(n.width)) - 1n) ?? this.#plain('&')(n),
    or: (n) => this.#neutral(n, 0n) ?? this.#plain('|')(n),
    xor: this.#plain('^'),
    eq: (n) => binary('==', this.use(n.a), this.use(n.b)),
    lt: (n) => this.#less(n, false),
    shl: this.#shift('<<'),
    shr: this.#shift('>>'),
    mux: (n) => ({ kind: 'conditional', test: this.use(n.select), yes: this.use(n.a), no: this.use(n.b) }),
    cat: (n) => this.#joined(n.parts),
  };
}

const isNarrow = (n: Node, width: number): boolean => n.tag !== 'const' && n.width < width;

/** Whether a shift is by a constant of the width or more. */
const passes = (amount: Expr, width: number): boolean => amount.kind === 'literal' && amount.value >= BigInt(width);

/** Two neighbours of a concatenation as one part: adjacent bits of a name, or two literals. */
function merge(high: Expr | undefined, low: Expr): Expr | undefined {
  if (high?.kind === 'select' && low.kind === 'select') {
    return high.name === low.name && high.low === low.high + 1 ? { ...high, low: low.low } : undefined;
  }
  if (high?.kind !== 'literal' || low.kind !== 'literal') return undefined;
  return literal((high.value << BigInt(low.width)) | low.value, high.width + low.width);
}

/** Runs of equal parts written as a replication. */
function repeated(parts: readonly Expr[]): Expr[] {
  const out: Expr[] = [];
  for (let i = 0; i < parts.length; ) {
    const part = parts[i]!;
    const text = printExpr(part);
    let end = i + 1;
    while (end < parts.length && printExpr(parts[end]!) === text) end++;
    out.push(end === i + 1 ? part : { kind: 'repeat', count: end - i, a: part });
    i = end;
  }
  return out;
}
