/** `popscan bench matmul`: the array's area, cycles, results and generation against their bounds. */
import type { Progress, Report } from '../../cli/command.ts';
import { type Bench, joinReports } from '../bench.ts';
import { compressors, lanes, otherForms, popcountArray } from './area.ts';
import { correctness } from './correctness.ts';
import { cost, costFit } from './cost.ts';
import { ecp5 } from './ecp5.ts';
import { generation } from './generation.ts';
import { lookUp } from './look-up.ts';
import { utilisation } from './utilisation.ts';

/** The parts, in the order of the table; one file each. */
const rows: Readonly<Record<string, (progress: Progress) => Promise<Report>>> = {
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
};

/** Done only where it is asked for by name: it changes a file of the sources. */
const onDemand = { 'cost-fit': costFit };

export const matmulBench: Bench = {
  describe: 'area, utilisation, results and generation of the matmul array',
  rows: Object.keys(rows),
  onDemand: Object.keys(onDemand),
  async run({ rows: chosen }, progress) {
    const reports: Report[] = [];
    const all: typeof rows = { ...rows, ...onDemand };
    for (const name of chosen) reports.push(await all[name]!(progress));
    return joinReports(reports);
  },
};
