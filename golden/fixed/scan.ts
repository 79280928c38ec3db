/** The contract of the SSM scan: one token of one layer, bit for bit. Source of the formula: Mamba-2's recurrence, MODEL 1.3-1.4. */
import { roundShift, saturate } from './arithmetic.ts';
import type { ScanNumerics } from './numerics.ts';

/** Sizes of one layer: H heads of P rows of N state elements; G groups share B and C. */
export interface ScanShape {
  readonly heads: number;
  readonly headDim: number;
  readonly dState: number;
  readonly groups: number;
}

/** What a head brings to a token. */
export interface ScanHead {
  /** exp(dt A), unit 2^-decayFraction. */
  readonly decay: number;
  /** dt, unit 2^-dtFraction. */
  readonly dt: number;
  /** D in the unit that makes D x / 2^directFraction line up with y. */
  readonly direct: number;
  /** Right shift that brings dt x to the unit in which dt x B lines up with a S. */
  readonly stepShift: number;
  /** Right shift that brings sum_n C S to the unit of y. */
  readonly outputShift: number;
}

/** The integers that enter the scan for one token. */
export interface ScanInput {
  readonly heads: readonly ScanHead[];
  /** [heads * headDim] */
  readonly x: Int32Array;
  /** [groups * dState] */
  readonly b: Int32Array;
  readonly c: Int32Array;
}

/** Results that did not fit their format and were clamped. */
export interface Saturations {
  step: number;
  state: number;
  output: number;
}

/**
 * For every head h, row p: step = sat(round(dt x / 2^stepShift)),
 *   S[h,p,n] <- sat(round((decay S[h,p,n] + step B[g,n]) / 2^decayFraction)),
 *   y[h,p]   =  sat(round((sum_n C[g,n] S[h,p,n]) / 2^outputShift) + round(D x / 2^directFraction)),
 * with the new S, g = floor(h G / H), round half up. Updates `state` [heads * headDim * dState] in place; returns y.
 */
export function scanToken(
  shape: ScanShape,
  input: ScanInput,
  state: Int32Array,
  f: ScanNumerics,
  saturations: Saturations = { step: 0, state: 0, output: 0 },
): Int32Array {
  const { heads, headDim, dState, groups } = shape;
  const clamp = (value: number, bits: number, kind: keyof Saturations): number => {
    const kept = saturate(value, bits);
    if (kept !== value) saturations[kind]++;
    return kept;
  };
  const y = new Int32Array(heads * headDim);
  for (let row = 0; row < heads * headDim; row++) {
    const h = Math.floor(row / headDim);
    const head = input.heads[h]!;
    const x = input.x[row]!;
    const bc = Math.floor((h * groups) / heads) * dState;
    const step = clamp(roundShift(head.dt * x, head.stepShift), f.stepBits, 'step');
    let sum = 0;
    for (let n = 0; n < dState; n++) {
      const wide = head.decay * state[row * dState + n]! + step * input.b[bc + n]!;
      const kept = clamp(roundShift(wide, f.decayFraction), f.stateBits, 'state');
      state[row * dState + n] = kept;
      sum += input.c[bc + n]! * kept;
    }
    const direct = roundShift(head.direct * x, f.directFraction);
    y[row] = clamp(roundShift(sum, head.outputShift) + direct, f.outputBits, 'output');
  }
  return y;
}
