/** Weights of several bits as sign planes, so that the binary matrix product runs them too (DESIGN.md 3). */
import { exponentFor, largest, maxAbs, roundShift, saturateSymmetric } from './arithmetic.ts';
import { type SignMatrix, signSum } from './matmul.ts';

/**
 * A matrix of integers. One plane: its signs, weights +1 and -1. W > 1 planes: bit k of the two's complement weight is in planes[k],
 * which counts 2^k, the last one -2^(W-1).
 */
export interface PlaneMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly planes: readonly SignMatrix[];
}

/** A matrix in `bits` bits, one scale per row: row o counts scales[o] times its integers. */
export interface QuantizedMatrix extends PlaneMatrix {
  readonly scales: Float64Array;
}

/** sum_i w[row,i] q[i] over columns from...to-1, exact: P_k = (signSum_k + sum q) / 2 is plane k's sum, sum_k c_k 2^k P_k the result. */
export function planeSum(m: PlaneMatrix, row: number, q: ArrayLike<number>, from: number, to: number): number {
  if (m.planes.length === 1) return signSum(m.planes[0]!, row, q, from, to);
  let all = 0;
  for (let i = from; i < to; i++) all += q[i]!;
  return m.planes.reduce((sum, plane, k) => {
    const ones = (signSum(plane, row, q, from, to) + all) / 2;
    return sum + (k === m.planes.length - 1 ? -ones : ones) * 2 ** k;
  }, 0);
}

/** A vector over columns from...to-1 of a matrix, q[from...to-1], as the array takes it. */
export interface TiledVector {
  /** [cols] */
  readonly q: Int32Array;
  readonly from: number;
  readonly to: number;
  /** Columns that share a shift. */
  readonly tile: number;
  /** [(to - from) / tile]: tile t counts 2^shifts[t]. */
  readonly shifts: Int32Array;
  /** The results' unit: 2^(round - F), F = resultFraction. At least the largest shift. */
  readonly round: number;
  /** Added to every result. */
  readonly bias: number;
}

/** What the array delivers: y[o] = round(2^F sum_i w[o,i] 2^shift[i] q[i] / 2^round) + bias, halves up, otherwise exact. */
export function tiledProduct(m: PlaneMatrix, a: TiledVector, resultFraction: number): Float64Array {
  return Float64Array.from({ length: m.rows }, (_, o) => {
    let sum = 0;
    a.shifts.forEach((shift, t) => {
      const from = a.from + t * a.tile;
      sum += planeSum(m, o, a.q, from, Math.min(a.to, from + a.tile)) * 2 ** shift;
    });
    return roundShift(sum, a.round - resultFraction) + a.bias;
  });
}

/** The integer weight at (row, col). */
export function planeWeight({ planes }: PlaneMatrix, row: number, col: number): number {
  const bit = ({ signs, rowWords }: SignMatrix) => (signs[row * rowWords + (col >>> 5)]! >>> (col & 31)) & 1;
  if (planes.length === 1) return 2 * bit(planes[0]!) - 1;
  return planes.reduce((sum, plane, k) => sum + (k === planes.length - 1 ? -1 : 1) * bit(plane) * 2 ** k, 0);
}

/** The integers of a row, [cols]: what `planeWeight` gives, fast; into `out`. */
export function planeRow({ planes }: PlaneMatrix, row: number, out: Int32Array): Int32Array {
  const binary = planes.length === 1;
  out.fill(binary ? -1 : 0);
  planes.forEach(({ signs, rowWords }, k) => {
    const place = binary ? 2 : (k === planes.length - 1 ? -1 : 1) * 2 ** k;
    for (let i = 0; i < out.length; i++) {
      out[i]! += ((signs[row * rowWords + (i >>> 5)]! >>> (i & 31)) & 1) * place;
    }
  });
  return out;
}

/** Integers [rows, cols] of `bits` >= 2 bits as planes. */
export function splitPlanes(weights: ArrayLike<number>, rows: number, cols: number, bits: number): PlaneMatrix {
  const rowWords = Math.ceil(cols / 32);
  const planes = Array.from({ length: bits }, (_, k): SignMatrix => {
    const signs = new Uint32Array(rows * rowWords);
    for (let o = 0; o < rows; o++) {
      for (let i = 0; i < cols; i++) {
        signs[o * rowWords + (i >>> 5)]! |= ((weights[o * cols + i]! >> k) & 1) << (i & 31);
      }
    }
    return { rows, cols, rowWords, signs };
  });
  return { rows, cols, planes };
}

/**
 * Rounds each row to the nearest multiples of its step, halves up, saturated to +-(2^(bits-1) - 1). Without `steps` that is its largest
 * magnitude / (2^(bits-1) - 1). A row of zeros has scale 0.
 */
export function quantizeRows(
  weights: Float32Array,
  rows: number,
  cols: number,
  bits: number,
  steps?: Float64Array,
): QuantizedMatrix {
  const scales = new Float64Array(rows);
  const integers = new (bits > 8 ? Int16Array : Int8Array)(rows * cols);
  for (let o = 0; o < rows; o++) {
    const row = weights.subarray(o * cols, (o + 1) * cols);
    const scale = steps?.[o] ?? maxAbs(row) / largest(bits);
    scales[o] = scale;
    for (let i = 0; i < cols && scale > 0; i++) {
      integers[o * cols + i] = saturateSymmetric(Math.floor(row[i]! / scale + 0.5), bits);
    }
  }
  return { ...splitPlanes(integers, rows, cols, bits), scales };
}

/** Real factors as mantissas of `bits` bits with one unit 2^unit: the finest that holds the largest. */
export interface Mantissas {
  readonly values: Int32Array;
  readonly unit: number;
}

export function mantissas(factors: ArrayLike<number>, bits: number): Mantissas {
  const unit = exponentFor(maxAbs(Array.from(factors)), bits);
  return { values: Int32Array.from(factors, (v) => Math.floor(v * 2 ** -unit + 0.5)), unit };
}
