/** Tokens of the scan that no text produces: extreme and random values, values at which results are about to round, and sizes that do not fill a tile. */
import { bitLength, largest, type ScanInput, type ScanShape, smallest } from '../golden/fixed/index.ts';
import { type ScanParameters, storeSize } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { pick } from './draw.ts';
import { type GoldenState, goldenScan } from './golden-scan.ts';
import type { ScanJob } from './job.ts';
import { size } from './jobs-corner.ts';
import { factorFor } from './rounding-edges.ts';

export const scanSpreads = ['random', 'extreme', 'quiet', 'ties', 'shown', 'fine', 'single'] as const;
type Spread = (typeof scanSpreads)[number];
type Formats = Pick<ScanParameters, 'numerics' | 'state'>;

/** Numbers of `bits` bits in two's complement. */
type Numbers = (random: Random, bits: number) => number;
/** 2^k below 2^bits. */
const power: Numbers = (random, bits) => 2 ** random.below(bits);
const anyOf: Numbers = (random, bits) => pick(random, smallest(bits), largest(bits));
const endOf: Numbers = (random, bits) => (random.chance(0.5) ? smallest(bits) : largest(bits));
const smallOf: Numbers = (random, bits) =>
  random.chance(0.5) ? 0 : pick(random, -power(random, bits - 1), power(random, bits - 1) - 1);
const powerOf: Numbers = (random, bits) =>
  random.chance(0.2) ? 0 : (random.chance(0.5) ? 1 : -1) * power(random, bits - 1);

const numbersOf: Readonly<Record<Spread, Numbers>> = {
  ...{ random: anyOf, extreme: endOf, shown: endOf, single: endOf },
  ...{ quiet: smallOf, fine: smallOf, ties: powerOf },
};

function decayOf(spread: Spread, fraction: number, random: Random): number {
  const one = 2 ** fraction;
  if (spread === 'ties') return power(random, fraction + 1);
  if (spread === 'extreme' || spread === 'shown' || spread === 'single') return random.chance(0.5) ? 0 : one;
  return pick(random, 0, one);
}

function stepOf(spread: Spread, bits: number, random: Random): number {
  if (spread === 'ties') return power(random, bits) - random.below(2);
  if (spread === 'extreme' || spread === 'shown' || spread === 'single') return 2 ** bits - 1;
  if (spread === 'random') return random.below(2 ** bits);
  return random.below(2 ** (1 + random.below(spread === 'fine' ? bits / 2 : bits)));
}

type Ends = readonly [least: number, most: number];

/** Least and most of stepShift and of outputShift, within those of the format. */
const shiftsOf = (spread: Spread, least: number, most: number): { readonly step: Ends; readonly output: Ends } => {
  switch (spread) {
    case 'shown':
      return { step: [least, most], output: [0, 0] };
    case 'extreme':
      return { step: [least, most], output: [0, most] };
    case 'single':
      return { step: [least, Math.min(most, least + 8)], output: [0, most] };
    case 'fine':
      return { step: [least, least], output: [0, 7] };
    case 'quiet':
      return { step: [Math.max(least, 12), Math.max(30, least + 12)], output: [0, 7] };
    default:
      return { step: [Math.max(least, 12), Math.max(30, least + 12)], output: [8, 24] };
  }
};

/**
 * `extreme`: the ends of every format; `quiet`: small values and long decays beside zeros, so that exponents jump; `ties`: powers of two, whose
 * products lie half-way between two results; `shown`: extreme, but y is one element of the state, or its negative; `fine`: dt x of few bits,
 * whose lowest tell; `single`: extreme, but only one element of B is there.
 */
export function randomScanInput(shape: ScanShape, p: Formats, random: Random, spread: Spread): ScanInput {
  const f = p.numerics;
  const numbers = numbersOf[spread];
  const most = 2 ** f.shiftBits - 1;
  // With row exponents the contract asks for stepShift >= k.
  const least = p.state.kind === 'row' ? f.dtBits + f.inputBits - p.state.stepBits : 0;
  const shifts = shiftsOf(spread, least, most);
  const heads = Array.from({ length: shape.heads }, () => ({
    decay: decayOf(spread, f.decayFraction, random),
    dt: stepOf(spread, f.dtBits, random),
    direct: spread === 'shown' ? 0 : numbers(random, f.directBits),
    stepShift: pick(random, ...shifts.step),
    outputShift: pick(random, ...shifts.output),
  }));
  const only = random.below(shape.dState);
  const wide = shape.groups * shape.dState;
  /** Now and then all alike, so that sums are as large as can be. */
  const inputs = (length: number, of: Numbers): Int32Array => {
    const one = random.chance(0.2) ? of(random, f.inputBits) : undefined;
    return Int32Array.from({ length }, () => one ?? of(random, f.inputBits));
  };
  const alone = (of: Numbers): Int32Array => inputs(wide, of).map((v, i) => (i % shape.dState === only ? v : 0));
  return {
    heads,
    x: inputs(shape.heads * shape.headDim, numbers),
    b: spread === 'single' ? alone(numbers) : inputs(wide, spread === 'fine' ? anyOf : numbers),
    c:
      spread === 'shown'
        ? alone(() => (random.chance(0.5) ? 1 : -1))
        : inputs(wide, spread === 'fine' ? anyOf : numbers),
  };
}

