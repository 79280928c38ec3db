/** A projection behind an RMSNorm, in integers: the norm's weight and wscale before it, the matrix of sign planes, 1/rms after it. */

import type { BinaryProjection, Projection } from '../projection.ts';
import { blockExponent, exponentFor, maxAbs, roundShift, saturate, saturateSymmetric } from './arithmetic.ts';
import { sumBits } from './matmul.ts';
import { epsilonFor, inverseNorm } from './norm.ts';
import type { Numerics } from './numerics.ts';
import { type Mantissas, mantissas, type PlaneMatrix, quantizeRows, type TiledVector, tiledProduct } from './planes.ts';
import { RSQRT_FRACTION, type Rsqrt } from './tables.ts';

/** y = W norm(x) of one matrix, as integers; built by `fixProjection`. */
export interface FixedProjection {
  readonly matrix: PlaneMatrix;
  /** G: parts of the input with a norm of their own, cols / G columns each. */
  readonly groups: number;
  /** Columns that share an exponent; a divisor of cols / G. */
  readonly tile: number;
  /** The smallest exponent of a tile. */
  readonly floor: number;
  readonly activationBits: number;
  readonly resultFraction: number;
  /** norm.weight wscale sqrt(cols / G). */
  readonly weight: Mantissas;
  /** The bias term is `bias` x, a factor of which may be per output (pattern row). Absent: no bias term. */
  readonly bias?: Mantissas;
  /** Per output: the scale of its sum and the factor of the bias term, with one unit. Absent: 1 and 1. */
  readonly rowScale?: Mantissas;
  readonly rowBias?: Mantissas;
  /** eps cols / G in units of x^2. */
  readonly epsilon: bigint;
}

/** x as it enters the matrix. */
export interface QuantizedInput {
  /** [cols] */
  readonly q: Int32Array;
  /** [cols / tile]: tile t counts 2^exponents[t] units of x times weight. */
  readonly exponents: Int32Array;
  /** [groups]: the largest exponent of the group, F bits below which is the unit of its results and of its bias. */
  readonly top: Int32Array;
  /** [groups]: sum_i bias[i] x[i], saturated to biasBits. */
  readonly bias: Float64Array;
  /** [groups] */
  readonly rms: readonly Rsqrt[];
}

/** Outputs of one group before 1/rms = mantissa 2^(-RSQRT_FRACTION - e): output o counts y[o] mantissa 2^-shift. */
export interface GroupProduct {
  readonly y: ArrayLike<number>;
  readonly mantissa: number;
  /**
   * RSQRT_FRACTION + e, less the exponent of y's unit. The unit of x does not appear: it cancels against that of 1/rms, which is taken from
   * the integers of x.
   */
  readonly shift: number;
}

/** Results that did not fit their format and were clamped, by the format's name. */
export type Clamped = Record<string, number>;

export function count(clamped: Clamped, name: string, wide: number, kept: number): number {
  if (wide !== kept) clamped[name] = (clamped[name] ?? 0) + 1;
  return kept;
}

/**
 * Quantizes x [cols]. p[i] = weight[i] x[i] exactly; per tile e = blockExponent(max |p|, A, floor), q = round(p / 2^e) saturated to
 * +-(2^(A-1) - 1). The bias term takes x itself: round(sum_i bias[i] x[i]) in units of 2^(top - F), F = resultFraction, saturated to
 * sumBits + F bits (counted as `bias`). |q 2^e - p| <= 2^(e-1), for the largest value of a tile up to 2^e.
 */
