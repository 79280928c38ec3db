/** Jobs that no text produces: extreme and random values, and sizes that do not fill a tile. */
import {
  biasBits,
  largest,
  type MatmulNumerics,
  type PlaneMatrix,
  ROW_SHIFT,
  roundShift,
  type ScanInput,
  type ScanShape,
  type SignMatrix,
  smallest,
  type TiledVector,
} from '../golden/fixed/index.ts';
import {
  type MatmulParameters,
  type Order,
  orderOf,
  type PlaneCoding,
  type ScanParameters,
  storeSize,
} from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { pick } from './draw.ts';
import { type GoldenState, goldenScan } from './golden-scan.ts';
import type { MatmulJob, ScanJob } from './job.ts';

/** One of the sizes around a tile's edge, or any up to `most`. */
function size(random: Random, tile: number, most: number): number {
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

export const scanSpreads = ['random', 'extreme', 'quiet', 'ties', 'shown'] as const;
type Spread = (typeof scanSpreads)[number];
type Formats = Pick<ScanParameters, 'numerics' | 'state'>;

/**
 * `quiet`: small values and long decays beside zeros, so that exponents jump; `extreme`: the ends of every format; `ties`: powers
 * of two, whose products lie half-way between two results; `shown`: extreme, but y is one element of the state, or its negative.
 */
export function randomScanInput(shape: ScanShape, p: Formats, random: Random, spread: Spread): ScanInput {
  const f = p.numerics;
  const shown = spread === 'shown';
  const extreme = spread === 'extreme' || shown;
  const signed = (bits: number): number => {
    if (extreme) return random.chance(0.5) ? smallest(bits) : largest(bits);
    if (spread === 'quiet')
      return random.chance(0.5) ? 0 : pick(random, -(2 ** random.below(bits - 1)), 2 ** random.below(bits - 1) - 1);
    if (spread === 'ties') return random.chance(0.2) ? 0 : (random.chance(0.5) ? 1 : -1) * power(bits - 1);
    return pick(random, smallest(bits), largest(bits));
  };
  /** 2^k below 2^bits. */
  const power = (bits: number): number => 2 ** random.below(bits);
  const ties = spread === 'ties';
  const inputs = (length: number): Int32Array => Int32Array.from({ length }, () => signed(f.inputBits));
  const most = 2 ** f.shiftBits - 1;
  // With row exponents the contract asks for stepShift >= k.
  const least = p.state.kind === 'row' ? f.dtBits + f.inputBits - p.state.stepBits : 0;
  const heads = Array.from({ length: shape.heads }, () => ({
    decay: ties
      ? power(f.decayFraction + 1)
      : extreme
        ? random.chance(0.5)
          ? 0
          : 2 ** f.decayFraction
        : pick(random, 0, 2 ** f.decayFraction),
    dt: ties
      ? power(f.dtBits)
      : extreme
        ? 2 ** f.dtBits - 1
        : random.below(2 ** (spread === 'quiet' ? 1 + random.below(f.dtBits) : f.dtBits)),
    direct: shown ? 0 : signed(f.directBits),
    stepShift: pick(random, Math.max(least, extreme ? 0 : 12), extreme ? most : Math.max(30, least + 12)),
    outputShift: shown ? 0 : spread === 'quiet' ? random.below(8) : pick(random, extreme ? 0 : 8, extreme ? most : 24),
  }));
  const wide = shape.groups * shape.dState;
  const only = random.below(shape.dState);
  const c = shown
    ? Int32Array.from({ length: wide }, (_, i) => (i % shape.dState === only ? (random.chance(0.5) ? 1 : -1) : 0))
    : inputs(wide);
  return { heads, x: inputs(shape.heads * shape.headDim), b: inputs(wide), c };
}

/**
 * Sequences of random tokens over awkward shapes, of every spread, each from a cleared state. They take turns, as many as there is room
 * for their states; the first is as large as can be.
 */
export function cornerScanJobs(p: ScanParameters, random: Random, sequences: number): ScanJob[] {
  const largestShape = { heads: p.maxHeads, groups: p.maxGroups, headDim: p.maxHeadDim, dState: p.maxState };
  const shapeOf = (n: number): ScanShape =>
    n === 0 && p.maxHeads % p.maxGroups === 0 ? largestShape : awkwardShape(p, random);
  const sizeOf = (shape: ScanShape): number[] => Object.values(storeSize(shape, p));
  return inTurns(sequences, shapeOf, sizeOf, [p.stateWords, p.rowWords], ({ number, shape, slot }) => {
    const scan = goldenScan(shape, { slot, ...randomPlace(random) }, p);
    const what = `${shape.heads} heads in ${shape.groups} groups, ${shape.headDim} rows, d_state ${shape.dState}`;
    return (t) => {
      const spread = scanSpreads[(number + (random.chance(0.3) ? t : 0)) % scanSpreads.length]!;
      const label = `random sequence ${number}, token ${t}: ${what}`;
      const input = atEdges(randomScanInput(shape, p, random, spread), scan.state, shape, p, random);
      return scan.next(input, { group: 'corner and random sequences', label });
    };
  });
}

/** Any layer, and tokens of any numbers. */
export const randomPlace = (random: Random): { readonly layer: number; readonly skipped: number } => ({
  layer: random.below(2 ** 16),
  skipped: random.below(2 ** 32 - 16),
});

interface Sequence {
  readonly number: number;
  readonly shape: ScanShape;
  /** The place of its state. */
  readonly slot: number;
}

/**
 * Tokens of sequences that take turns, each from a cleared state, up to four at a time: as many as there is room for their states, which
 * lie one behind the other in memories of `room` words and take `sizeOf` words in each; the first of them has room. `begin` gives what
 * makes token t of a sequence.
 */
export function inTurns<T>(
  sequences: number,
  shapeOf: (number: number) => ScanShape,
  sizeOf: (shape: ScanShape) => readonly number[],
  room: readonly number[],
  begin: (sequence: Sequence) => (t: number) => T,
): T[] {
  const jobs: T[] = [];
  for (let n = 0; n < sequences; ) {
    const shapes = Array.from({ length: Math.min(4, sequences - n) }, (_, i) => shapeOf(n + i));
    const together = placesOf(shapes, sizeOf, room).map((place) => begin({ number: n++, ...place }));
    for (let t = 0; t < 4; t++) jobs.push(...together.map((token) => token(t)));
  }
  return jobs;
}

function placesOf(
  shapes: readonly ScanShape[],
  sizeOf: (shape: ScanShape) => readonly number[],
  room: readonly number[],
): { shape: ScanShape; slot: number }[] {
  const places: { shape: ScanShape; slot: number }[] = [];
  let taken = room.map(() => 0);
  for (const shape of shapes) {
    const size = sizeOf(shape);
    const slot = Math.max(...size.map((words, i) => Math.ceil(taken[i]! / words)));
    taken = size.map((words) => (slot + 1) * words);
    if (taken.some((words, i) => words > room[i]!)) break;
    places.push({ shape, slot });
  }
  return places;
}

/**
 * With row exponents, decays of some heads that bring an element of the present state exactly half-way between two results, or one unit
 * below, which random ones hardly ever do.
 */
export function atEdges(input: ScanInput, state: GoldenState, shape: ScanShape, p: Formats, random: Random): ScanInput {
  if (state instanceof Int32Array) return input;
  const { decayFraction } = p.numerics;
  const heads = input.heads.map((head, h) => {
    const row = h * shape.headDim + random.below(shape.headDim);
    const q = state.q[row * shape.dState + random.below(shape.dState)]!;
    const unit = 2 ** (decayFraction - state.exponents[row]!);
    if (unit < 2 || q % 2 === 0 || random.chance(0.5)) return head;
    const wanted = unit / 2 - random.below(2);
    for (let decay = random.below(unit); ; decay = (decay + 1) % unit)
      if ((((decay * q - wanted) % unit) + unit) % unit === 0)
        return { ...head, decay: decay + unit * random.below(2 ** decayFraction / unit) };
  });
  return { ...input, heads };
}

export function awkwardShape(p: ScanParameters, random: Random): ScanShape {
  const groups = pick(random, 1, p.maxGroups);
  const heads = groups * pick(random, 1, Math.max(1, Math.floor(p.maxHeads / groups)));
  return { heads, groups, headDim: pick(random, 1, p.maxHeadDim), dState: size(random, p.lanes, p.maxState) };
}
