/** Narrowing of numbers by name: how the bits below the last are rounded, and what becomes of a value out of range. */
import { rangeOf } from './literal.ts';
import type { Fixed } from './shape.ts';

/**
 * Where a value between two steps goes. Names of Vivado HLS `ap_fixed` and SystemC, then SpinalHDL's:
 *
 *     floor           down                         AP_TRN       SC_TRN           FLOOR
 *     toward-zero     the step nearer to 0         AP_TRN_ZERO  SC_TRN_ZERO      FLOORTOZERO
 *     half-up         nearest, halves up           AP_RND       SC_RND           ROUNDUP
 *     half-even       nearest, halves to even      AP_RND_CONV  SC_RND_CONV      ROUNDTOEVEN
 *     half-away       nearest, halves away from 0  AP_RND_INF   SC_RND_INF       ROUNDTOINF
 */
export type Rounding = 'floor' | 'toward-zero' | 'half-up' | 'half-even' | 'half-away';

/** Out of range: the low bits are kept (`wrap`: AP_WRAP, SC_WRAP), or the nearest limit is taken (`saturate`: AP_SAT, SC_SAT). */
export type Overflow = 'wrap' | 'saturate';

export interface Quantization {
  readonly rounding: Rounding;
  readonly overflow: Overflow;
}

const rounders: { readonly [R in Rounding]: (x: number) => number } = {
  floor: Math.floor,
  'toward-zero': Math.trunc,
  'half-up': (x) => Math.floor(x) + (x - Math.floor(x) >= 0.5 ? 1 : 0),
  'half-even': (x) => {
    const low = Math.floor(x);
    const rest = x - low;
    return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
  },
  'half-away': (x) => Math.sign(x) * rounders['half-up'](Math.abs(x)),
};

export const roundings = Object.keys(rounders) as readonly Rounding[];
export const overflows: readonly Overflow[] = ['wrap', 'saturate'];

/**
 * `value` as a number of the fixed-point type, as the hardware's `.quantize` gives it: to make literals and expected
 * values. Exact for types of up to 53 bits, which a number holds.
 */
export function quantize(value: number, type: Fixed, { rounding, overflow }: Quantization): number {
  const code = BigInt(rounders[rounding](value * 2 ** type.fraction));
  const [low, high] = rangeOf(type);
  const bits = type.signed ? BigInt.asIntN(type.width, code) : BigInt.asUintN(type.width, code);
  const clamped = code < low ? low : code > high ? high : code;
  return Number(overflow === 'wrap' ? bits : clamped) * 2 ** -type.fraction;
}
