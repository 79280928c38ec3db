/**
 * Signals: the typed handles with which a design is written. A `Signal<'unsigned'>` and a `Signal<'signed'>` do not mix;
 * arithmetic grows so that it is exact, and every loss of bits is asked for by name (`trunc`, `slice`, `shr`, `shiftLeft`).
 * A plain number may stand for an operand: it takes the type of the other side (in `add`, `sub`, `mul`: the fewest bits).
 */
import { DesignError } from './diagnostic.ts';
import type { Below, NodeDraft } from './factory.ts';
import { nodesOf } from './fitting.ts';
import { bitsFor, type Node } from './ir.ts';
import { literal, wholeNumber, withoutType } from './literal.ts';
import { Location } from './location.ts';
import { noSuchWidth } from './mistakes.ts';
import { type Arithmetic, arithmetic, bitwise, compare, invert, part, resize } from './operations.ts';
import { type Bits, bit, isWidth, type Shape, type Sign, showType, uint, widest } from './shape.ts';
import { build, Leaf, type Literal, leavesOf, type Readable, type Shapely, shapeOf, type Value } from './value.ts';

/** What an operator takes beside its signal: a signal of the same sign, or a number. */
export type Operand<S extends Sign> = Signal<S> | Literal;
/** An integer from 0 to 2^width - 1. */
export type UInt = Signal<'unsigned'>;
/** An integer in two's complement, from -2^(width - 1) to 2^(width - 1) - 1. */
export type SInt = Signal<'signed'>;

/** An integer of `width` bits. */
export class Signal<S extends Sign = Sign> extends Leaf<Bits<S>> {
  get type(): Bits<S> {
    const { width, signed } = this.node;
    return { kind: 'bits', sign: (signed ? 'signed' : 'unsigned') as S, width, signed };
  }
  like(node: Node): Signal<S> {
    return new Signal<S>(this.module, node);
  }

  /** Exact sum: one bit wider than the wider operand. */
  add(other: Operand<S>): Signal<S> {
    return this.#arithmetic('add', other, this.add);
  }
  /** Exact difference: signed, one bit wider than the wider operand. */
  sub(other: Operand<S>): SInt {
    return this.#arithmetic('sub', other, this.sub);
  }
  /** Exact product: as wide as both operands together. */
  mul(other: Operand<S>): Signal<S> {
    return this.#arithmetic('mul', other, this.mul);
  }

  /** Both, bit by bit, of two values of one type; the type stays. */
  and(other: Operand<S>): Signal<S> {
    return this.#bitwise('and', other, this.and);
  }
  /** Either, bit by bit, of two values of one type; the type stays. */
  or(other: Operand<S>): Signal<S> {
    return this.#bitwise('or', other, this.or);
  }
  /** The bits that differ, of two values of one type; the type stays. */
  xor(other: Operand<S>): Signal<S> {
    return this.#bitwise('xor', other, this.xor);
  }
  /** Every bit inverted; the type stays. */
  not(): Signal<S> {
    const at = this.module.locate(this.not);
    const { width, signed } = this.node;
    return this.#made({ tag: 'not', width, signed, a: this.node }, at);
  }

  /** 1 when both, of one type, are equal. */
  eq(other: Operand<S>): UInt {
    return this.#compare('eq', other, this.eq);
  }
  /** 1 when both, of one type, differ. */
  ne(other: Operand<S>): UInt {
    return this.#inverse(this.#compare('eq', other, this.ne));
  }
  /** 1 when this is less than the other, of the same type. */
  lt(other: Operand<S>): UInt {
    return this.#compare('lt', other, this.lt);
  }
  /** 1 when this is the other, of the same type, or greater. */
  ge(other: Operand<S>): UInt {
    return this.#inverse(this.#compare('lt', other, this.ge));
  }
  /** 1 when this is greater than the other, of the same type. */
  gt(other: Operand<S>): UInt {
    return this.#compare('gt', other, this.gt);
  }
  /** 1 when this is the other, of the same type, or less. */
  le(other: Operand<S>): UInt {
    return this.#inverse(this.#compare('gt', other, this.le));
  }

  /** This one bit chooses between two values of one shape: `yes` when 1, `no` when 0. One of them may be plain numbers. */
  mux<T extends Shape>(yes: Shapely<T>, no: Value<T>): Readable<T>;
  mux<T extends Shape>(yes: Value<T>, no: Shapely<T>): Readable<T>;
  mux(yes: unknown, no: unknown): unknown {
    const at = this.module.locate(this.mux);
    const select = this.#select(at);
    const typed = leavesOf(yes).length > 0 ? yes : no;
    const leaves = leavesOf(typed);
    if (leaves.length === 0) {
      this.module.report(withoutType('a choice between plain numbers', yes, at));
      return this;
    }
    const shape = shapeOf(typed as Readable<Shape>);
    const [whenSet, whenClear] = [
      nodesOf(this.module, shape, yes, 'the first value of mux', at),
      nodesOf(this.module, shape, no, 'the second value of mux', at),
    ];
    let i = 0;
    return build(shape, '', () => {
      const leaf = leaves[i]!;
      const a = whenSet?.[i] ?? leaf.node;
      const b = whenClear?.[i++] ?? leaf.node;
      return leaf.like(this.module.create({ tag: 'mux', width: a.width, signed: a.signed, select, a, b }, at));
    });
  }

