/**
 * Signals: the typed handles with which a design is written. A `Signal<'unsigned'>` and a `Signal<'signed'>` do not mix;
 * arithmetic grows so that it is exact, and every loss of bits is asked for by name (`trunc`, `slice`, `shr`, `shiftLeft`).
 * A plain number may stand for an operand: it takes the type of the other side (in `add`, `sub`, `mul`: the fewest bits).
 */
import { DesignError, type Diagnostic } from './diagnostic.ts';
import { nodesOf } from './fitting.ts';
import { type BitType, bitsFor, type Node } from './ir.ts';
import { literal, wholeNumber, withoutType } from './literal.ts';
import { Location } from './location.ts';
import { noSuchWidth } from './mistakes.ts';
import { type Bits, bit, isWidth, type LeafShape, type Shape, type Sign, showType, uint, widest } from './shape.ts';
import { build, Leaf, type Literal, leavesOf, type Readable, type Shapely, shapeOf, type Value } from './value.ts';

export type Below = (...args: never[]) => unknown;
type Omitted = 'id' | 'location';
type Draft<N> = N extends Node ? Omit<N, Omitted> : never;
/** A node without what the module adds: its place in the module and in the source. */
export type NodeDraft = Draft<Node>;

/** What a signal needs of the module it lives in. */
export interface NodeFactory {
  create(draft: NodeDraft, location: Location): Node;
  report(diagnostic: Diagnostic): void;
  locate(below: Below): Location;
  /** Everything made by `build` carries one location, or that of the caller of `below`. */
  located<T>(build: () => T, below?: Below | Location): T;
  /** Reports a value of more than one bit. */
  checkBit(signal: UInt, what: string, id: 'condition-width' | 'enable-width', location: Location): void;
  /** Reports a value of another module. */
  checkOwn(node: Node, location: Location): void;
  /** Bits that are dropped by name. */
  dropped(node: Node, high: number, low: number): void;
  /** Names a node; `type` tells how its value is shown. */
  name(node: Node, name: string, type: LeafShape): void;
  /** Makes `value` the driver of a net, or the next value of a register. */
  assign(target: Node, value: Node, location: Location): void;
}

