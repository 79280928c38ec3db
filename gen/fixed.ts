/**
 * Fixed-point values. Arithmetic grows so that it is exact, whatever the two binary points are; bits are lost in
 * `quantize` alone, which names the rounding and the overflow. A number may stand for an operand when it is a multiple of
 * the other operand's step.
 */
import { roundShift, saturate } from './arithmetic.ts';
import type { Below, NodeFactory } from './factory.ts';
import { bitsFor, type Node } from './ir.ts';
import { codeOfLiteral, literal, scaled } from './literal.ts';
import { wholeShift } from './mistakes.ts';
import { overflows, type Quantization, roundings } from './quantize.ts';
import { type Fixed, type Sign, showShape } from './shape.ts';
import { Signal, type UInt } from './signal.ts';
import { Leaf, type Literal } from './value.ts';

type Operand<S extends Sign> = FixedSignal<S> | Literal;

/** A fixed-point value: an integer, `raw`, in steps of 2^-fraction. */
export class FixedSignal<S extends Sign = Sign> extends Leaf<Fixed<S>> {
  readonly fraction: number;

  constructor(module: NodeFactory, node: Node, fraction: number) {
    super(module, node);
    this.fraction = fraction;
  }
  get type(): Fixed<S> {
    const { width, signed } = this.node;
    return { kind: 'fixed', sign: (signed ? 'signed' : 'unsigned') as S, width, signed, fraction: this.fraction };
  }
  like(node: Node): FixedSignal<S> {
    return new FixedSignal<S>(this.module, node, this.fraction);
  }

  /** The integer that counts steps of 2^-fraction. */
  get raw(): Signal<S> {
    return new Signal<S>(this.module, this.node);
  }

  /** Exact sum: the finer of the two steps, one bit above the wider integer part. */
  add(other: Operand<S>): FixedSignal<S> {
    return combine(this, other, this.add, (a, b) => a.add(b));
  }
  /** Exact difference, signed; grows as `add`. */
  sub(other: Operand<S>): FixedSignal<'signed'> {
    return combine(this, other, this.sub, (a, b) => a.sub(b));
  }
  /** Exact product: integer and fraction bits add up; a number counts with the bits that it needs. */
  mul(other: Operand<S>): FixedSignal<S> {
    return this.module.located(() => {
      const b = other instanceof FixedSignal ? operand(this, other, 'mul') : shortest(operand(this, other, 'mul'));
      return new FixedSignal<S>(this.module, this.raw.mul(b.raw).node, this.fraction + b.fraction);
    }, this.mul);
  }
  /** Exact: signed, one bit wider. */
  neg(): FixedSignal<'signed'> {
    return this.module.located(() => {
      const zero = new Signal<S>(this.module, literal(this.module, 0n, { ...this.type, width: 1 }, this.node.location));
      return new FixedSignal<'signed'>(this.module, zero.sub(this.raw).node, this.fraction);
    }, this.neg);
  }
  /** Times 2^n, for any whole n: the binary point moves, the bits stay. */
  shl(n: number): FixedSignal<S> {
    return this.#moved(n, -1, this.shl);
  }
  /** Divided by 2^n, for any whole n: the binary point moves, the bits stay. */
  shr(n: number): FixedSignal<S> {
    return this.#moved(n, 1, this.shr);
  }
  #moved(n: number, direction: 1 | -1, below: Below): FixedSignal<S> {
    if (!Number.isInteger(n)) this.module.report(wholeShift(n, this.module.locate(below)));
    return new FixedSignal<S>(this.module, this.node, this.fraction + (Number.isInteger(n) ? direction * n : 0));
  }
  /** The same number as a signed value: one bit wider when it was unsigned. */
  toSigned(): FixedSignal<'signed'> {
    return this.module.located(
      () => new FixedSignal<'signed'>(this.module, this.raw.toSigned().node, this.fraction),
      this.toSigned,
    );
  }

  eq(other: Operand<S>): UInt {
    return compare(this, other, this.eq, (a, b) => a.eq(b));
  }
  ne(other: Operand<S>): UInt {
    return compare(this, other, this.ne, (a, b) => a.ne(b));
  }
  lt(other: Operand<S>): UInt {
    return compare(this, other, this.lt, (a, b) => a.lt(b));
  }
  ge(other: Operand<S>): UInt {
    return compare(this, other, this.ge, (a, b) => a.ge(b));
  }
  gt(other: Operand<S>): UInt {
    return compare(this, other, this.gt, (a, b) => a.gt(b));
  }
  le(other: Operand<S>): UInt {
    return compare(this, other, this.le, (a, b) => a.le(b));
  }

  /** The same number in a type that holds every value of this one. */
  ext(type: Fixed<S>): FixedSignal<S> {
    return this.module.located(() => {
      const { module, raw, fraction } = this;
      if (!holds(type, this.type)) {
        module.report({
          id: 'binary-point',
          what: '.ext to a type that cannot hold every value',
          location: module.locate(this.ext),
          expected: `at least the integer and fraction bits of ${showShape(this.type)}, and its sign`,
          found: showShape(type),
          remedy: 'widen the type, or use .quantize, which names the rounding and the overflow',
        });
        return new FixedSignal<S>(module, literal(module, 0n, type, module.locate(this.ext)), type.fraction);
      }
      return new FixedSignal<S>(module, raw.shl(type.fraction - fraction).ext(type.width).node, type.fraction);
    }, this.ext);
  }

  /** The number in another type, rounded and then brought into range as named. */
  quantize<R extends Sign>(type: Fixed<R>, { rounding, overflow }: Quantization): FixedSignal<R> {
    return this.module.located(() => {
      const { module, raw } = this;
      if (!roundings.includes(rounding) || !overflows.includes(overflow)) {
        unknownMode(module, rounding, overflow, this.quantize);
        return new FixedSignal<R>(module, literal(module, 0n, type, this.node.location), type.fraction);
      }
      const dropped = this.fraction - type.fraction;
      const rounded: Signal = dropped > 0 ? roundShift(raw, dropped, rounding) : raw.shl(-dropped);
      const bits = { ...type, kind: 'bits' } as const;
      const kept = overflow === 'saturate' ? saturate(rounded, bits) : wrap(rounded, bits.width, bits.signed);
      return new FixedSignal<R>(module, kept.node, type.fraction);
    }, this.quantize);
  }
}

