/** Vectors that no text produces, through projections whose numbers are at the ends of their formats. */
import type { FixedProjection } from '../golden/fixed/projection.ts';
import { type NormParameters, tileWords } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { type NormJob, normJob } from './golden-norm.ts';
import { signed } from './jobs-corner-conv.ts';

const pick = (random: Random, low: number, high: number): number => low + random.below(high - low + 1);

/** Groups of heads whose tiles are a part of a head, a head or several, or the whole group. */
function randomSizes(p: NormParameters, random: Random) {
  const groups = pick(random, 1, p.maxGroups);
  const most = Math.floor(p.maxColumns / groups);
  const packet = pick(random, 1, Math.min(most, p.lanes * p.maxTileWords));
  const heads = pick(random, 1, Math.floor(most / packet));
  const tiles = [packet, packet * heads, p.lanes, 2 * packet].filter(
    (tile) =>
      (packet * heads) % tile === 0 &&
      (tile % packet === 0 || (packet % tile === 0 && tile % p.lanes === 0)) &&
      tileWords(tile, packet, p.lanes) <= p.maxTileWords &&
      (packet * heads) / tile <= p.maxTiles,
  );
  const tile = tiles[random.below(tiles.length)];
  return tile === undefined ? undefined : { groups, packet, tile, cols: groups * heads * packet };
}

/** Bits by which the unit of the bias factors may be coarser than that of the weights: then the bias term overflows. */
const biasRoom = 10;

function randomProjection(p: NormParameters, random: Random, extreme: boolean) {
  let sizes = randomSizes(p, random);
  while (sizes === undefined) sizes = randomSizes(p, random);
  const { groups, packet, tile, cols } = sizes;
  const { norm, matmul } = p.numerics;
  const ints = (bits: number): Int32Array => Int32Array.from({ length: cols }, () => signed(random, bits, extreme));
  const unit = pick(random, -16, -8);
  const projection: FixedProjection = {
    matrix: { rows: 1, cols, planes: [] },
    groups,
    tile,
    floor: tile === cols ? 0 : p.inputBits + norm.weightBits - 1 - matmul.activationBits - p.maxShift,
    activationBits: matmul.activationBits,
    resultFraction: matmul.resultFraction,
    weight: { values: ints(norm.weightBits), unit },
    bias: { values: ints(norm.biasWeightBits), unit: extreme ? unit + biasRoom : pick(random, -24, -12) },
    epsilon: random.bits(1 + random.below(62)) | 1n,
  };
  return { projection, packet };
}

/** Full range, small, sparse and zero vectors. */
export function cornerNormJobs(p: NormParameters, random: Random, vectors: number): NormJob[] {
  return Array.from({ length: vectors }, (_, n) => {
    const extreme = n % 3 === 1;
    const { projection, packet } = randomProjection(p, random, extreme);
    const { cols } = projection.matrix;
    const bits = [p.inputBits, p.inputBits, Math.min(4, p.inputBits), 2][n % 4]!;
    const zeros = [0, 0.3, 0.95, 1][(n >> 1) % 4]!;
    const x = Int32Array.from({ length: cols }, () => (random.chance(zeros) ? 0 : signed(random, bits, extreme)));
    const what = `${projection.groups} groups, ${cols} columns in tiles of ${projection.tile}, packets of ${packet}`;
    return normJob(projection, packet, x, { group: 'corner and random vectors', label: `vector ${n}: ${what}` });
  });
}
