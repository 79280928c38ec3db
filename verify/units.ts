/** The units that can be verified: how each is built, and the work that it is given. */
import type { Design } from '../gen/index.ts';
import {
  convUnit,
  matmulArray,
  mixerUnit,
  normUnit,
  orderOf,
  residualUnit,
  scanUnit,
  type UnitParameters,
} from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { convBench } from './bench-conv.ts';
import { matmulBench } from './bench-matmul.ts';
import { mixerBench } from './bench-mixer.ts';
import { normBench } from './bench-norm.ts';
import { residualBench } from './bench-residual.ts';
import { scanBench } from './bench-scan.ts';
import { cornerResidualJobs } from './golden-residual.ts';
import { cornerMatmulJobs } from './jobs-corner.ts';
import { cornerConvJobs } from './jobs-corner-conv.ts';
import { cornerMixerJobs } from './jobs-corner-mixer.ts';
import { cornerNormJobs } from './jobs-corner-norm.ts';
import { cornerScanJobs } from './jobs-corner-scan.ts';
import type { ModelJobs } from './jobs-model.ts';
import type { UnitBench } from './unit-bench.ts';

export interface VerifiedUnit {
  /** What it is called in lists. */
  readonly describe: string;
  design(p: UnitParameters): Design;
  /** A model's own activations; `flip`: with one bit of the weights flipped, where it has such weights. */
  real(p: UnitParameters, jobs: ModelJobs, flip: boolean): UnitBench;
  /** Corner cases and `count` random ones, or as many as take about as long. */
  corner(p: UnitParameters, random: Random, count: number): UnitBench;
}

export type Unit = 'matmul' | 'scan' | 'conv' | 'norm' | 'residual' | 'mixer';

export const verifiedUnits: Readonly<Record<Unit, VerifiedUnit>> = {
  matmul: {
    describe: 'binary matmul array',
    design: (p) => matmulArray(p.matmul) as Design,
    real: (p, jobs, flip) => {
      const order = orderOf(p.matmul);
      return matmulBench(
        jobs.matmul.map((job) => ({ ...job, order })),
        p.matmul,
        flip,
      );
    },
    corner: (p, random, count) => matmulBench(cornerMatmulJobs(p.matmul, random, count), p.matmul, false),
  },
  scan: {
    describe: 'SSM scan',
    design: (p) => scanUnit(p.scan) as Design,
    real: (p, jobs) => scanBench(jobs.scan, p.scan),
    corner: (p, random, count) => scanBench(cornerScanJobs(p.scan, random, Math.ceil(count / 4)), p.scan),
  },
  conv: {
    describe: 'convolution and SiLU',
    design: (p) => convUnit(p.conv) as Design,
    real: (p, jobs) => convBench(jobs.conv, p.conv),
    corner: (p, random, count) => convBench(cornerConvJobs(p.conv, p.bounds, random, Math.ceil(count / 8)), p.conv),
  },
  norm: {
    describe: 'RMSNorm and quantizer',
    design: (p) => normUnit(p.norm) as Design,
    real: (p, jobs) => normBench(jobs.norm, p.norm),
    corner: (p, random, count) => normBench(cornerNormJobs(p.norm, random, count), p.norm),
  },
  residual: {
    describe: 'addition to the residual stream',
    design: (p) => residualUnit(p.residual) as Design,
    real: (p, jobs) => residualBench(jobs.residual, p.residual),
    corner: (p, random, count) => residualBench(cornerResidualJobs(p.residual, random, count), p.residual),
  },
  mixer: {
    describe: "from in_proj's results to out_proj's input",
    design: (p) => mixerUnit(p.mixer) as Design,
    real: (p, jobs) => mixerBench(jobs.mixer, p.mixer),
    corner: (p, random, count) => mixerBench(cornerMixerJobs(p.mixer, random, Math.ceil(count / 8)), p.mixer),
  },
};

export const unitNames = Object.keys(verifiedUnits) as Unit[];
