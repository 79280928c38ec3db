/** Arrays on which the cost model is fitted, and others on which it is checked: every parameter at several values, sizes that Yosys maps in a minute. */
import { defaultNumerics } from '../../golden/fixed/index.ts';
import type { MatmulParameters } from '../../hw/index.ts';
import { lookUpTile, tile } from './arrays.ts';

export interface Sample {
  readonly target: 'xcup' | 'ecp5';
  readonly parameters: MatmulParameters;
}

const base: MatmulParameters = {
  ...{ lanes: 4, columns: 64, segment: 64, load: 64, tokens: 1, drain: 4, planes: 1, maxShift: 0 },
  ...{ maxRows: 10576, maxColumns: 5120, numerics: defaultNumerics.matmul, cells: 'xilinx' as const },
};
const table: MatmulParameters = { ...base, engine: 'table', storedRows: base.maxRows };

type Change = Partial<MatmulParameters>;
const on = (target: Sample['target'], of: MatmulParameters, changes: readonly Change[]): Sample[] =>
  changes.map((change) => ({ target, parameters: { ...of, ...change } }));

const popcounts: readonly Change[] = [
  {},
  { lanes: 1, drain: 1, columns: 16, segment: 16, load: 16 },
  { lanes: 2, drain: 1, columns: 256, segment: 256 },
  { lanes: 8, drain: 2, columns: 32, segment: 32, load: 32, maxRows: 1024, maxColumns: 1024 },
  { lanes: 6, drain: 3, load: 16, activationPlanes: 1 },
  { lanes: 8, drain: 1, columns: 128, segment: 128, activationPlanes: 2 },
  { lanes: 2, drain: 2, activationPlanes: 4, columns: 32, segment: 32, load: 32 },
  { planes: 2, drain: 1, load: 32 },
  { planes: 8, drain: 2, lanes: 3, tokens: 2 },
  { tokens: 4, lanes: 2, drain: 2, columns: 32, segment: 32, load: 32 },
  { maxShift: 16, segment: 16, drain: 2 },
  { maxShift: 4, segment: 32, drain: 1, lanes: 2, columns: 128 },
  { storedRows: 10576, drain: 4, lanes: 5 },
  { storedRows: 2048, maxRows: 2048, drain: 2, tokens: 2, columns: 32, segment: 32, load: 8 },
];
const tables: readonly Change[] = [
  {},
  { lanes: 7, drain: 7, columns: 32, segment: 32, load: 32 },
  { lanes: 14, drain: 7, load: 16 },
  { lanes: 9, drain: 9, columns: 128, segment: 128, load: 32 },
  { lanes: 16, drain: 16, columns: 16, segment: 16, load: 16, maxRows: 2048, storedRows: 2048, maxColumns: 1024 },
  { lanes: 2, drain: 2, columns: 256, segment: 256 },
  { lanes: 8, drain: 8, planes: 4, columns: 32, segment: 32, load: 16 },
  { lanes: 8, drain: 4, maxShift: 8, segment: 16, load: 16 },
  { lanes: 3, drain: 3, maxShift: 16, columns: 32, segment: 32, load: 32 },
  { lanes: 5, drain: 5, maxShift: 4, columns: 32, segment: 16, load: 32 },
  { lanes: 12, drain: 12, columns: 96, segment: 96, load: 48 },
];

/** With cells of the family. */
export const fitted: readonly Sample[] = [
  ...on('xcup', base, popcounts),
  ...on('xcup', table, tables),
  ...on(
    'ecp5',
    { ...base, cells: 'ecp5' },
    popcounts.filter((_, i) => i % 2 === 0 && i < 12),
  ),
];

export const checked: readonly Sample[] = [
  ...on('xcup', base, [
    { lanes: 3, drain: 2, columns: 128, segment: 128, maxColumns: 2560 },
    { lanes: 12, drain: 2, columns: 32, segment: 32, load: 32, activationPlanes: 4 },
    { lanes: 4, drain: 2, tokens: 3, planes: 4, activationPlanes: 2 },
    { lanes: 6, drain: 3, maxShift: 8, segment: 32 },
    { ...tile },
  ]),
  ...on('xcup', table, [
    { lanes: 10, drain: 10, columns: 48, segment: 48, load: 16 },
    { lanes: 5, drain: 5, columns: 128, segment: 128, load: 64, planes: 2 },
    { lanes: 7, drain: 7, maxShift: 4, segment: 64 },
    { ...lookUpTile },
  ]),
  ...on('ecp5', { ...base, cells: 'ecp5' }, [
    { lanes: 3, drain: 2, columns: 128, segment: 128, maxColumns: 2560 },
    { lanes: 12, drain: 2, columns: 32, segment: 32, load: 32, activationPlanes: 4 },
    { lanes: 6, drain: 3, maxShift: 8, segment: 32 },
  ]),
];
