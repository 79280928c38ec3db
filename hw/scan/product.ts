/**
 * Products in look-up tables. The factor x that many products share is multiplied once by -1 and by -3; each product then takes two
 * bits of its other factor y at a time, a digit, which chooses a multiple of x that is subtracted.
 *
 *     digit      0   1   2   3      most significant, signed:  0   1  -2  -1
 *     multiple   0  -x -2x -3x                                  0  -x  2x   x
 *
 * A bit of such a row depends on six values (the sum so far, x, 2x, 3x, the digit): one LUT6 in front of the carry chain does two
 * bits of y. It is a subtraction because Yosys takes the operands of a sum in either order, and the other one costs a LUT more.
 */
import { cat, type ModuleBuilder, type Pipeline, pack, type SInt, sint, type UInt, uint } from '../../gen/index.ts';
import { resized } from '../width.ts';

/** Where the wide products are made: in DSP blocks, one each, or in look-up tables. */
export type ProductStyle = 'dsp' | 'logic';

export interface ProductPart {
  /** Lowest bits that are left out (even; floor); default 0. */
  readonly dropped?: number;
  /** Bits that are known to hold the rest; default as many as the factors have. */
  readonly bits?: number;
}

/** Products that share a factor. */
export interface Factor {
  /** Times a number in two's complement. */
  times(y: SInt, name: string, part?: ProductPart): SInt;
}
/** Stages from x to its `Factor`, and from the later of that and y to the product. */
export const factorStages = (style: ProductStyle): number => (style === 'dsp' ? 0 : 1);
export const productStages = (style: ProductStyle, bits: number): number => (style === 'dsp' ? 1 : logicStages(bits));

export function factorOf(m: ModuleBuilder, pipe: Pipeline, style: ProductStyle, x: SInt, name: string): Factor {
  const part = (y: SInt, { dropped = 0, bits = x.width + y.width - dropped }: ProductPart = {}) => ({ dropped, bits });
  if (style === 'dsp') {
    const times: Factor['times'] = (y, as, of) => {
      const { dropped, bits } = part(y, of);
      return pipe.join({ x, y }, (v) => pipe.stage(as, v.x.mul(v.y).shr(dropped).trunc(bits)));
    };
    return { times };
  }
  const multiples = multiplesOf(m, pipe, x, [-(2 ** (x.width - 1)), 2 ** (x.width - 1) - 1], name);
  const times: Factor['times'] = (y, as, of) => {
    const { dropped, bits } = part(y, of);
    return resized(logicProduct(m, pipe, multiples, y, as, { dropped }), bits);
  };
  return { times };
}

/** Least and most of a value. */
type Range = readonly [least: number, most: number];

/** x and its multiples at one latency. */
export interface Multiples {
  readonly range: Range;
  readonly one: SInt;
  readonly minusOne: SInt;
  readonly minusThree: SInt;
}

/** Bits in two's complement of what is in a range. */
const signedBits = ([least, most]: Range): number =>
  1 + Math.max(Math.ceil(Math.log2(most + 1)), Math.ceil(Math.log2(-least)), 0);

/** A stage for x, which is in the range: without a sign where that is never negative. */
function staged(pipe: Pipeline, name: string, x: SInt, range: Range): SInt {
  const bits = Math.min(x.width, signedBits(range));
  if (range[0] < 0) return pipe.stage(name, resized(x, bits));
  return pipe.stage(name, resized(x, bits - 1).asUnsigned()).toSigned();
}

/** 1 stage; x is in the range. */
export function multiplesOf(m: ModuleBuilder, pipe: Pipeline, x: SInt, range: Range, name: string): Multiples {
  const [least, most] = range;
  const minus = (n: SInt): SInt => m.constant(x.type, 0).sub(n);
  return {
    range,
    one: staged(pipe, `${name}_x1`, x, range),
    minusOne: staged(pipe, `${name}_m1`, minus(x), [-most, -least]),
    minusThree: staged(pipe, `${name}_m3`, minus(x).sub(x.shl(1)), [-3 * most, -3 * least]),
  };
}

const quarter = ([least, most]: Range): Range => [Math.floor(least / 4), Math.floor(most / 4)];

/** Of floor(sum / 4) less a multiple of x: of 0 to 3, or if it is the last one of -2 to 1. */
function nextRange(sum: Range, [least, most]: Range, last: boolean): Range {
  const multiples = last ? [0, most, least, -2 * most, -2 * least] : [0, 3 * most, 3 * least];
  const [from, to] = quarter(sum);
  return [from - Math.max(...multiples), to - Math.min(...multiples)];
}

/** Stages of a product with a factor of `bits` bits. */
export const logicStages = (bits: number): number => Math.ceil(bits / 2);

/**
 * x y + addend without its `dropped` lowest bits (even; floor), for y in two's complement. x and the addend meet digit i of y at its
 * latency + i, so that lanes share their delays. `logicStages(y.width)` stages.
 */
export function logicProduct(
  m: ModuleBuilder,
  pipe: Pipeline,
  x: Multiples,
  y: SInt,
  name: string,
  { addend = m.constant(uint(1), 0), dropped = 0 }: { readonly addend?: UInt; readonly dropped?: number } = {},
): SInt {
  const rows = logicStages(y.width);
  const digits = y.ext(2 * rows);
  let sum: SInt = addend.toSigned();
  // Not shifted yet: the first row takes the addend as it is.
  let range: Range = [0, 4 * 2 ** addend.width];
  let settled: UInt[] = [];
  for (let i = 0; i < rows; i++) {
    const [odd, two] = [2 * i, 2 * i + 1].map((k) => digits.bit(k).named(`${name}_${k}`)) as [UInt, UInt];
    const last = i === rows - 1;
    range = nextRange(range, x.range, last);
    const far = last ? { x3: x.one, x1: x.one } : { x3: x.minusThree, x1: x.minusOne };
    const settles = 2 * i >= dropped;
    const row = pipe.join({ sum, odd, two, near: x.minusOne, ...far }, (v) => {
      const { width } = x.minusThree;
      const near = v.odd.mux(v.near.ext(width), m.constant(sint(width), 0));
      const multiple = v.two.mux(v.odd.mux(v.x3.ext(width), v.x1.shl(1).ext(width)), near);
      const total = v.sum.sub(multiple);
      return staged(pipe, `${name}_row_${i}`, settles ? total : total.shr(2), settles ? range : quarter(range));
    });
    const now = pipe.latency(row);
    settled = settled.map((s) => pipe.at(s, now));
    if (settles) settled.push(row.slice(1, 0));
    sum = settles ? row.shr(2) : row;
  }
  const rest = sum.shr(Math.min(sum.width - 1, Math.max(0, dropped - 2 * rows)));
  return (settled.length === 0 ? rest : cat(sum, pack(settled)).asSigned()).named(name);
}