export function quantizeInput(p: FixedProjection, x: Int32Array, clamped: Clamped): QuantizedInput {
  const { matrix, groups, tile, weight, bias, activationBits: bits } = p;
  const { cols } = matrix;
  const width = cols / groups;
  const q = new Int32Array(cols);
  const exponents = new Int32Array(cols / tile);
  for (let t = 0; t < exponents.length; t++) {
    let most = 0;
    for (let i = t * tile; i < (t + 1) * tile; i++) most = Math.max(most, Math.abs(weight.values[i]! * x[i]!));
    const e = blockExponent(most, bits, p.floor);
    exponents[t] = e;
    for (let i = t * tile; i < (t + 1) * tile; i++) {
      q[i] = saturateSymmetric(roundShift(weight.values[i]! * x[i]!, e), bits);
    }
  }
  const top = new Int32Array(groups);
  const sums = new Float64Array(groups);
  const rms: Rsqrt[] = [];
  const biasWidth = sumBits(cols, bits) + p.resultFraction;
  for (let g = 0; g < groups; g++) {
    const [from, to] = [g * width, (g + 1) * width];
    top[g] = Math.max(...exponents.subarray(from / tile, to / tile));
    rms.push(inverseNorm(x, from, to, p.epsilon));
    if (bias === undefined) continue;
    let dot = 0;
    for (let i = from; i < to; i++) dot += bias.values[i]! * x[i]!;
    const wide = roundShift(dot, top[g]! + weight.unit - p.resultFraction - bias.unit);
    sums[g] = count(clamped, 'bias', wide, saturate(wide, biasWidth));
  }
  return { q, exponents, top, bias: sums, rms };
}

/**
 * The vector of one group as the array takes it: tile sums shifted left to the smallest exponent of the group, exact in any order, then
 * rounded to the unit 2^(top - F). With row scales the bias term has a factor per row, and is left to `scaleRow`.
 */
export function groupVector(p: FixedProjection, a: QuantizedInput, g: number): TiledVector {
  const width = p.matrix.cols / p.groups;
  const [from, to] = [g * width, (g + 1) * width];
  const exponents = a.exponents.subarray(from / p.tile, to / p.tile);
  const least = Math.min(...exponents);
  const shifts = exponents.map((e) => e - least);
  const bias = p.rowScale === undefined ? a.bias[g]! : 0;
  return { q: a.q, from, to, tile: p.tile, shifts, round: a.top[g]! - least, bias };
}

/** The array's result for row o, with row scales: round((rowScale[o] y + rowBias[o] bias) / 2^ROW_SHIFT). */
function scaleRow(
  { rowScale, rowBias }: Pick<FixedProjection, 'rowScale' | 'rowBias'>,
  o: number,
  y: number,
  bias: number,
): number {
  if (rowScale === undefined) return y;
  return roundShift(rowScale.values[o]! * y + (rowBias?.values[o] ?? 0) * bias, ROW_SHIFT);
}

/** The array's results for one group: the matrix product with its bias term, scaled by row where rows have scales. */
export function groupResults(p: FixedProjection, a: QuantizedInput, g: number): ArrayLike<number> {
  const product = tiledProduct(p.matrix, groupVector(p, a, g), p.resultFraction);
  return product.map((v, o) => scaleRow(p, o, v, a.bias[g]!));
}

/** A group's results count 2^(resultUnit + top) before 1/rms. */
export const resultUnit = ({ weight, resultFraction, rowScale }: FixedProjection): number =>
  weight.unit - resultFraction + (rowScale === undefined ? 0 : rowScale.unit + ROW_SHIFT);

function groupProduct(p: FixedProjection, a: QuantizedInput, g: number): GroupProduct {
  const { mantissa, exponent } = a.rms[g]!;
  const shift = RSQRT_FRACTION + exponent - (resultUnit(p) + a.top[g]!);
  return { y: groupResults(p, a, g), mantissa, shift };
}

/** Row scales keep about as many bits of the sum as it had. */
export const ROW_SHIFT = 15;

/**
 * sum_g round(y_g[o] mantissa_g / 2^(unit + shift_g)): output o in units of 2^unit, halves up, before saturation. Each group contributes at
 * most half a unit of rounding error, and 2^-16 of itself from 1/rms.
 */