  /** Bits `high` down to `low`, both included. */
  slice(high: number, low: number): UInt {
    const at = this.module.locate(this.slice);
    return this.#part(high, low, at);
  }
  /** Bit `index`. */
  bit(index: number): UInt {
    const at = this.module.locate(this.bit);
    return this.#part(index, index, at);
  }
  /** The low `width` bits; the bits above are dropped. */
  trunc(width: number): Signal<S> {
    const at = this.module.locate(this.trunc);
    if (!(width >= 1 && width <= this.width && Number.isInteger(width)))
      return this.#refuse('trunc', `1 to ${this.width}`, width, '.ext to widen', at);
    return this.#resized(width, this.node.signed, at);
  }
  /** The same number in `width` bits, sign- or zero-extended. */
  ext(width: number): Signal<S> {
    const at = this.module.locate(this.ext);
    if (!(width >= this.width && width <= widest && Number.isInteger(width)))
      return this.#refuse('ext', `${this.width} or more`, width, '.trunc to narrow', at);
    return this.#resized(width, this.node.signed, at);
  }
  /** The same bits read as unsigned. */
  asUnsigned(): UInt {
    return this.#resized(this.width, false, this.module.locate(this.asUnsigned));
  }
  /** The same bits read as two's complement. */
  asSigned(): SInt {
    return this.#resized(this.width, true, this.module.locate(this.asSigned));
  }
  /** The same number as a signed value: one bit wider when it was unsigned. */
  toSigned(): SInt {
    return this.#resized(this.width + (this.node.signed ? 0 : 1), true, this.module.locate(this.toSigned));
  }

