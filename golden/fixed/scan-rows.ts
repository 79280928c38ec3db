/** The SSM scan with a narrow state: `bits` bits and one power-of-two exponent per row (h, p), rounded stochastically (MODEL.md 5). */
import {
  bitLength,
  blockExponent,
  exponentFor,
  maxAbs,
  roundShift,
  saturate,
  saturateSymmetric,
} from './arithmetic.ts';
import { noiseByte, rowKey } from './noise.ts';
import type { RowState, ScanNumerics } from './numerics.ts';
import type { Saturations, ScanInput, ScanShape } from './scan.ts';
import type { ScanRanges, ScanUnits } from './scan-formats.ts';

/** S[h,p,n] = q[h,p,n] 2^exponent[h,p], in the head's unit. */
export interface RowStates {
  /** [heads * headDim * dState] */
  readonly q: Int8Array | Int16Array;
  /** [heads * headDim]; 0 is the smallest, and that of a row of zeros. */
  readonly exponents: Uint8Array;
}

/** A cleared state. */
export const clearRows = (shape: ScanShape, f: RowState): RowStates => ({
  q: new (f.bits > 8 ? Int16Array : Int8Array)(shape.heads * shape.headDim * shape.dState),
  exponents: new Uint8Array(shape.heads * shape.headDim),
});

/**
 * For every head h, row p, with w = workBits, m = stepBits, e the row's exponent, g = floor(h G / H), round half up:
 *
 *     t  = dt x;  k = max(0, bitLength|t| - (m - 1));  t' = round(t / 2^k), saturated to +-(2^(m-1) - 1)
 *     S' = round(decay q[n] / 2^(decayFraction - e)) + round(t' B[g,n] / 2^(stepShift - k)), saturated to +-(2^(w-1) - 1)
 *     y  = sat(round((sum_n C[g,n] S'[n]) / 2^outputShift) + round(D x / 2^directFraction))
 *     e <- max(0, bitLength(max_n |S'|) - (bits - 1))
 *     q[n] <- floor((S'[n] + r 2^(e-8)) / 2^e), saturated to +-(2^(bits-1) - 1), r = noiseByte(rowKey(key, row), n);
 *             with `nearest` r = 128, which is half up
 *
 * `key` is tokenKey(seed, layer, tokens since clear). The shifts are never negative (`rowUnits`, and e <= w - bits <= decayFraction).
 * Every product fits 32 bits at the default widths: decay q 24, t' B 31, S' 24, and C S' summed over 128 elements 46.
 * Saturation of q costs at most one unit and is part of the rounding; the others are counted.
 */
export function scanTokenRows(
  shape: ScanShape,
  input: ScanInput,
  state: RowStates,
  key: number,
  f: ScanNumerics,
  r: RowState,
  saturations: Saturations = { step: 0, state: 0, output: 0 },
): Int32Array {
  const { heads, headDim, dState, groups } = shape;
  const y = new Int32Array(heads * headDim);
  const next = new Int32Array(dState);
  for (let row = 0; row < heads * headDim; row++) {
    const h = Math.floor(row / headDim);
    const head = input.heads[h]!;
    const x = input.x[row]!;
    const bc = Math.floor((h * groups) / heads) * dState;
    const step = head.dt * x;
    const k = Math.max(0, bitLength(Math.abs(step)) - (r.stepBits - 1));
    const mantissa = saturateSymmetric(roundShift(step, k), r.stepBits);
    const old = state.exponents[row]!;
    let sum = 0;
    let most = 0;
    for (let n = 0; n < dState; n++) {
      const kept = roundShift(head.decay * state.q[row * dState + n]!, f.decayFraction - old);
      const wide = kept + roundShift(mantissa * input.b[bc + n]!, head.stepShift - k);
      const s = saturateSymmetric(wide, r.workBits);
      if (s !== wide) saturations.state++;
      next[n] = s;
      most = Math.max(most, Math.abs(s));
      sum += input.c[bc + n]! * s;
    }
    const total = roundShift(sum, head.outputShift) + roundShift(head.direct * x, f.directFraction);
    y[row] = saturate(total, f.outputBits);
    if (y[row] !== total) saturations.output++;
    roundRow(next, most, state, row, rowKey(key, row), r);
  }
  return y;
}

/** The last two lines of the contract. */
function roundRow(next: Int32Array, most: number, state: RowStates, row: number, key: number, r: RowState): void {
  const e = blockExponent(most, r.bits, 0);
  state.exponents[row] = e;
  for (let n = 0; n < next.length; n++) {
    const noise = r.rounding === 'nearest' ? 128 : noiseByte(key, n);
    const q = Math.floor((next[n]! + noise * 2 ** (e - 8)) / 2 ** e);
    state.q[row * next.length + n] = saturateSymmetric(q, r.bits);
  }
}

/** Twice the observed range is kept representable. */
const margin = 2;

/**
 * Units of the scan with row exponents, and each head's constant part. S' holds `margin` times the observed range, and is no finer than
 * makes stepShift at least the largest k, so that every shift is to the right; y as in `chooseUnits`.
 */
export function rowUnits(
  ranges: ScanRanges,
  inputs: Pick<ScanUnits, 'x' | 'b' | 'c'>,
  d: ArrayLike<number>,
  f: ScanNumerics,
  r: RowState,
): ScanUnits {
  const { x, b, c } = inputs;
  const mostShift = Math.max(0, f.dtBits + f.inputBits - 1 - (r.stepBits - 1));
  const finest = b + x - f.dtFraction + mostShift;
  const state = ranges.state.map((s) => (s === 0 ? finest : Math.max(exponentFor(margin * s, r.workBits), finest)));
  const direct = exponentFor(maxAbs(Array.from(d)), f.directBits) + x + f.directFraction;
  const y = Math.max(exponentFor(margin * ranges.y, f.outputBits), direct, ...state.map((s) => s + c));
  return { x, b, c, y, state };
}
