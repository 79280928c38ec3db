/** Jobs that no text produces: extreme and random values, and sizes that do not fill a tile. */
import {
  type Activations,
  biasBits,
  binaryMatmul,
  largest,
  type MatmulNumerics,
  type ScanInput,
  type ScanShape,
  type SignMatrix,
  smallest,
} from '../golden/fixed/index.ts';
import type { MatmulParameters, ScanParameters } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { goldenScan } from './golden-scan.ts';
import type { MatmulJob, ScanJob } from './job.ts';

const pick = (random: Random, low: number, high: number): number => low + random.below(high - low + 1);

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

const job = (label: string, matrix: SignMatrix, activations: Activations, f: MatmulNumerics): MatmulJob => ({
  group: 'corner and random matrices',
  label: `${label}, ${matrix.rows} x ${matrix.cols}`,
  matrix,
  activations,
  expected: binaryMatmul(matrix, activations, f),
});

/** All signs and activations at their extremes, then `count` random matrices of awkward sizes. */
export function cornerMatmulJobs(p: MatmulParameters, random: Random, count: number): MatmulJob[] {
  const f = p.numerics;
  const bits = f.activationBits;
  const biasMost = biasBits(p.maxColumns, f);
  const vector = (cols: number, of: () => number, bias: number): Activations => ({
    q: Int32Array.from({ length: cols }, of),
    exponent: 0,
    bias,
  });
  const rows = Math.min(p.maxRows, p.lanes + 1);
  const jobs: MatmulJob[] = [];
  for (const plus of [true, false]) {
    for (const value of [smallest(bits), largest(bits)]) {
      const bias = plus ? largest(biasMost) : smallest(biasMost);
      const label = `all ${plus ? 'plus' : 'minus'} one, activations ${value}`;
      jobs.push(
        job(
          label,
          signMatrix(rows, p.maxColumns, () => plus),
          vector(p.maxColumns, () => value, bias),
          f,
        ),
      );
    }
  }
  for (let n = 0; n < count; n++) {
    const cols = size(random, p.columns, p.maxColumns);
    const matrix = signMatrix(size(random, p.lanes, p.maxRows), cols, () => random.chance(0.5));
    const bias = pick(random, smallest(biasMost), largest(biasMost));
    jobs.push(
      job(
        `random ${n}`,
        matrix,
        vector(cols, () => pick(random, smallest(bits), largest(bits)), bias),
        f,
      ),
    );
  }
  return jobs;
}

type Spread = 'random' | 'extreme' | 'quiet';

/** `quiet`: small values and long decays beside zeros, so that exponents jump; `extreme`: the ends of every format. */
function randomScanInput(
  shape: ScanShape,
  p: Pick<ScanParameters, 'numerics' | 'state'>,
  random: Random,
  spread: Spread,
): ScanInput {
  const f = p.numerics;
  const signed = (bits: number): number => {
    if (spread === 'extreme') return random.chance(0.5) ? smallest(bits) : largest(bits);
    if (spread === 'quiet')
      return random.chance(0.5) ? 0 : pick(random, -(2 ** random.below(bits - 1)), 2 ** random.below(bits - 1) - 1);
    return pick(random, smallest(bits), largest(bits));
  };
  const inputs = (length: number): Int32Array => Int32Array.from({ length }, () => signed(f.inputBits));
  const extreme = spread === 'extreme';
  const most = 2 ** f.shiftBits - 1;
  // With row exponents the contract asks for stepShift >= k.
  const least = p.state.kind === 'row' ? f.dtBits + f.inputBits - p.state.stepBits : 0;
  const heads = Array.from({ length: shape.heads }, () => ({
    decay: extreme ? (random.chance(0.5) ? 0 : 2 ** f.decayFraction) : pick(random, 0, 2 ** f.decayFraction),
    dt: extreme ? 2 ** f.dtBits - 1 : pick(random, 0, 2 ** f.dtBits - 1),
    direct: signed(f.directBits),
    stepShift: pick(random, Math.max(least, extreme ? 0 : 12), extreme ? most : Math.max(30, least + 12)),
    outputShift: pick(random, extreme ? 0 : 8, extreme ? most : 24),
  }));
  const wide = shape.groups * shape.dState;
  return { heads, x: inputs(shape.heads * shape.headDim), b: inputs(wide), c: inputs(wide) };
}

/** Sequences of random tokens over awkward shapes, quiet and extreme ones among them; each starts from a cleared state. */
export function cornerScanJobs(p: ScanParameters, random: Random, sequences: number): ScanJob[] {
  const jobs: ScanJob[] = [];
  for (let n = 0; n < sequences; n++) {
    const groups = pick(random, 1, p.maxGroups);
    const heads = groups * pick(random, 1, Math.max(1, Math.floor(p.maxHeads / groups)));
    const shape: ScanShape = {
      heads,
      groups,
      headDim: pick(random, 1, p.maxHeadDim),
      dState: size(random, p.lanes, p.maxState),
    };
    const scan = goldenScan(shape, { slot: 0, layer: pick(random, 0, 2 ** 16 - 1) }, p);
    const what = `${heads} heads in ${groups} groups, ${shape.headDim} rows, d_state ${shape.dState}`;
    for (let t = 0; t < 3; t++) {
      const spread = (['random', 'extreme', 'quiet'] as const)[(n + (random.chance(0.2) ? t : 0)) % 3]!;
      const label = `random sequence ${n}, token ${t}: ${what}`;
      const input = randomScanInput(shape, p, random, spread);
      jobs.push(scan.next(input, { group: 'corner and random sequences', label }));
    }
  }
  return jobs;
}
