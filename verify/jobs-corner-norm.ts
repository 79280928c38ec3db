/** Vectors that no text produces, through projections whose numbers are at the ends of their formats. */
import { largest } from '../golden/fixed/index.ts';
import type { FixedProjection } from '../golden/fixed/projection.ts';
import { rsqrtTable } from '../golden/fixed/tables.ts';
import { type NormParameters, tileWords } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { pick } from './draw.ts';
import { type NormJob, normJob } from './golden-norm.ts';
import { signed } from './jobs-corner-conv.ts';
import { roundingEdge } from './rounding-edges.ts';

interface Sizes {
  readonly groups: number;
  readonly packet: number;
  readonly tile: number;
  readonly cols: number;
}

/** Tiles of a group of `heads` packets: a part of one, one or two of them, or the whole group. */
export const tilesOf = (p: NormParameters, packet: number, heads: number): number[] =>
  [packet, packet * heads, p.lanes, 2 * packet].filter(
    (tile) =>
      (packet * heads) % tile === 0 &&
      (tile % packet === 0 || (packet % tile === 0 && tile % p.lanes === 0)) &&
      tileWords(tile, packet, p.lanes) <= p.maxTileWords &&
      (packet * heads) / tile <= p.maxTiles,
  );

function randomSizes(p: NormParameters, random: Random): Sizes {
  for (;;) {
    const groups = pick(random, 1, p.maxGroups);
    const most = Math.floor(p.maxColumns / groups);
    const packet = pick(random, 1, Math.min(most, p.lanes * p.maxTileWords));
    const heads = pick(random, 1, Math.floor(most / packet));
    const tiles = tilesOf(p, packet, heads);
    const tile = tiles[random.below(tiles.length)];
    if (tile !== undefined) return { groups, packet, tile, cols: groups * heads * packet };
  }
}

/** A beat, or several that are a tile each. */
function shortSizes(p: NormParameters, random: Random): Sizes {
  const tiles = random.below(Math.min(4, p.maxTiles, Math.floor(p.maxColumns / p.lanes))) + 1;
  const tile = tiles > 1 ? p.lanes : pick(random, 1, Math.min(p.lanes, p.maxColumns));
  return { groups: 1, packet: tiles * tile, tile, cols: tiles * tile };
}

/** Plus or minus a power of two. */
const power = (random: Random, bits: number): number => (random.chance(0.5) ? 1 : -1) * 2 ** random.below(bits - 1);

/** Bits by which the unit of the bias factors may be coarser than that of the weights: then the bias term overflows. */
const biasRoom = 10;
/** And finer: most of the time so that something is left of the bias term, up to the largest shift. */
const biasLess = (random: Random): number => (random.chance(0.1) ? 100 : 24);

/** Smallest exponents: what the shift of a tile leaves, or more, up to the bits of a product. */
function randomFloor(p: NormParameters, random: Random, single: boolean): number {
  const { norm, matmul } = p.numerics;
  const most = p.inputBits + norm.weightBits - 1 - matmul.activationBits;
  const least = single ? 0 : most - p.maxShift;
  return random.chance(0.5) ? least : pick(random, least, most);
}

export const projectionSpreads = ['random', 'extreme', 'powers'] as const;

export function randomProjection(
  p: NormParameters,
  random: Random,
  { groups, tile, cols }: Omit<Sizes, 'packet'>,
  spread: (typeof projectionSpreads)[number],
  epsilon: bigint,
): FixedProjection {
  const { norm, matmul } = p.numerics;
  const extreme = spread === 'extreme';
  const value = (bits: number): number => (spread === 'powers' ? power(random, bits) : signed(random, bits, extreme));
  const ints = (bits: number): Int32Array => Int32Array.from({ length: cols }, () => value(bits));
  const unit = pick(random, -16, -8);
  return {
    matrix: { rows: 1, cols, planes: [] },
    groups,
    tile,
    floor: randomFloor(p, random, groups * tile === cols),
    activationBits: matmul.activationBits,
    resultFraction: matmul.resultFraction,
    weight: { values: ints(norm.weightBits).map((w) => Math.max(w, -largest(norm.weightBits))), unit },
    bias: {
      values: ints(norm.biasWeightBits),
      unit: unit + (extreme ? biasRoom : pick(random, -biasLess(random), biasRoom)),
    },
    epsilon,
  };
}

/** Bits of the number whose root is taken, the leading pair not 0. */
const cutBits = 24;

/** eps alone, where a vector is zero: of any size, small, or one at which the root's interpolation is about to round up. */
export function randomEpsilon(random: Random): bigint {
  if (random.chance(0.3)) return random.bits(1 + random.below(62)) | 1n;
  if (random.chance(0.3)) return random.bits(1 + random.below(24)) | 1n;
  const cut = BigInt(2 ** (cutBits - 2) + roundingEdge(rsqrtTable, random));
  return cut << BigInt(2 * random.below(20));
}

/** Full range, small, sparse and zero vectors; then as many of a beat or a few, whose products are powers of two or whose root is that of eps. */
export function cornerNormJobs(p: NormParameters, random: Random, vectors: number): NormJob[] {
  const group = 'corner and random vectors';
  const whole = Array.from({ length: vectors }, (_, n) => {
    const extreme = n % 3 === 1;
    const sizes = randomSizes(p, random);
    const projection = randomProjection(p, random, sizes, extreme ? 'extreme' : 'random', randomEpsilon(random));
    const { cols } = projection.matrix;
    const bits = [p.inputBits, p.inputBits, Math.min(4, p.inputBits), 2][n % 4]!;
    const zeros = [0, 0.3, 0.95, 1][(n >> 1) % 4]!;
    const x = Int32Array.from({ length: cols }, () => (random.chance(zeros) ? 0 : signed(random, bits, extreme)));
    const what = `${projection.groups} groups, ${cols} columns in tiles of ${projection.tile}, packets of ${sizes.packet}`;
    return normJob(projection, sizes.packet, x, { group, label: `vector ${n}: ${what}` });
  });
  const short = Array.from({ length: vectors }, (_, n) => {
    const sizes = shortSizes(p, random);
    const { cols } = sizes;
    const projection = randomProjection(p, random, sizes, 'powers', randomEpsilon(random));
    const x = Int32Array.from({ length: cols }, () => (n % 2 === 0 ? 0 : power(random, p.inputBits)));
    return normJob(projection, cols, x, { group, label: `short vector ${n}: ${cols} columns` });
  });
  return [...whole, ...short];
}
