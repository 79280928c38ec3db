/** The cost model of scan units: fitted on what Yosys makes of some that are drawn at random, judged by others. */
import { bundled } from '../../cli/bundled.ts';
import type { Progress, Report } from '../../cli/command.ts';
import type { Design } from '../../gen/index.ts';
import { type CostTarget, type ScanParameters, scanCostName, scanResources, scanUnit } from '../../hw/index.ts';
import { type ScanSizes, structureOf } from '../../hw/scan/structure.ts';
import { judged, refit, type Sample, type Terms } from '../cost/fit.ts';
import { drawn, kinds } from './cost-samples.ts';

/** On which sizes the cells of a unit depend. */
export const terms: Terms<keyof ScanSizes> = {
  lut: ['control', 'counters', 'lanes', 'rows', 'columns', 'stored', 'words', 'digits'],
  ff: ['control', 'counters', 'lanes', 'rows', 'columns', 'stored', 'words', 'digits'],
  carry: ['control', 'counters', 'lanes', 'rows', 'stored', 'words', 'digits'],
};

export const sampleOf = (p: ScanParameters, target: CostTarget): Sample<keyof ScanSizes> => ({
  name: `${target}, ${nameOf(p)}`,
  model: scanCostName(p, target),
  target,
  design: () => scanUnit(p) as Design,
  structure: () => structureOf(p, target),
  estimate: () => scanResources(p, target)!,
});

/** Units of all kinds, so many of each. */
const samples = (seed: number, count: 'fitted' | 'judging'): Sample<keyof ScanSizes>[] =>
  kinds.flatMap((kind) => drawn(kind, seed, kind[count]).map((p) => sampleOf(p, kind.target)));

/** What distinguishes a unit from the others. */
function nameOf(p: ScanParameters): string {
  const format = p.state.kind === 'row' ? `${p.state.bits} bits` : `${p.numerics.stateBits} bits, one unit per head`;
  const products = p.products === 'logic' ? ', no DSP blocks' : '';
  return `scan, ${p.lanes} x ${p.rows}, ${format}${products}; ${p.maxHeads} heads of ${p.maxHeadDim} x ${p.maxState}`;
}

/** Of units that are not in the fit. */
export const cost = (progress: Progress): Promise<Report> => judged(samples(5, 'judging'), progress);

/** Writes the coefficients where `scanResources` takes them from. */
export const costFit = (progress: Progress): Promise<Report> =>
  refit(samples(1, 'fitted'), terms, bundled('hw/scan/costs.json'), progress);
