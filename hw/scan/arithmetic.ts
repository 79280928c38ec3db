/** Arithmetic of the scan that gen/ does not have. */
import {
  bitsFor,
  cat,
  type ModuleBuilder,
  type Pipeline,
  repeat,
  roundShift,
  type SInt,
  type Sign,
  type Signal,
  type UInt,
  uint,
} from '../../gen/index.ts';

/** x / 2^amount rounded half up: floor((floor(2 x / 2^amount) + 1) / 2), exact for amount 0 too, and never wider than x. */
export function roundShiftBy(m: ModuleBuilder, x: SInt, amount: UInt, name: string): SInt {
  const doubled = cat(x, m.constant(uint(1), 0))
    .asSigned()
    .named(`${name}_doubled`);
  const rounded = roundShift(doubled.shiftRight(amount).named(`${name}_shifted`), 1, 'half-up');
  return rounded.trunc(x.width).named(`${name}_rounded`);
}

/** The same in a pipeline, for wide x: the larger steps of the shift, the smaller ones, the rounding. 3 stages. */
export function roundShiftedBy(m: ModuleBuilder, pipe: Pipeline, x: SInt, amount: UInt, name: string): SInt {
  const fine = amount.width >> 1;
  const doubled = cat(x, m.constant(uint(1), 0)).asSigned();
  const coarse = pipe.join({ doubled, amount }, (v) => {
    const steps = cat(v.amount.shr(fine), m.constant(uint(fine), 0));
    return pipe.stage(`${name}_coarse`, v.doubled.shiftRight(steps));
  });
  const shifted = pipe.join({ coarse, amount }, (v) =>
    pipe.stage(`${name}_shifted`, v.coarse.shiftRight(v.amount.trunc(fine))),
  );
  return pipe.stage(name, roundShift(shifted, 1, 'half-up').trunc(x.width));
}

/**
 * direct + x modulo 2^width, of one width. As 2 direct - (-1 - 2 x), halved: of a sum Yosys chooses which operand goes to the carry chain
 * beside its LUTs, and needs LUTs for that one where it is not a register; a difference leaves no choice.
 */
export const plusDirect = (direct: UInt, x: UInt): UInt =>
  direct.shl(1).sub(x.shl(1).not()).asUnsigned().shr(1).trunc(direct.width);

/** |x| for x > -2^(n-1), in n - 1 bits. */
export function magnitude(x: SInt): UInt {
  const sign = x.bit(x.width - 1);
  const size = sign
    .mux(x.not(), x)
    .asUnsigned()
    .trunc(x.width - 1);
  return size.add(sign).trunc(x.width - 1);
}

/** The nearest value with |y| <= 2^(bits-1) - 1, and whether it is another than x. */
export function saturateSymmetric(
  x: SInt,
  bits: number,
  name: string,
): { readonly value: SInt; readonly clamped: UInt } {
  const sign = x.bit(x.width - 1);
  const low = x.trunc(bits);
  const lowest = sign
    .and(
      low
        .trunc(bits - 1)
        .asUnsigned()
        .any()
        .not(),
    )
    .named(`${name}_lowest`);
  const top = x.slice(x.width - 1, bits - 1);
  const clamped = (x.width === bits ? lowest : uneven(top).or(lowest)).named(`${name}_clamped`);
  const limit = cat(sign, ...repeat(sign.not(), bits - 2), sign.or(sign.not())).asSigned();
  return { value: clamped.mux(limit, low), clamped };
}

/** Whether not all bits are equal. */
export function uneven(x: UInt): UInt {
  const sign = x.bit(x.width - 1);
  return Array.from({ length: x.width - 1 }, (_, i) => x.bit(i).xor(sign)).reduce((a, b) => a.or(b));
}

/** Bits of a whole number: 0 for 0, otherwise floor(log2 x) + 1. By halves: is it 2^(half-1) or more? */
export function bitLength(x: UInt): UInt {
  const digits: UInt[] = [];
  let rest = x;
  for (let half = 2 ** (bitsFor(BigInt(x.width)) - 1); half > 1; half /= 2) {
    const some = rest.slice(rest.width - 1, half - 1).any();
    digits.push(some);
    const lower = rest.trunc(half - 1);
    const upper = rest.width === half ? 0 : rest.shr(half).ext(half - 1);
    rest = some.mux(upper, lower);
  }
  return cat(...(digits as [UInt, ...UInt[]]), rest);
}

/** All values combined, `arity` at a time, a register after each level. */
export function reduceTree<S extends Sign>(
  pipe: Pipeline,
  name: string,
  values: readonly Signal<S>[],
  arity: number,
  combine: (a: Signal<S>, b: Signal<S>) => Signal<S>,
): Signal<S> {
  let level = values;
  for (let depth = 1; level.length > 1; depth++) {
    const from = level;
    level = Array.from({ length: Math.ceil(from.length / arity) }, (_, i) => {
      const together = from.slice(i * arity, (i + 1) * arity).reduce((a, b) => combine(a, b));
      return pipe.stage(`${name}_${depth}_${i}`, together) as unknown as Signal<S>;
    });
  }
  return level[0]!;
}

/** Stages of `reduceTree`. */
export const treeDepth = (values: number, arity: number): number => {
  let depth = 0;
  for (let n = values; n > 1; n = Math.ceil(n / arity)) depth++;
  return depth;
};
