/** The operators of a mixer between its units, in integers: SiLU, step size and decay, the gate. */
import { roundShift, saturateSymmetric } from './arithmetic.ts';
import { exp2Fixed, FUNCTION_FRACTION, SOFTPLUS_FRACTION, siluFixed, softplusFixed } from './tables.ts';

/**
 * silu(value 2^from) in units of 2^to: round(siluFixed(value 2^(from + 16)) / 2^(to + 16)), before saturation. from >= -16, to >= -16, so
 * that the argument is exact. Absolute error at most 2^-15 and half a unit.
 */
export function activate(value: number, from: number, to: number): number {
  return roundShift(siluFixed(value * 2 ** (from + FUNCTION_FRACTION)), to + FUNCTION_FRACTION);
}

/** What turns a head's dt as in_proj delivers it into its step size and decay. */
export interface StepSize {
  /** Exponent of the unit of the raw dt, at least -16. */
  readonly unit: number;
  /** dt_bias, 16 fraction bits. */
  readonly bias: number;
  /** |A| log2 e = rate 2^rateUnit. */
  readonly rate: number;
  readonly rateUnit: number;
  /** Fraction bits of dt. */
  readonly dtFraction: number;
  readonly dtBits: number;
}

/**
 * dt = softplus(raw 2^unit + bias) with dtFraction fraction bits: round(softplusFixed(...) / 2^(20 - dtFraction)), at most 2^dtBits - 1;
 * `wide` is dt before that limit. decay = 2^-(dt rate) with 16 fraction bits: exp2Fixed of round(dt rate) with 16 fraction bits.
 * Absolute errors: dt 2^-16 and half a unit; decay 2^-16, and 2^-17 from rounding its exponent.
 */
export function stepSize(
  raw: number,
  s: StepSize,
): { readonly dt: number; readonly wide: number; readonly decay: number } {
  const wide = roundShift(
    softplusFixed(raw * 2 ** (s.unit + FUNCTION_FRACTION) + s.bias),
    SOFTPLUS_FRACTION - s.dtFraction,
  );
  const dt = Math.min(wide, 2 ** s.dtBits - 1);
  return { dt, wide, decay: exp2Fixed(roundShift(dt * s.rate, s.dtFraction - FUNCTION_FRACTION - s.rateUnit)) };
}

/**
 * v = round(y gate / 2^shift), gate = silu(z); `kept` is v within +-(2^(bits-1) - 1). Products of 24 and 16 bits are exact; the error is half
 * a unit of v.
 */
export function gateOutput(
  y: number,
  gate: number,
  shift: number,
  bits: number,
): { readonly wide: number; readonly kept: number } {
  const wide = roundShift(y * gate, shift);
  return { wide, kept: saturateSymmetric(wide, bits) };
}
