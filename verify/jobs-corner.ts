/** Products that no text asks for: extreme and random values, and sizes that do not fill a tile. */
import {
  biasBits,
  largest,
  type MatmulNumerics,
  type PlaneMatrix,
  ROW_SHIFT,
  roundShift,
  type SignMatrix,
  smallest,
  type TiledVector,
} from '../golden/fixed/index.ts';
import { type MatmulParameters, type Order, orderOf, type PlaneCoding } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { pick } from './draw.ts';
import type { MatmulJob } from './job.ts';

/** One of the sizes around a tile's edge, or any up to `most`. */
export function size(random: Random, tile: number, most: number): number {
  const edges = [1, tile - 1, tile, tile + 1, 2 * tile, most].filter((n) => n >= 1 && n <= most);
  return random.chance(0.6) ? edges[random.below(edges.length)]! : pick(random, 1, Math.min(most, 4 * tile));
}

export function signMatrix(rows: number, cols: number, plus: (row: number, col: number) => boolean): SignMatrix {
  const rowWords = Math.ceil(cols / 32);
  const signs = new Uint32Array(rows * rowWords);
  for (let o = 0; o < rows; o++) {
    for (let i = 0; i < cols; i++) if (plus(o, i)) signs[o * rowWords + (i >>> 5)]! |= 1 << (i & 31);
  }
  return { rows, cols, rowWords, signs };
}

/** The integer weight at (row, col). */
export function weightAt({ planes }: PlaneMatrix, coding: PlaneCoding, row: number, col: number): number {
  const bit = ({ signs, rowWords }: SignMatrix): number => (signs[row * rowWords + (col >>> 5)]! >>> (col & 31)) & 1;
  const count = planes.reduce((sum, plane, k) => sum + bit(plane) * 2 ** k, 0);
  const most = 2 ** planes.length;
  return coding === 'signs' ? 2 * count - (most - 1) : count >= most / 2 ? count - most : count;
}

/** What the array must deliver, from the integer weights: independent of the sums over planes in golden. */
export function plainProduct(
  m: PlaneMatrix,
  coding: PlaneCoding,
  v: TiledVector,
  fraction: number,
  factors?: MatmulJob['factors'],
): number[] {
  return Array.from({ length: m.rows }, (_, o) => {
    let sum = 0;
    for (let i = v.from; i < v.to; i++) {
      sum += weightAt(m, coding, o, i) * v.q[i]! * 2 ** v.shifts[Math.floor((i - v.from) / v.tile)]!;
    }
    const y = roundShift(sum, v.round - fraction);
    if (factors === undefined) return y + v.bias;
    const both = BigInt(factors.scale[o]!) * BigInt(y) + BigInt(factors.offset[o]!) * BigInt(v.bias);
    return Number((both + (1n << BigInt(ROW_SHIFT - 1))) >> BigInt(ROW_SHIFT));
  });
}

export function matmulJob(
  label: string,
  matrix: PlaneMatrix,
  coding: PlaneCoding,
  vectors: readonly TiledVector[],
  f: MatmulNumerics,
  order: Order = 'row-major',
  factors?: MatmulJob['factors'],
): MatmulJob {
  return {
    group: 'corner and random matrices',
    label: `${label}, ${order} ${matrix.rows} x ${matrix.cols}, ${matrix.planes.length} planes, ${vectors.length} vectors`,
    matrix,
    coding,
    order,
    vectors,
    factors,
    expected: vectors.map((v) => plainProduct(matrix, coding, v, f.resultFraction, factors)),
  };
}

export const planeMatrix = (
  rows: number,
  cols: number,
  planes: number,
  plus: (row: number, col: number, plane: number) => boolean,
): PlaneMatrix => ({
  rows,
  cols,
  planes: Array.from({ length: planes }, (_, k) => signMatrix(rows, cols, (o, i) => plus(o, i, k))),
});

/** A vector of tiles of one or a few segments, whose shifts and values come from `shift` and `value`. */
export function tiledVector(
  p: MatmulParameters,
  cols: number,
  tile: number,
  { value, shift, bias }: { value: () => number; shift: () => number; bias: number },
): TiledVector {
  const shifts = Int32Array.from({ length: Math.ceil(cols / tile) }, shift);
  const round = Math.min(p.maxShift, Math.max(...shifts));
  return { q: Int32Array.from({ length: cols }, value), from: 0, to: cols, tile, shifts, round, bias };
}

/** A random matrix of any coding, with random vectors. */
export function randomMatmulJob(
  p: MatmulParameters,
  random: Random,
  rows: number,
  cols: number,
  label: string,
): MatmulJob {
  const bits = p.numerics.activationBits;
  const biasMost = biasBits(p.maxColumns, p.numerics);
  const vectors = Array.from({ length: pick(random, 1, p.tokens) }, () =>
    tiledVector(p, cols, p.segment * pick(random, 1, 3), {
      value: () => pick(random, smallest(bits), largest(bits)),
      shift: () => random.below(p.maxShift + 1),
      bias: pick(random, smallest(biasMost), largest(biasMost)),
    }),
  );
  const matrix = planeMatrix(rows, cols, pick(random, 1, p.planes), () => random.chance(0.5));
  const order =
    p.engine === 'table' || (rows <= (p.storedRows ?? 0) && random.chance(0.6)) ? 'column-major' : 'row-major';
  const coding = random.chance(0.5) ? 'signs' : 'twos';
  return matmulJob(label, matrix, coding, vectors, p.numerics, order, randomFactors(p, random, rows));
}

/** Factors of rows where the array takes them; every other one the largest or smallest. */
function randomFactors({ rowScaleBits: bits }: MatmulParameters, random: Random, rows: number): MatmulJob['factors'] {
  if (bits === undefined) return undefined;
  const ends = [smallest(bits), largest(bits)];
  const any = (): number => (random.chance(0.5) ? ends[random.below(2)]! : pick(random, ends[0]!, ends[1]!));
  const factors = (): number[] => Array.from({ length: rows }, any);
  return { scale: factors(), offset: factors() };
}

/** All weights and activations at their extremes, then `count` random matrices of awkward sizes. */
export function cornerMatmulJobs(p: MatmulParameters, random: Random, count: number): MatmulJob[] {
  const f = p.numerics;
  const bits = f.activationBits;
  const biasMost = biasBits(p.maxColumns, f);
  const rows = Math.min(p.maxRows, p.lanes + 1);
  const order = orderOf(p);
  const jobs: MatmulJob[] = [];
  for (const plus of [true, false]) {
    for (const value of [smallest(bits), largest(bits)]) {
      const bias = plus ? largest(biasMost) : smallest(biasMost);
      const matrix = planeMatrix(rows, p.maxColumns, p.planes, () => plus);
      const vector = tiledVector(p, p.maxColumns, p.segment, { value: () => value, shift: () => p.maxShift, bias });
      const vectors = Array.from({ length: p.tokens }, () => vector);
      const label = `all ${plus ? 'plus' : 'minus'} one, activations ${value}`;
      jobs.push(matmulJob(label, matrix, 'signs', vectors, f, order, randomFactors(p, random, rows)));
    }
  }
  for (let n = 0; n < count; n++) {
    const cols = size(random, p.columns, p.maxColumns);
    jobs.push(randomMatmulJob(p, random, size(random, p.lanes, p.maxRows), cols, `random ${n}`));
  }
  return jobs;
}
