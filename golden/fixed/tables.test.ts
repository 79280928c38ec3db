import { describe, expect, it } from 'vitest';
import { bitLength, blockExponent, roundShift, saturate, saturateSymmetric } from './arithmetic.ts';
import { exp2Fixed, rsqrtFixed, siluFixed, softplusFixed } from './tables.ts';

/** Largest |ours - exact| over all integers from...to in steps. */
function worst(
  from: number,
  to: number,
  step: number,
  ours: (x: number) => number,
  exact: (x: number) => number,
): number {
  let most = 0;
  for (let x = from; x <= to; x += step) most = Math.max(most, Math.abs(ours(x) - exact(x)));
  return most;
}

const ONE = 2 ** 16;
const silu = (x: number) => x / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

describe('tables stay within their bounds', () => {
  it('silu, every argument of -20 to 20', () => {
    const error = worst(
      -20 * ONE,
      20 * ONE,
      1,
      (x) => siluFixed(x) / ONE,
      (x) => silu(x / ONE),
    );
    expect(error).toBeLessThan(2 ** -15);
    expect(error).toBeGreaterThan(2 ** -20);
  });

  it('softplus, every argument of -20 to 20', () => {
    expect(
      worst(
        -20 * ONE,
        20 * ONE,
        1,
        (x) => softplusFixed(x) / 2 ** 20,
        (x) => softplus(x / ONE),
      ),
    ).toBeLessThan(2 ** -16);
  });

  it('far arguments: softplus and silu are x or 0, exp2 is 0', () => {
    for (const x of [17, 1000, 30000]) {
      expect(siluFixed(x * ONE)).toBe(x * ONE);
      expect(siluFixed(-x * ONE)).toBe(0);
      expect(softplusFixed(x * ONE)).toBe(x * 2 ** 20);
      expect(softplusFixed(-x * ONE)).toBe(0);
      expect(exp2Fixed(40 * x * ONE)).toBe(0);
    }
    expect(exp2Fixed(0)).toBe(ONE);
  });

  it('exp2, every argument of 0 to 33', () => {
    expect(
      worst(
        0,
        33 * ONE,
        1,
        (t) => exp2Fixed(t) / ONE,
        (t) => 2 ** (-t / ONE),
      ),
    ).toBeLessThan(2 ** -16);
  });

  it('rsqrt, small arguments, all of one binade, and a sweep to 2^64', () => {
    let most = 0;
    const check = (m: bigint) => {
      const { mantissa, exponent } = rsqrtFixed(m);
      if (mantissa < 2 ** 16 || mantissa > 2 ** 17) expect.fail(`mantissa ${mantissa}`);
      most = Math.max(most, Math.abs(mantissa * 2 ** (-16 - exponent) * Math.sqrt(Number(m)) - 1));
    };
    for (let m = 1n; m < 20000n; m++) check(m);
    for (let m = 2n ** 24n; m < 2n ** 26n; m += 997n) check(m);
    for (let bits = 20n; bits < 64n; bits++)
      for (const part of [0n, 1n, 3n, 7n]) check((2n ** bits * (8n + part)) / 8n);
    check(2n ** 64n - 1n);
    expect(most).toBeLessThan(2 ** -16);
  });
});

describe('arithmetic', () => {
  it('rounds halves up, on both sides of zero and in both directions', () => {
    expect([5, 6, 7, -5, -6, -7].map((x) => roundShift(x, 2))).toEqual([1, 2, 2, -1, -1, -2]);
    expect([roundShift(3, 0), roundShift(3, -4), roundShift(-1, 60), roundShift(2 ** 51, 52)]).toEqual([3, 48, 0, 1]);
  });

  it('saturates', () => {
    expect([200, -200, 127, -128].map((x) => saturate(x, 8))).toEqual([127, -128, 127, -128]);
    expect([200, -128, -127].map((x) => saturateSymmetric(x, 8))).toEqual([127, -127, -127]);
  });

  it('counts bits exactly next to powers of two', () => {
    for (let n = 0; n < 53; n++) {
      expect(bitLength(2 ** n)).toBe(n + 1);
      expect(bitLength(2 ** n - 1)).toBe(n);
    }
  });

  it('gives a block the finest unit that holds it', () => {
    for (const most of [0, 1, 127, 128, 129, 255, 256, 1e6, 2 ** 40]) {
      const e = blockExponent(most, 8, 0);
      expect(most / 2 ** e).toBeLessThan(128);
      if (e > 0) expect(most / 2 ** (e - 1)).toBeGreaterThanOrEqual(128);
    }
    expect(blockExponent(1, 8, 5)).toBe(5);
  });
});
