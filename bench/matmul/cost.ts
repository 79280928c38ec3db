/** The cost model of arrays: fitted on what Yosys makes of some that are drawn at random, judged by others. */
import { bundled } from '../../cli/bundled.ts';
import type { Progress, Report } from '../../cli/command.ts';
import type { Design } from '../../gen/index.ts';
import {
  type CostTarget,
  type MatmulParameters,
  matmulArray,
  resources,
  type Sizes,
  structureOf,
} from '../../hw/index.ts';
import { judged, refit, type Sample, type Terms } from '../cost/fit.ts';
import { drawn, kinds, type Most } from './cost-samples.ts';

/** On which sizes the cells of an array depend. */
export const terms: Terms<keyof Sizes> = {
  lut: ['counters', 'flags', 'saturated', 'columns', 'chunks', 'planes', 'factors'],
  ff: ['control', 'counters', 'along', 'loaded', 'words', 'factors', 'scaled'],
  carry: ['counters', 'saturated', 'planes', 'factors'],
};

export const sampleOf = (parameters: MatmulParameters, target: CostTarget): Sample<keyof Sizes> => ({
  name: nameOf(parameters, target),
  model: target,
  target,
  design: () => matmulArray(parameters) as Design,
  structure: () => structureOf(parameters, target),
  estimate: () => resources(parameters, target),
});

const samplesOf = (seed: number, most: Most, count: 'fitted' | 'judging'): Sample<keyof Sizes>[] =>
  kinds.flatMap((kind) => drawn(kind, seed, kind[count], most).map((p) => sampleOf(p, kind.target)));

/** Those that the model is fitted on, and those that it is judged by, up to twice as large. */
const fitted = () => samplesOf(1, { popcount: 3072, table: 768 }, 'fitted');
const others = () => samplesOf(7, { popcount: 6144, table: 1536 }, 'judging');

/** What distinguishes an array from the others. */
function nameOf(p: MatmulParameters, target: CostTarget): string {
  const { lanes, columns, tokens, planes, engine = 'popcount', activationPlanes, numerics } = p;
  const bits = numerics.activationBits;
  const more = [
    ...(bits === 8 ? [] : [`${bits} bits`]),
    ...(activationPlanes === undefined || activationPlanes === bits ? [] : [`${activationPlanes} planes at once`]),
    ...(tokens === 1 ? [] : [`${tokens} vectors`]),
    ...(planes === 1 ? [] : [`${planes} weight planes`]),
    ...(p.maxShift === 0 ? [] : [`shifts up to ${p.maxShift}`]),
    ...(p.storedRows && engine !== 'table' ? ['column-major'] : []),
    ...(p.saturate === undefined ? [] : ['saturating']),
    ...(p.rowScaleBits === undefined ? [] : ['row scales']),
  ];
  return [`${target}, ${engine} ${lanes} x ${columns}`, ...more].join(', ');
}

/** Of arrays that are not in the fit. */
export const cost = (progress: Progress): Promise<Report> => judged(others(), progress);

/** Writes the coefficients where `resources` takes them from. */
export const costFit = (progress: Progress): Promise<Report> =>
  refit(fitted(), terms, bundled('hw/matmul/costs.json'), progress);