export function sumGroups(groups: readonly GroupProduct[], o: number, unit: number): number {
  let sum = 0;
  for (const { y, mantissa, shift } of groups) sum += roundProduct(y[o]!, mantissa, unit + shift);
  return sum;
}

/** round(a b / 2^n), exact: products of a model stay below 2^53 (2^46 for up to 2^13 columns of 8-bit activations), others take longer. */
function roundProduct(a: number, b: number, n: number): number {
  if (Number.isSafeInteger(a * b)) return roundShift(a * b, n);
  const product = 2n * BigInt(a) * BigInt(b);
  return Number(((n < 0 ? product << BigInt(-n) : product >> BigInt(n)) + 1n) >> 1n);
}

/** The product scaled by 1/rms: result(o, unit) is output o in units of 2^unit, before saturation. */
export function multiply(p: FixedProjection, a: QuantizedInput): (o: number, unit: number) => number {
  const groups = Array.from({ length: p.groups }, (_, g) => groupProduct(p, a, g));
  return (o, unit) => sumGroups(groups, o, unit);
}

export interface NormedProjection {
  readonly projection: Projection;
  /** [cols] weight of the RMSNorm before the matrix. */
  readonly norm: Float32Array;
  readonly groups: number;
  readonly tile: number;
  /** Bits and unit of the input. */
  readonly inputBits: number;
  readonly inputUnit: number;
  readonly activationBits: number;
  /** Bits of a weight, where the matrix is dense. */
  readonly denseBits: number;
  readonly eps: number;
}

/** The integers of a projection. wscale (patterns column, single) folds into the norm's weight; wbias becomes the bias term (MODEL.md 2). */
export function fixProjection(from: NormedProjection, n: Numerics): FixedProjection {
  const { projection: w, norm, groups, tile, inputBits, inputUnit, activationBits } = from;
  const width = w.cols / groups;
  const root = Math.sqrt(width);
  const scaled = (factor: (i: number) => number) => Array.from(norm, (v, i) => v * root * factor(i));
  const perRow = w.kind === 'dense' || w.pattern === 'row';
  const at = (values: Float32Array, i: number) => values[values.length === 1 ? 0 : i]!;
  const weight = mantissas(
    scaled((i) => (w.kind === 'binary' && !perRow ? at(w.wscale, i) : 1)),
    n.norm.weightBits,
  );
  const dense = w.kind === 'dense' ? quantizeRows(w.weights, w.rows, w.cols, from.denseBits, w.steps) : undefined;
  const common = {
    matrix: dense ?? { rows: w.rows, cols: w.cols, planes: [w as never] },
    groups,
    tile,
    floor: tile === w.cols ? 0 : Math.max(0, inputBits + n.norm.weightBits - 1 - activationBits - n.norm.tileSpread),
    activationBits,
    resultFraction: n.matmul.resultFraction,
    weight,
    epsilon: epsilonFor(from.eps, width, inputUnit),
  };
  if (w.kind === 'dense') return { ...common, rowScale: mantissas(dense!.scales, n.norm.rowScaleBits) };
  const bias = mantissas(
    scaled((i) => (perRow ? 1 : at(w.wbias, i))),
    n.norm.biasWeightBits,
  );
  if (!perRow) return { ...common, bias };
  return { ...common, bias, ...rowFactors(w, n.norm.rowScaleBits) };
}

/** Scales of rows and their factors of the bias, of pattern row, with one unit. */
export function rowFactors({ wscale, wbias }: Pick<BinaryProjection, 'wscale' | 'wbias'>, bits: number) {
  const unit = exponentFor(Math.max(maxAbs(wscale), maxAbs(wbias)), bits);
  const rows = (values: Float32Array): Mantissas => ({
    values: Int32Array.from(values, (v) => Math.floor(v * 2 ** -unit + 0.5)),
    unit,
  });
  return { rowScale: rows(wscale), rowBias: rows(wbias) };
}