/**
 * Sequences of random tokens over awkward shapes, of every spread, each from a cleared state. They take turns, as many as there is room
 * for their states; the first is as large as can be.
 */
export function cornerScanJobs(p: ScanParameters, random: Random, sequences: number): ScanJob[] {
  const largestShape = { heads: p.maxHeads, groups: p.maxGroups, headDim: p.maxHeadDim, dState: p.maxState };
  let shape: ScanShape = largestShape;
  // Now and then the same again, so that one state lies right behind the other.
  const shapeOf = (n: number): ScanShape => {
    const largest = n === 0 && p.maxHeads % p.maxGroups === 0;
    if (!largest && (n === 0 || random.chance(0.6))) shape = awkwardShape(p, random);
    return shape;
  };
  const sizeOf = (shape: ScanShape): number[] => Object.values(storeSize(shape, p));
  return inTurns(random, sequences, shapeOf, sizeOf, [p.stateWords, p.rowWords], ({ number, shape, slot }) => {
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
 * Four tokens each of sequences that take turns at random, from a cleared state on, up to four sequences at a time: as many as there is room
 * for their states, which lie one behind the other in memories of `room` words and take `sizeOf` words in each; the first of them has room.
 * `begin` gives what makes token t of a sequence.
 */
export function inTurns<T>(
  random: Random,
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
    const left = together.map((token) => ({ token, next: 0 }));
    while (left.length > 0) {
      const at = random.below(left.length);
      const sequence = left[at]!;
      jobs.push(sequence.token(sequence.next++));
      if (sequence.next === 4) left.splice(at, 1);
    }
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

/** A decay about 1 or 1/2: without an addition the elements that are the largest of a row stay at the end of its format. */
function holding(fraction: number, random: Random): number {
  const near = 2 ** (fraction - random.below(2));
  const around = Math.floor(near / 64);
  return Math.min(2 ** fraction, near + pick(random, -around, around));
}

/**
 * Some heads are changed so that a value lies exactly half-way between two results, or one unit below, which random ones hardly ever do:
 * D x, and with row exponents an element of the present state times the decay, or dt x as it is rounded to t'. Others hold their state.
 */
export function atEdges(input: ScanInput, state: GoldenState, shape: ScanShape, p: Formats, random: Random): ScanInput {
  const { decayFraction, dtBits, directBits, directFraction } = p.numerics;
  /** A factor near `about` for x; none where x is even or nothing is rounded. */
  const factor = (x: number, fraction: number, about: number, least: number, most: number): number | undefined => {
    if (x % 2 === 0 || fraction < 1 || random.chance(0.5)) return undefined;
    const unit = 2 ** fraction;
    const found = Math.floor(about / unit) * unit + factorFor(x, fraction, unit / 2 - random.below(2));
    return found < least || found > most ? undefined : found;
  };
  const heads = input.heads.map((head, h) => {
    const row = h * shape.headDim + random.below(shape.headDim);
    const x = input.x[row]!;
    const ends = [smallest(directBits), largest(directBits)] as const;
    const direct = factor(x, directFraction, head.direct, ...ends) ?? head.direct;
    if (state instanceof Int32Array || p.state.kind === 'head') return { ...head, direct };
    if (random.chance(0.2)) return { ...head, direct, dt: 0, decay: holding(decayFraction, random) };
    const start = random.below(shape.dState);
    const elements = state.q.subarray(row * shape.dState, (row + 1) * shape.dState);
    const q = [...elements.subarray(start), ...elements].find((v) => v % 2 !== 0) ?? 0;
    const k = bitLength(Math.abs(head.dt * x)) - (p.state.stepBits - 1);
    const dt = factor(x, k, head.dt, 0, 2 ** dtBits - 1) ?? head.dt;
    const one = 2 ** decayFraction;
    const decay = factor(q, decayFraction - state.exponents[row]!, random.below(one), 0, one) ?? head.decay;
    return { ...head, direct, dt, decay };
  });
  return { ...input, heads };
}

export function awkwardShape(p: ScanParameters, random: Random): ScanShape {
  const groups = pick(random, 1, p.maxGroups);
  const heads = groups * pick(random, 1, Math.max(1, Math.floor(p.maxHeads / groups)));
  return { heads, groups, headDim: pick(random, 1, p.maxHeadDim), dState: size(random, p.lanes, p.maxState) };
}
