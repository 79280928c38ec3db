/** What a scan unit takes of a device: the cells of its structure (`structure.ts`) and shares of its sizes, which `popscan bench scan --rows cost-fit` fits. */
import { type Costs, estimateOf } from '../cost.ts';
import { inBlocks } from '../fabric.ts';
import type { Resources } from '../matmul/resources.ts';
import costs from './costs.json' with { type: 'json' };
import { productStyle, type ScanParameters } from './parameters.ts';
import { inLuts, memoriesOf, type ScanSizes, structureOf } from './structure.ts';

/** The family whose synthesis the model is fitted on. */
const target = 'xcup';

/** Which coefficients a unit has. */
export const scanCostName = (p: ScanParameters): string => `${target}.${p.state.kind}.${productStyle(p)}`;

const models: Readonly<Record<string, Costs<keyof ScanSizes> | undefined>> = costs.models;

/** Of a unit with its state on chip, on UltraScale+; undefined where nothing has been fitted: products in look-up tables. */
export function scanResources(p: ScanParameters): Resources | undefined {
  const model = models[scanCostName(p)];
  if (model === undefined) return undefined;
  const large = memoriesOf(p).filter((m) => !inLuts(m, target));
  return {
    ...estimateOf(structureOf(p, target), model),
    bram: large.reduce((sum, { words, width }) => sum + inBlocks(width, words).blocks, 0),
    dsp: dspBlocks(p),
  };
}

/** Products of a lane (t' B, C S', with one unit per head decay S too), and of a row (dt x, D x). */
function dspBlocks(p: ScanParameters): number {
  if (productStyle(p) === 'logic') return 0;
  return (p.state.kind === 'row' ? 2 : 3) * p.lanes * p.rows + 2 * p.rows;
}
