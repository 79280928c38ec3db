/** The cost model of scan units: fitted on what Yosys makes of some that are drawn at random, judged by others. */
import { bundled } from '../../cli/bundled.ts';
import type { Progress, Report } from '../../cli/command.ts';
import type { Design } from '../../gen/index.ts';
import { type ScanParameters, scanCostName, scanResources, scanUnit } from '../../hw/index.ts';
import { type ScanSizes, structureOf } from '../../hw/scan/structure.ts';
import { judged, refit, type Sample, type Terms } from '../cost/fit.ts';
import { drawn, kinds } from './cost-samples.ts';

/** On which sizes the cells of a unit depend. */
export const terms: Terms<keyof ScanSizes> = {
  lut: ['control', 'counters', 'lanes', 'rows', 'columns', 'stored', 'words'],
  ff: ['control', 'counters', 'lanes', 'rows', 'columns', 'stored', 'words'],
  carry: ['control', 'counters', 'lanes', 'rows', 'stored', 'words'],
};

const target = 'xcup';

export const sampleOf = (p: ScanParameters): Sample<keyof ScanSizes> => ({
  name: nameOf(p),
  model: scanCostName(p),
  target,
  design: () => scanUnit(p) as Design,
  structure: () => structureOf(p, target),
  estimate: () => scanResources(p)!,
});

/** What distinguishes a unit from the others. */
function nameOf(p: ScanParameters): string {
  const format = p.state.kind === 'row' ? `${p.state.bits} bits` : `${p.numerics.stateBits} bits, one unit per head`;
  const products = p.products === 'logic' ? ', no DSP blocks' : '';
  return `scan, ${p.lanes} x ${p.rows}, ${format}${products}; ${p.maxHeads} heads of ${p.maxHeadDim} x ${p.maxState}`;
}

/** Of units that are not in the fit. */
export const cost = (progress: Progress): Promise<Report> =>
  judged(
    kinds.flatMap((kind) => drawn(kind, 2, kind.judging).map(sampleOf)),
    progress,
  );

/** Writes the coefficients where `scanResources` takes them from. */
export const costFit = (progress: Progress): Promise<Report> =>
  refit(
    kinds.flatMap((kind) => drawn(kind, 1, kind.fitted).map(sampleOf)),
    terms,
    bundled('hw/scan/costs.json'),
    progress,
  );
