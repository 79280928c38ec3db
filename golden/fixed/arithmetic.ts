/** The arithmetic of the integer contracts. One rounding rule everywhere: to the nearest integer, halves up. */

export const largest = (bits: number): number => 2 ** (bits - 1) - 1;
export const smallest = (bits: number): number => -(2 ** (bits - 1));

const POWERS = Float64Array.from({ length: 257 }, (_, i) => 2 ** (i - 128));

/** 2^n, from a table where it can: it is the inner loops' only costly operation. */
const power = (n: number): number => POWERS[n + 128] ?? 2 ** n;

/** x / 2^n to the nearest integer, halves up; a left shift where n < 0. Exact while |x| and the result are below 2^52. */
export const roundShift = (x: number, n: number): number => Math.floor(x * power(-n) + 0.5);

/** The nearest value that `bits` bits of two's complement hold. */
export const saturate = (x: number, bits: number): number => Math.min(largest(bits), Math.max(smallest(bits), x));

/** The nearest value with |x| <= 2^(bits-1) - 1: two's complement without its lowest value. */
export const saturateSymmetric = (x: number, bits: number): number =>
  Math.min(largest(bits), Math.max(-largest(bits), x));

/** Bits of a whole number 0 <= x < 2^53: 0 for 0, otherwise floor(log2 x) + 1. */
export const bitLength = (x: number): number =>
  x < 2 ** 32 ? 32 - Math.clz32(x) : 64 - Math.clz32(Math.floor(x / 2 ** 32));

/**
 * The power-of-two unit 2^e of a block of integers of which the largest magnitude is `most`: e = max(floor, bitLength(most) - (bits - 1)).
 * Then |x| / 2^e < 2^(bits-1); rounding may reach 2^(bits-1), which saturates to 2^(bits-1) - 1: at most 1/2 unit more than rounding.
 */
export const blockExponent = (most: number, bits: number, floor: number): number =>
  Math.max(floor, bitLength(most) - (bits - 1));

/** The smallest exponent e with |x| <= (2^(bits-1) - 1) 2^e for every |x| up to `magnitude`. */
export function exponentFor(magnitude: number, bits: number): number {
  if (magnitude === 0) return 0;
  let e = Math.ceil(Math.log2(magnitude / largest(bits)));
  while (magnitude > largest(bits) * 2 ** e) e++;
  while (magnitude <= largest(bits) * 2 ** (e - 1)) e--;
  return e;
}

/** A real number as an integer in units of 2^e, halves up, saturated. */
export const quantize = (x: number, e: number, bits: number): number => saturate(Math.floor(x * 2 ** -e + 0.5), bits);

export const maxAbs = (values: Iterable<number>): number => {
  let most = 0;
  for (const v of values) most = Math.max(most, Math.abs(v));
  return most;
};
