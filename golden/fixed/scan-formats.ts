/** From the float model's scan to the contract's integers: units chosen from observed ranges, then quantization. */

import { exponentFor, maxAbs, quantize } from './arithmetic.ts';
import type { ScanNumerics } from './numerics.ts';
import type { ScanHead, ScanInput, ScanShape } from './scan.ts';

/** The real values of one layer's scan for one token (MODEL.md 1.3). */
export interface RealScan {
  /** [heads] */
  readonly dt: ArrayLike<number>;
  readonly decay: ArrayLike<number>;
  /** [heads * headDim] */
  readonly x: ArrayLike<number>;
  /** [groups * dState] */
  readonly b: ArrayLike<number>;
  readonly c: ArrayLike<number>;
}

/** Largest magnitudes of a layer, per layer or per head. */
export interface ScanRanges {
  readonly x: number;
  readonly b: number;
  readonly c: number;
  readonly y: number;
  /** [heads] */
  readonly state: readonly number[];
}

/** Units (as exponents of two) of one layer. */
export interface ScanUnits {
  readonly x: number;
  readonly b: number;
  readonly c: number;
  readonly y: number;
  readonly state: readonly number[];
}

/** Twice the observed range is kept representable. */
const margin = 2;

/** Runs the recurrence in double precision from a cleared state and notes the largest magnitudes. */
export function observeRanges(shape: ScanShape, tokens: readonly RealScan[], d: ArrayLike<number>): ScanRanges {
  const { heads, headDim, dState, groups } = shape;
  const s = new Float64Array(heads * headDim * dState);
  const state = new Array<number>(heads).fill(0);
  let most = 0;
  for (const t of tokens) {
    for (let row = 0; row < heads * headDim; row++) {
      const h = Math.floor(row / headDim);
      const bc = Math.floor((h * groups) / heads) * dState;
      let y = d[h]! * t.x[row]!;
      for (let n = 0; n < dState; n++) {
        const next = t.decay[h]! * s[row * dState + n]! + t.dt[h]! * t.x[row]! * t.b[bc + n]!;
        s[row * dState + n] = next;
        state[h] = Math.max(state[h]!, Math.abs(next));
        y += t.c[bc + n]! * next;
      }
      most = Math.max(most, Math.abs(y));
    }
  }
  const range = (of: (t: RealScan) => ArrayLike<number>): number =>
    maxAbs(tokens.map((t) => maxAbs(Array.from(of(t)))));
  return { x: range((t) => t.x), b: range((t) => t.b), c: range((t) => t.c), y: most, state };
}

/**
 * Units that hold `margin` times the observed ranges and make every shift of the contract non-negative: y is no finer
 * than C S of any head and than D allows; S no finer than dt x B allows.
 */
export function chooseUnits(r: ScanRanges, d: ArrayLike<number>, f: ScanNumerics): ScanUnits {
  const x = exponentFor(margin * r.x, f.inputBits);
  const b = exponentFor(margin * r.b, f.inputBits);
  const c = exponentFor(margin * r.c, f.inputBits);
  const finest = b + x - f.dtFraction + f.decayFraction; // stepShift >= 0
  const state = r.state.map((s) => (s === 0 ? finest : Math.max(exponentFor(margin * s, f.stateBits), finest)));
  // What is zero constrains nothing: the unit of y comes from what reaches y.
  const needs = [
    exponentOrNone(margin * r.y, f.outputBits),
    exponentOrNone(maxAbs(Array.from(d)), f.directBits) + x + f.directFraction,
  ];
  state.forEach((s, h) => void (r.c > 0 && r.state[h]! > 0 && needs.push(s + c)));
  const least = Math.max(...needs);
  const y = Number.isFinite(least) ? least : 0;
  return { x, b, c, y, state };
}

/** The exponent that a magnitude needs; none for zero. */
const exponentOrNone = (magnitude: number, bits: number): number =>
  magnitude === 0 ? Number.NEGATIVE_INFINITY : exponentFor(magnitude, bits);

/** The contract's integers for one token. */
export function quantizeScan(t: RealScan, units: ScanUnits, d: ArrayLike<number>, f: ScanNumerics): ScanInput {
  const ints = (values: ArrayLike<number>, e: number): Int32Array =>
    Int32Array.from(values, (v) => quantize(v, e, f.inputBits));
  const unsigned = (v: number, fraction: number, most: number): number =>
    Math.min(most, Math.floor(v * 2 ** fraction + 0.5));
  const shift = (by: number): number => Math.min(2 ** f.shiftBits - 1, Math.max(0, by)); // the products have fewer bits: all are gone
  const heads = units.state.map(
    (state, h): ScanHead => ({
      decay: unsigned(t.decay[h]!, f.decayFraction, 2 ** f.decayFraction),
      dt: unsigned(t.dt[h]!, f.dtFraction, 2 ** f.dtBits - 1),
      direct: quantize(d[h]!, units.y - units.x - f.directFraction, f.directBits),
      stepShift: shift(state - f.decayFraction - units.b - units.x + f.dtFraction),
      outputShift: shift(units.y - units.c - state),
    }),
  );
  return { heads, x: ints(t.x, units.x), b: ints(t.b, units.b), c: ints(t.c, units.c) };
}