function unknownMode(module: NodeFactory, rounding: string, overflow: string, below: Below): void {
  module.report({
    id: 'quantization',
    what: 'quantize needs a rounding and an overflow by name',
    location: module.locate(below),
    expected: `rounding: ${roundings.join(', ')}; overflow: ${overflows.join(', ')}`,
    found: `rounding: ${rounding}; overflow: ${overflow}`,
    remedy: 'name both, e.g. { rounding: "half-even", overflow: "saturate" }',
  });
}

/** The low bits, read in the signedness of the target. */
function wrap(x: Signal, width: number, signed: boolean): Signal {
  const bits: Signal = width < x.width ? x.trunc(width) : x.ext(width);
  return signed ? bits.asSigned() : bits.asUnsigned();
}

const holds = (type: Fixed, value: Fixed): boolean =>
  type.signed === value.signed &&
  type.fraction >= value.fraction &&
  type.width - type.fraction >= value.width - value.fraction;

/** The other operand; a number becomes a constant of the fewest bits at the same binary point. */
function operand<S extends Sign>(self: FixedSignal<S>, other: Operand<S>, op: string): FixedSignal<S> {
  const { module, type } = self;
  if (other instanceof FixedSignal) {
    if (other.node.signed === type.signed) return other;
    module.report({
      id: 'sign-mismatch',
      what: `the operands of ${op} differ in sign`,
      location: module.locate(operand),
      expected: `two values of one sign, as the first: ${showShape(type)}`,
      found: `${showShape(type)} and ${showShape(other.type)}`,
      remedy: 'use .toSigned()',
    });
    return self;
  }
  const at = module.locate(operand);
  const code = scaled(other, type.fraction) ?? codeOfLiteral(module, type, other, `an operand of ${op}`, at) ?? 0n;
  return self.like(literal(module, code, { signed: type.signed, width: bitsFor(code, type.signed) }, at));
}

/** A constant in the fewest bits: zeros at the low end move the binary point instead. */
function shortest<S extends Sign>(constant: FixedSignal<S>): FixedSignal<S> {
  const { module, node, fraction } = constant;
  if (node.tag !== 'const' || node.value === 0n) return constant;
  const zeros = (node.value & -node.value).toString(2).length - 1;
  const value = node.value >> BigInt(zeros);
  const type = { signed: node.signed, width: bitsFor(value, node.signed) };
  return new FixedSignal<S>(module, literal(module, value, type, node.location), fraction - zeros);
}

/** Both operands in steps of the finer one, through `op`. */
function combine<S extends Sign, R extends Sign>(
  self: FixedSignal<S>,
  other: Operand<S>,
  below: Below,
  op: (a: Signal<S>, b: Signal<S>) => Signal<R>,
): FixedSignal<R> {
  return self.module.located(() => {
    const { a, b, fraction } = aligned(self, other, below.name);
    return new FixedSignal<R>(self.module, op(a, b).node, fraction);
  }, below);
}

function compare<S extends Sign>(
  self: FixedSignal<S>,
  other: Operand<S>,
  below: Below,
  op: (a: Signal<S>, b: Signal<S>) => UInt,
): UInt {
  return self.module.located(() => {
    const { a, b } = aligned(self, other, below.name);
    const width = Math.max(a.width, b.width);
    return op(a.ext(width), b.ext(width));
  }, below);
}

function aligned<S extends Sign>(self: FixedSignal<S>, other: Operand<S>, op: string) {
  const right = operand(self, other, op);
  const fraction = Math.max(self.fraction, right.fraction);
  return { a: self.raw.shl(fraction - self.fraction), b: right.raw.shl(fraction - right.fraction), fraction };
}
