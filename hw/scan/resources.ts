/** What a scan unit takes of a device: the cells of its structure (`structure.ts`) and shares of its sizes, which `popscan bench scan --rows cost-fit` fits. */
import { type Costs, estimateOf } from '../cost.ts';
import { type CostTarget, fabrics, inBlocks } from '../fabric.ts';
import type { Resources } from '../matmul/resources.ts';
import costs from './costs.json' with { type: 'json' };
import { formatOf } from './format.ts';
import { productStyle, type ScanParameters } from './parameters.ts';
import { inLuts, memoriesOf, type ScanSizes, structureOf } from './structure.ts';

/** Which shares a unit has. */
export const scanCostName = (p: ScanParameters, target: CostTarget): string => `${target}.${p.state.kind}`;

const models: Readonly<Record<string, Costs<keyof ScanSizes> | undefined>> = costs.models;

/**
 * Of a unit with its state on chip; undefined where nothing has been fitted: a family of devices, or products in look-up tables with one unit per
 * head.
 */
export function scanResources(p: ScanParameters, target: CostTarget): Resources | undefined {
  const model = models[scanCostName(p, target)];
  if (model === undefined || (productStyle(p) === 'logic' && model.lut.digits === undefined)) return undefined;
  const large = memoriesOf(p).filter((m) => !inLuts(m, target));
  return {
    ...estimateOf(structureOf(p, target), model),
    bram: large.reduce((sum, { words, width }) => sum + inBlocks(width, words).blocks, 0),
    dsp: dspBlocks(p, target),
  };
}

/** Products of a lane (t' B, C S', with one unit per head decay S too), and of a row (dt x, D x). */
function dspBlocks(p: ScanParameters, target: CostTarget): number {
  if (productStyle(p) === 'logic') return 0;
  const { whole, part } = fabrics[target].factor;
  const blocks = (bits: number): number => (bits <= whole ? 1 : Math.ceil(bits / part));
  const { numerics: f } = p;
  const ofLane = blocks(formatOf(p).stepBits) + 1 + (p.state.kind === 'row' ? 0 : 1);
  return p.lanes * p.rows * ofLane + p.rows * (blocks(f.dtBits + 1) + 1);
}
