/**
 * What an array takes of a device: the cells that follow from its structure (`structure.ts`), and for all else so many for each bit of its sizes, which
 * `popscan bench matmul --rows cost-fit` fits on what Yosys makes of real arrays.
 */
import costs from './costs.json' with { type: 'json' };
import { type MatmulParameters, type MatmulWidths, matmulWidths } from './parameters.ts';
import { bufferDepth, type Sizes, structureOf } from './structure.ts';

export interface Resources {
  readonly lut: number;
  readonly ff: number;
  readonly carry: number;
  /** Blocks of 36 Kbit. */
  readonly bram: number;
  readonly dsp: number;
}

/** What a device is made of. 7-series is counted as UltraScale+. */
export type CostTarget = 'xcup' | 'ecp5';

/** Cells for each bit of a size. */
export type Shares = Readonly<Partial<Record<keyof Sizes, number>>>;
export type Costs = Readonly<Record<'lut' | 'ff' | 'carry', Shares>>;

/** Which coefficients an array has. */
export const costName = ({ engine = 'popcount' }: MatmulParameters, target: CostTarget): string =>
  `${target}.${engine}`;

const models: Readonly<Record<string, Costs>> = costs.models;

/** LUTs are LUT6 for UltraScale+; LUT4 and two for each CCU2C for ECP5. Cells as the target has them (`MatmulParameters.cells`). */
export function resources(p: MatmulParameters, target: CostTarget = 'xcup'): Resources {
  const structure = structureOf(p);
  const model = models[costName(p, target)]!;
  const total = (of: keyof Costs, known: number): number => Math.round(known + costOf(structure.sizes, model[of]));
  return {
    lut: total('lut', structure.cells.lut),
    ff: total('ff', structure.cells.ff),
    carry: total('carry', structure.cells.carry),
    bram: blocksOf(p, target),
    dsp: p.rowScaleBits === undefined ? 0 : 2 * p.drain * dspPerProduct(p),
  };
}

export const costOf = (sizes: Sizes, shares: Shares): number =>
  Object.entries(shares).reduce((sum, [name, share]) => sum + share * sizes[name as keyof Sizes], 0);

/** A product of up to 27 x 18 bits takes one block. */
const dspPerProduct = (p: MatmulParameters): number => Math.ceil(matmulWidths(p).unscaled / 26);

function blocksOf(p: MatmulParameters, target: CostTarget): number {
  const w = matmulWidths(p);
  const sums = w.storedTiles === 0 ? 0 : 2 * blocks(p.lanes * p.tokens * w.sum, 2 ** (w.tile + 1));
  return p.engine === 'table' ? sums : sums + bufferBlocks(p, w, target);
}

/** Activations, and the shifts that stand beside those of the first load of a segment. */
function bufferBlocks(p: MatmulParameters, w: MatmulWidths, target: CostTarget): number {
  const depth = bufferDepth(w);
  if (target === 'xcup' && depth <= 64) return 0;
  const perSegment = Math.max(1, p.segment / w.load);
  const activations = w.load * w.planesAtOnce;
  const shifts = p.maxShift === 0 ? 0 : w.loadSegments * w.shift;
  const first = Math.ceil(w.chunks / perSegment);
  return p.tokens * (first * blocks(activations + shifts, depth) + (w.chunks - first) * blocks(activations, depth));
}

/** Shapes of a half block: bits and words. A whole one has twice the bits, or 9 bits of 4 096 words. */
const halfShapes = [
  [36, 512, 1],
  [18, 1024, 1],
  [9, 2048, 1],
  [4, 4096, 1],
  [9, 4096, 2],
] as const;

/** Of a memory with one port to write and one to read. */
const blocks = (width: number, depth: number): number =>
  Math.min(...halfShapes.map(([bits, words, halves]) => halves * Math.ceil(width / bits) * Math.ceil(depth / words))) /
  2;
