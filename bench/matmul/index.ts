/** `popscan bench matmul`: the array's area, cycles, results and generation against their bounds. */
import type { Bench } from '../bench.ts';
import { compressors, lanes, otherForms, popcountArray } from './area.ts';
import { correctness } from './correctness.ts';
import { cost, costFit } from './cost.ts';
import { ecp5 } from './ecp5.ts';
import { generation } from './generation.ts';
import { lookUp } from './look-up.ts';
import { utilisation } from './utilisation.ts';

/** One file for each part. */
export const matmulBench: Bench = {
  describe: 'area, utilisation, results and generation of the matmul array',
  rows: {
    compressors,
    forms: otherForms,
    lane: lanes,
    'popcount-array': popcountArray,
    ecp5,
    'look-up': lookUp,
    cost,
    utilisation,
    correctness,
    generation,
  },
  /** It changes a file of the sources. */
  onDemand: { 'cost-fit': costFit },
};
