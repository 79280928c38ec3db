/** The contract of the binary matrix product: what every engine must deliver, bit for bit. */
import { type BinaryProjection, scaleIndex } from '../projection.ts';
import { exponentFor, maxAbs, quantize } from './arithmetic.ts';
import type { MatmulNumerics } from './numerics.ts';

/** A vector that enters a binary projection: q[i] 2^exponent, and the bias that every output receives. */
export interface Activations {
  readonly q: Int32Array;
  readonly exponent: number;
  /** sum_i wbias[i] x[i] in units of 2^(exponent - resultFraction), saturated to `biasBits`. */
  readonly bias: number;
}

/** Signs of a matrix: row o, column i is +1 where bit i of row o is set, else -1. */
export interface SignMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly rowWords: number;
  readonly signs: Uint32Array;
}

/** Two's complement bits of the accumulator's result sum_i s[i] q[i] over `cols` activations, whatever the signs. */
export const sumBits = (cols: number, activationBits: number): number =>
  Math.ceil(Math.log2(cols * 2 ** (activationBits - 1) + 1)) + 1;

/** Bits of the bias: as wide as the sum in its finer unit. */
export const biasBits = (cols: number, f: MatmulNumerics): number => sumBits(cols, f.activationBits) + f.resultFraction;

/** sum_i s[row,i] q[i] over columns from...to-1, exact. */
export function signSum(m: SignMatrix, row: number, q: ArrayLike<number>, from: number, to: number): number {
  const { signs } = m;
  const first = row * m.rowWords;
  let sum = 0;
  for (let i = from; i < to; i++) {
    const plus = (signs[first + (i >>> 5)]! >>> (i & 31)) & 1;
    sum += (2 * plus - 1) * q[i]!;
  }
  return sum;
}

/**
 * y[o] = 2^F sum_i s[o,i] q[i] + bias, exact, for o in 0..rows-1; F = resultFraction.
 * Its unit is 2^(exponent - F). |y| < 2^(biasBits + 1).
 */
export function binaryMatmul(m: SignMatrix, activations: Activations, f: MatmulNumerics): Float64Array {
  const y = new Float64Array(m.rows);
  for (let o = 0; o < m.rows; o++) {
    y[o] = signSum(m, o, activations.q, 0, m.cols) * 2 ** f.resultFraction + activations.bias;
  }
  return y;
}

/**
 * Brings the real input `x` [cols] of a projection into the engine's format: wscale folds into x (patterns column and
 * single), one power-of-two unit for the whole token, and the wbias term as one number. With pattern row the scale and
 * bias belong to the outputs and are left to `realOutputs`.
 */
export function quantizeActivations(p: BinaryProjection, x: ArrayLike<number>, f: MatmulNumerics): Activations {
  const perRow = p.pattern === 'row';
  const scaled = Float64Array.from({ length: p.cols }, (_, i) => x[i]! * (perRow ? 1 : p.wscale[scaleIndex(p, 0, i)]!));
  const exponent = exponentFor(maxAbs(scaled), f.activationBits);
  const q = Int32Array.from(scaled, (v) => quantize(v, exponent, f.activationBits));
  let dot = 0;
  for (let i = 0; i < p.cols && !perRow; i++) dot += p.wbias[scaleIndex(p, 0, i)]! * x[i]!;
  return { q, exponent, bias: quantize(dot, exponent - f.resultFraction, biasBits(p.cols, f)) };
}

/** The engine's integers as real outputs, for comparison with the float model. */
export function realOutputs(
  p: BinaryProjection,
  x: ArrayLike<number>,
  a: Activations,
  y: Float64Array,
  f: MatmulNumerics,
): Float64Array {
  const unit = 2 ** (a.exponent - f.resultFraction);
  if (p.pattern !== 'row') return y.map((v) => v * unit);
  let sum = 0;
  for (let i = 0; i < p.cols; i++) sum += x[i]!;
  return y.map((v, o) => p.wscale[o]! * v * unit + p.wbias[o]! * sum);
}
