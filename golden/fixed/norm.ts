/** RMSNorm in integers: the sum of squares exactly, 1/rms as a mantissa and an exponent that multiply the product behind the norm. */
import { type Rsqrt, rsqrtFixed } from './tables.ts';

/** sum x[i]^2 over from...to-1, exact: below 2^64 for 24-bit x and up to 2^17 elements. */
export function sumOfSquares(x: ArrayLike<number>, from: number, to: number): bigint {
  let high = 0;
  let low = 0;
  for (let i = from; i < to; i++) {
    const square = x[i]! * x[i]!;
    const upper = Math.floor(square / 2 ** 26);
    high += upper;
    low += square - upper * 2 ** 26;
  }
  return BigInt(high) * 2n ** 26n + BigInt(low);
}

/** eps width in units of x^2, x in units of 2^unit; at least 1, so that there is always a root. */
export function epsilonFor(eps: number, width: number, unit: number): bigint {
  return BigInt(Math.max(1, Math.floor(eps * width * 2 ** (-2 * unit) + 0.5)));
}

/**
 * 1 / sqrt(sum x^2 + epsilon): 1/rms is this times sqrt(width) 2^-unit, of which sqrt(width) is folded into the projection's weights.
 * Relative error at most 2^-16 (tables.ts).
 */
export function inverseNorm(x: ArrayLike<number>, from: number, to: number, epsilon: bigint): Rsqrt {
  return rsqrtFixed(sumOfSquares(x, from, to) + epsilon);
}
