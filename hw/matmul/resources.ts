/** What an array takes of a device: the cells of its structure (`structure.ts`) and shares of its sizes, which `popscan bench matmul --rows cost-fit` fits. */
import { type Costs, estimateOf } from '../cost.ts';
import { type CostTarget, inBlocks } from '../fabric.ts';
import costs from './costs.json' with { type: 'json' };
import { type MatmulParameters, type MatmulWidths, matmulWidths } from './parameters.ts';
import { bufferDepth, bufferInBlocks, dspPerResult, type Sizes, structureOf, sumMemory } from './structure.ts';

export interface Resources {
  readonly lut: number;
  readonly ff: number;
  readonly carry: number;
  /** Blocks of 36 Kbit. */
  readonly bram: number;
  readonly dsp: number;
}

const models: Readonly<Record<CostTarget, Costs<keyof Sizes>>> = costs.models;

/** LUTs are LUT6 of AMD; LUT4 and two for each CCU2C for ECP5. Cells as the target has them (`MatmulParameters.cells`). */
export function resources(p: MatmulParameters, target: CostTarget = 'xcup'): Resources {
  return {
    ...estimateOf(structureOf(p, target), models[target]),
    bram: blocksOf(p, target),
    dsp: p.rowScaleBits === undefined ? 0 : p.drain * dspPerResult(p, target),
  };
}

function blocksOf(p: MatmulParameters, target: CostTarget): number {
  const w = matmulWidths(p);
  const { width, words } = sumMemory(p, w);
  const sums = w.storedTiles === 0 ? 0 : 2 * inBlocks(width, words).blocks;
  return bufferInBlocks(p, target) ? sums + bufferBlocks(p, w) : sums;
}

/** Activations, and the shifts that stand beside those of the first load of a segment. */
function bufferBlocks(p: MatmulParameters, w: MatmulWidths): number {
  const depth = bufferDepth(w);
  const perSegment = Math.max(1, p.segment / w.load);
  const activations = w.load * w.planesAtOnce;
  const shifts = p.maxShift === 0 ? 0 : w.loadSegments * w.shift;
  const first = Math.ceil(w.chunks / perSegment);
  return (
    p.tokens *
    (first * inBlocks(activations + shifts, depth).blocks + (w.chunks - first) * inBlocks(activations, depth).blocks)
  );
}