export type Operand<S extends Sign> = Signal<S> | Literal;
export type UInt = Signal<'unsigned'>;
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
    return arithmetic<S>(this, other, 'add', this.add);
  }
  /** Exact difference: signed, one bit wider than the wider operand. */
  sub(other: Operand<S>): SInt {
    return arithmetic<'signed'>(this as Signal, other as Operand<Sign>, 'sub', this.sub as Below);
  }
  /** Exact product: as wide as both operands together. */
  mul(other: Operand<S>): Signal<S> {
    return arithmetic<S>(this, other, 'mul', this.mul);
  }

  and(other: Operand<S>): Signal<S> {
    return bitwise(this, other, 'and', this.and);
  }
  or(other: Operand<S>): Signal<S> {
    return bitwise(this, other, 'or', this.or);
  }
  xor(other: Operand<S>): Signal<S> {
    return bitwise(this, other, 'xor', this.xor);
  }
  not(): Signal<S> {
    const at = this.module.locate(this.not);
    return this.#make({ tag: 'not', ...bits(this.node), a: this.node }, at);
  }

  eq(other: Operand<S>): UInt {
    return compare(this, other, 'eq', this.eq);
  }
  ne(other: Operand<S>): UInt {
    return invert(compare(this, other, 'eq', this.ne));
  }
  lt(other: Operand<S>): UInt {
    return compare(this, other, 'lt', this.lt);
  }
  ge(other: Operand<S>): UInt {
    return invert(compare(this, other, 'lt', this.ge));
  }
  gt(other: Operand<S>): UInt {
    const at = this.module.locate(this.gt);
    return compareNodes(this.module, operand(this, other, this.node, at), this.node, 'lt', at);
  }
  le(other: Operand<S>): UInt {
    const at = this.module.locate(this.le);
    return invert(compareNodes(this.module, operand(this, other, this.node, at), this.node, 'lt', at));
  }

  /** This one bit chooses between two values of one shape: `yes` when 1, `no` when 0. */
  mux<T extends Shape>(yes: Shapely<T>, no: Value<T>): Readable<T>;
  mux(yes: unknown, no: unknown): unknown {
    const at = this.module.locate(this.mux);
    const select = this.#select(at);
    const leaves = leavesOf(yes);
    if (leaves.length === 0) {
      this.module.report(withoutType('the first value of mux', yes, at));
      return no;
    }
    const shape = shapeOf(yes as Readable<Shape>);
    const others = nodesOf(this.module, shape, no, 'the second value of mux', at);
    let i = 0;
    return build(shape, '', () => {
      const leaf = leaves[i]!;
      const a = leaf.node;
      const b = others?.[i++] ?? a;
      return leaf.like(this.module.create({ tag: 'mux', ...bits(a), select, a, b }, at));
    });
  }

  /** Bits `high` down to `low`, both included. */
  slice(high: number, low: number): UInt {
    const at = this.module.locate(this.slice);
    return part(this, high, low, at);
  }
  /** Bit `index`. */
  bit(index: number): UInt {
    const at = this.module.locate(this.bit);
    return part(this, index, index, at);
  }
  /** The low `width` bits; the bits above are dropped. */
  trunc(width: number): Signal<S> {
    const at = this.module.locate(this.trunc);
    if (!(width >= 1 && width <= this.width && Number.isInteger(width)))
      return this.#refuse('trunc', `1 to ${this.width}`, width, '.ext to widen', at);
    return resize<S>(this, width, this.node.signed, at);
  }
  /** The same number in `width` bits, sign- or zero-extended. */
  ext(width: number): Signal<S> {
    const at = this.module.locate(this.ext);
    if (!(width >= this.width && width <= widest && Number.isInteger(width)))
      return this.#refuse('ext', `${this.width} or more`, width, '.trunc to narrow', at);
    return resize<S>(this, width, this.node.signed, at);
  }
  /** The same bits read as unsigned. */
  asUnsigned(): UInt {
    return resize<'unsigned'>(this, this.width, false, this.module.locate(this.asUnsigned));
  }
  /** The same bits read as two's complement. */
  asSigned(): SInt {
    return resize<'signed'>(this, this.width, true, this.module.locate(this.asSigned));
  }
  /** The same number as a signed value: one bit wider when it was unsigned. */
  toSigned(): SInt {
    return resize<'signed'>(this, this.width + (this.node.signed ? 0 : 1), true, this.module.locate(this.toSigned));
  }

  /** Times 2^n: n bits wider. */
  shl(n: number): Signal<S> {
    const at = this.module.locate(this.shl);
    if (!this.#shifts(n, widest - this.width, at) || n === 0) return this;
    const zeros = literal(this.module, 0n, uint(n), at);
    const parts = [this.node, zeros];
    const wide = make<'unsigned'>(this.module, { tag: 'cat', width: this.width + n, signed: false, parts }, at);
    return this.node.signed ? resize<S>(wide, wide.width, true, at) : (wide as Signal as Signal<S>);
  }
  /** Divided by 2^n, rounded down: n bits narrower; the low bits are dropped. */
  shr(n: number): Signal<S> {
    const at = this.module.locate(this.shr);
    if (!this.#shifts(n, this.width - 1, at) || n === 0) return this;
    this.module.dropped(this.node, n - 1, 0);
    const high = part(this, this.width - 1, n, at);
    return this.node.signed ? resize<S>(high, high.width, true, at) : (high as Signal as Signal<S>);
  }
  /** Times 2^amount, the low `width` bits of it: 0 where the amount is `width` or more. */
  shiftLeft(amount: UInt, width: number): Signal<S> {
    const at = this.module.locate(this.shiftLeft);
    if (!isWidth(width)) {
      this.module.report(noSuchWidth('.shiftLeft', width, at));
      return this;
    }
    const a = resize<S>(this, width, this.node.signed, at);
    return make<S>(this.module, { tag: 'shl', ...bits(a.node), a: a.node, b: this.#amount(amount, at) }, at);
  }
  /** Divided by 2^amount, rounded down; the width stays. Where the amount is the width or more: 0, or -1 of a negative value. */
  shiftRight(amount: UInt): Signal<S> {
    const at = this.module.locate(this.shiftRight);
    return make<S>(this.module, { tag: 'shr', ...bits(this.node), a: this.node, b: this.#amount(amount, at) }, at);
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
    return compareNodes(this.module, this.node, ones, 'eq', at);
  }
  /** 1 when an odd number of bits is 1. */
  parity(): UInt {
    return this.#reduce('parity', 1, this.module.locate(this.parity));
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
    return make<'unsigned'>(this.module, { tag, width, signed: false, a: this.node }, at);
  }
  #make(draft: NodeDraft, at: Location): Signal<S> {
    return make<S>(this.module, draft, at);
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

const bits = (t: BitType): BitType => ({ width: t.width, signed: t.signed });

function make<S extends Sign>(module: NodeFactory, draft: NodeDraft, at: Location): Signal<S> {
  return new Signal<S>(module, module.create(draft, at));
}

function operand(self: Signal, other: Signal | Literal, type: BitType, at: Location): Node {
  return other instanceof Signal ? other.node : literal(self.module, wholeNumber(self.module, other, at), type, at);
}

/** A literal in the fewest bits. */
const shortest = (module: NodeFactory, value: bigint, signed: boolean, at: Location): Node =>
  literal(module, value, { width: bitsFor(value, signed), signed }, at);

function sameType(module: NodeFactory, a: BitType, b: BitType, op: string, location: Location): boolean {
  if (a.width === b.width && a.signed === b.signed) return true;
  module.report({
    id: a.signed === b.signed ? 'width-mismatch' : 'sign-mismatch',
    what: `the operands of ${op} differ in type`,
    location,
    expected: `two values of one type, as the first: ${showType(a)}`,
    found: `${showType(a)} and ${showType(b)}`,
    remedy: a.signed === b.signed ? 'widen the narrower with .ext, or narrow the wider with .trunc' : 'use .toSigned()',
  });
  return false;
}

function sameSign(module: NodeFactory, a: BitType, b: BitType, op: string, location: Location): boolean {
  if (a.signed === b.signed) return true;
  return sameType(module, a, b, op, location);
}

const growth = {
  add: (a: Node, b: Node): BitType => ({ width: Math.max(a.width, b.width) + 1, signed: a.signed }),
  sub: (a: Node, b: Node): BitType => ({ width: Math.max(a.width, b.width) + 1, signed: true }),
  mul: (a: Node, b: Node): BitType => ({ width: a.width + b.width, signed: a.signed }),
};

function arithmetic<S extends Sign>(
  self: Signal,
  other: Operand<Sign>,
  tag: keyof typeof growth,
  below: Below,
): Signal<S> {
  const { module, node: a } = self;
  const at = module.locate(below);
  let b = other instanceof Signal ? other.node : shortest(module, wholeNumber(module, other, at), a.signed, at);
  if (!sameSign(module, a, b, tag, at)) b = literal(module, 0n, a, at);
  return make<S>(module, { tag, ...growth[tag](a, b), a, b }, at);
}

function bitwise<S extends Sign>(
  self: Signal<S>,
  other: Operand<S>,
  tag: 'and' | 'or' | 'xor',
  below: Below,
): Signal<S> {
  const { module, node: a } = self;
  const at = module.locate(below);
  let b = operand(self, other, a, at);
  if (!sameType(module, a, b, tag, at)) b = literal(module, 0n, a, at);
  return make<S>(module, { tag, ...bits(a), a, b }, at);
}

function compare(self: Signal, other: Operand<Sign>, tag: 'eq' | 'lt', below: Below): UInt {
  const at = self.module.locate(below);
  return compareNodes(self.module, self.node, operand(self, other, self.node, at), tag, at);
}

function compareNodes(module: NodeFactory, a: Node, b: Node, tag: 'eq' | 'lt', at: Location): UInt {
  const right = sameType(module, a, b, tag, at) ? b : literal(module, 0n, a, at);
  if (tag === 'lt' && (isLimit(a, 'high') || isLimit(right, 'low')))
    return new Signal(module, literal(module, 0n, bit, at));
  return make<'unsigned'>(module, { tag, width: 1, signed: false, a, b: right }, at);
}

/** A constant at the end of its type's range: nothing is above or below it, which linters complain about when compared. */
function isLimit(n: Node, end: 'low' | 'high'): boolean {
  if (n.tag !== 'const') return false;
  const half = 1n << BigInt(n.width - 1);
  if (end === 'low') return n.value === (n.signed ? -half : 0n);
  return n.value === (n.signed ? half - 1n : 2n * half - 1n);
}

function invert(s: UInt): UInt {
  const { node, module } = s;
  if (node.tag === 'const') return new Signal(module, literal(module, 1n - node.value, bit, node.location));
  return make<'unsigned'>(module, { tag: 'not', width: 1, signed: false, a: node }, node.location);
}

function part(self: Signal, high: number, low: number, at: Location): UInt {
  if (!Number.isInteger(low) || !Number.isInteger(high) || low < 0 || high < low || high >= self.width) {
    self.module.report({
      id: 'slice-range',
      what: `bits ${high} down to ${low} do not exist`,
      location: at,
      expected: `0 <= low <= high <= ${self.width - 1}`,
      found: `high ${high}, low ${low} of ${showType(self.node)}`,
      remedy: 'correct the bounds; .ext widens the value first',
    });
    const asked = high - low + 1;
    const width = isWidth(asked) ? asked : 1;
    return make<'unsigned'>(self.module, { tag: 'const', width, signed: false, value: 0n }, at);
  }
  if (low === 0 && high === self.width - 1) return resize<'unsigned'>(self, self.width, false, at);
  return make<'unsigned'>(self.module, { tag: 'slice', width: high - low + 1, signed: false, a: self.node, low }, at);
}

function resize<S extends Sign>(self: Signal, width: number, signed: boolean, at: Location): Signal<S> {
  if (width === self.width && signed === self.node.signed) return self as Signal<S>;
  return make<S>(self.module, { tag: 'resize', width, signed, a: self.node }, at);
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
export function cat(...parts: readonly [Signal, ...Signal[]]): UInt {
  const signals = parts.filter((p) => p instanceof Signal);
  checkSome(signals, 'cat', cat);
  const { module } = signals[0]!;
  const at = module.locate(cat);
  for (const part of parts) if (!(part instanceof Signal)) module.report(withoutType('a part of cat', part, at));
  const width = signals.reduce((sum, p) => sum + p.width, 0);
  if (signals.length === 1) return resize<'unsigned'>(signals[0]!, width, false, at);
  return make<'unsigned'>(module, { tag: 'cat', width, signed: false, parts: signals.map((p) => p.node) }, at);
}