  /** Times 2^n: n bits wider. */
  shl(n: number): Signal<S> {
    const at = this.module.locate(this.shl);
    if (!this.#shifts(n, widest - this.width, at) || n === 0) return this;
    const width = this.width + n;
    const parts = [this.node, literal(this.module, 0n, uint(n), at)];
    const wide = this.module.create({ tag: 'cat', width, signed: false, parts }, at);
    return this.#as(resize(this.module, wide, width, this.node.signed, at));
  }
  /** Divided by 2^n, rounded down: n bits narrower; the low bits are dropped. */
  shr(n: number): Signal<S> {
    const at = this.module.locate(this.shr);
    if (!this.#shifts(n, this.width - 1, at) || n === 0) return this;
    this.module.dropped(this.node, n - 1, 0);
    const high = part(this.module, this.node, this.width - 1, n, at);
    return this.#as(resize(this.module, high, high.width, this.node.signed, at));
  }
  /** Times 2^amount, the low `width` bits of it: 0 where the amount is `width` or more. */
  shiftLeft(amount: UInt, width: number): Signal<S> {
    const at = this.module.locate(this.shiftLeft);
    if (!isWidth(width)) {
      this.module.report(noSuchWidth('.shiftLeft', width, at));
      return this;
    }
    const a = resize(this.module, this.node, width, this.node.signed, at);
    return this.#made({ tag: 'shl', width, signed: a.signed, a, b: this.#amount(amount, at) }, at);
  }
  /** Divided by 2^amount, rounded down; the width stays. Where the amount is the width or more: 0, or -1 of a negative value. */
  shiftRight(amount: UInt): Signal<S> {
    const at = this.module.locate(this.shiftRight);
    const { width, signed } = this.node;
    return this.#made({ tag: 'shr', width, signed, a: this.node, b: this.#amount(amount, at) }, at);
  }

  /** Number of ones. */
  popcount(): UInt {
    const width = bitsFor(BigInt(this.width));
    return this.#reduce('popcount', width, this.module.locate(this.popcount));
  }
  /** 1 when any bit is 1. */
  any(): UInt {
    return this.#reduce('any', 1, this.module.locate(this.any));
  }
  /** 1 when every bit is 1. */
  all(): UInt {
    const at = this.module.locate(this.all);
    const ones = literal(this.module, this.node.signed ? -1n : (1n << BigInt(this.width)) - 1n, this.node, at);
    return this.#as(compare(this.module, 'eq', this.node, ones, at));
  }
  /** 1 when an odd number of bits is 1. */
  parity(): UInt {
    return this.#reduce('parity', 1, this.module.locate(this.parity));
  }

  /** `node` as a handle; the caller knows its sign. */
  #as<T extends Sign>(node: Node): Signal<T> {
    return node === this.node ? (this as Signal as Signal<T>) : new Signal<T>(this.module, node);
  }
  #made<T extends Sign>(draft: NodeDraft, at: Location): Signal<T> {
    return new Signal<T>(this.module, this.module.create(draft, at));
  }
  #arithmetic<T extends Sign>(tag: Arithmetic, other: Operand<Sign>, below: Below): Signal<T> {
    const at = this.module.locate(below);
    const b = other instanceof Signal ? other.node : this.#shortest(other, at);
    return this.#as(arithmetic(this.module, tag, this.node, b, at));
  }
  #bitwise(tag: 'and' | 'or' | 'xor', other: Operand<Sign>, below: Below): Signal<S> {
    const at = this.module.locate(below);
    return this.#as(bitwise(this.module, tag, this.node, this.#operand(other, at), at));
  }
  #compare(relation: 'eq' | 'lt' | 'gt', other: Operand<Sign>, below: Below): UInt {
    const at = this.module.locate(below);
    const b = this.#operand(other, at);
    if (relation === 'gt') return this.#as(compare(this.module, 'lt', b, this.node, at));
    return this.#as(compare(this.module, relation, this.node, b, at));
  }
  #inverse(flag: UInt): UInt {
    return this.#as(invert(this.module, flag.node));
  }
  #part(high: number, low: number, at: Location): UInt {
    return this.#as(part(this.module, this.node, high, low, at));
  }
  #resized<T extends Sign>(width: number, signed: boolean, at: Location): Signal<T> {
    return this.#as(resize(this.module, this.node, width, signed, at));
  }
  #operand(other: Operand<Sign>, at: Location): Node {
    if (other instanceof Signal) return other.node;
    return literal(this.module, wholeNumber(this.module, other, at), this.node, at);
  }
  /** A literal in the fewest bits. */
  #shortest(value: Literal, at: Location): Node {
    const { signed } = this.node;
    const whole = wholeNumber(this.module, value, at);
    return literal(this.module, whole, { width: bitsFor(whole, signed), signed }, at);
  }
  #shifts(n: number, most: number, location: Location): boolean {
    const possible = Number.isInteger(n) && n >= 0 && n <= most;
    if (!possible)
      this.module.report({
        id: 'shift-range',
        what: `a shift of ${showType(this.node)} by ${n}`,
        location,
        expected: `a whole number from 0 to ${most}`,
        found: `${n}`,
        remedy:
          'correct the amount; to shift all bits out, use a constant, or .shiftRight with an amount that is a signal',
      });
    return possible;
  }
  #amount(amount: UInt, location: Location): Node {
    if (!amount.node.signed) return amount.node;
    this.module.report({
      id: 'shift-amount',
      what: 'the amount of a shift is signed',
      location,
      expected: 'an unsigned amount',
      found: showType(amount.node),
      remedy: 'use .asUnsigned() where it is known not to be negative, or choose the direction with .mux',
    });
    return literal(this.module, 0n, bit, location);
  }
  #select(at: Location): Node {
    if (this.width === 1) return this.node;
    this.module.report({
      id: 'select-width',
      what: 'the select of a mux must be one bit',
      location: at,
      expected: 'uint(1)',
      found: showType(this.node),
      remedy: 'compare it, e.g. .eq(1), or take one bit with .bit(i) or .any()',
    });
    return literal(this.module, 0n, bit, at);
  }
  #reduce(tag: 'popcount' | 'any' | 'parity', width: number, at: Location): UInt {
    return this.#made({ tag, width, signed: false, a: this.node }, at);
  }
  #refuse(op: 'trunc' | 'ext', expected: string, width: number, remedy: string, location: Location): Signal<S> {
    const found = `${width}`;
    this.module.report({
      id: `${op}-width`,
      what: `.${op} to a wrong width`,
      location,
      expected,
      found,
      remedy: `use ${remedy}`,
    });
    return this;
  }
}

/** Throws where a list of signals is empty: there is no module then that could collect the mistake. */
export function checkSome(list: readonly unknown[], name: string, below: Below): void {
  if (list.length > 0) return;
  throw new DesignError(name, [
    {
      id: 'empty-list',
      what: `${name} of nothing`,
      location: Location.capture(below),
      expected: 'one signal or more',
      found: 'an empty list',
      remedy: 'correct the list; the sum of nothing is a constant of a type that only you know',
    },
  ]);
}

/** Concatenation, most significant part first. */
export function cat(...values: readonly [Signal, ...Signal[]]): UInt {
  const signals = values.filter((p) => p instanceof Signal);
  checkSome(signals, 'cat', cat);
  const { module } = signals[0]!;
  const at = module.locate(cat);
  for (const v of values) if (!(v instanceof Signal)) module.report(withoutType('a part of cat', v, at));
  const width = signals.reduce((sum, p) => sum + p.width, 0);
  const parts = signals.map((p) => p.node);
  const node =
    parts.length === 1
      ? resize(module, parts[0]!, width, false, at)
      : module.create({ tag: 'cat', width, signed: false, parts }, at);
  return new Signal(module, node);
}
