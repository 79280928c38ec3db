/** The units at sizes small enough to be run hundreds of times, each with the work that must find every fault in it. */
import type { Design, Module } from '../gen/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import {
  type ConvParameters,
  convUnit,
  convWords,
  type MatmulParameters,
  matmulArray,
  type NormParameters,
  normUnit,
  type ResidualParameters,
  residualUnit,
  type ScanParameters,
  scanUnit,
  storeSize,
} from '../hw/index.ts';
import { createRandom } from '../sim/index.ts';
import { convBench } from './bench-conv.ts';
import { matmulBench } from './bench-matmul.ts';
import { normBench } from './bench-norm.ts';
import { residualBench } from './bench-residual.ts';
import { scanBench } from './bench-scan.ts';
import { cornerResidualJobs } from './golden-residual.ts';
import { cornerMatmulJobs, cornerScanJobs, randomMatmulJob } from './jobs-corner.ts';
import { cornerConvJobs } from './jobs-corner-conv.ts';
import { cornerNormJobs } from './jobs-corner-norm.ts';
import { scanCoreWork } from './scan-core-run.ts';
import type { UnitBench } from './unit-bench.ts';

/** A unit, and its work: called for every run, the same each time. */
export interface MutationUnit {
  readonly design: Design;
  readonly bench: () => UnitBench;
  /** Further work, on the unit as it stands in a mutated design; returns what it found. */
  readonly also?: (unit: Module) => string | undefined;
}

function matmul(): MutationUnit {
  const p: MatmulParameters = {
    ...{ lanes: 3, columns: 6, segment: 2, load: 2, tokens: 2, drain: 2, planes: 2 },
    ...{ maxShift: 5, maxRows: 10, maxColumns: 20, storedRows: 10 },
    numerics: defaultNumerics.matmul,
  };
  const random = createRandom(1);
  // Tiles of a beat or two, which come faster than their results leave, so that the array has to wait for them.
  const short = Array.from({ length: 12 }, (_, i) => randomMatmulJob(p, random, p.maxRows, 1 + (i % 6), `short ${i}`));
  const jobs = [...cornerMatmulJobs(p, random, 40), ...short];
  return { design: matmulArray(p) as Design, bench: () => matmulBench(jobs, p, false) };
}

function scan(): MutationUnit {
  const shape = { heads: 4, headDim: 5, dState: 13 };
  const choice = { lanes: 4, rows: 2 };
  const size = storeSize(shape, choice);
  const p: ScanParameters = {
    ...choice,
    ...{ maxHeads: shape.heads, maxHeadDim: shape.headDim, maxState: shape.dState, maxGroups: 2 },
    ...{ stateWords: 2 * size.words, rowWords: 2 * size.rows },
    numerics: defaultNumerics.scan,
    state: defaultNumerics.state,
  };
  const jobs = cornerScanJobs(p, createRandom(1), 16);
  const core = scanCoreWork(p, { heads: 4, headDim: 5, dState: 13, groups: 2 });
  const also = (unit: Module) => core(unit.instances.find((i) => i.name === 'core')!.module);
  return { design: scanUnit(p) as Design, bench: () => scanBench(jobs, p), also };
}

function conv(): MutationUnit {
  const bounds = { heads: 2, headDim: 5, dState: 3, groups: 2 };
  const words = convWords(bounds, 2);
  const p: ConvParameters = { lanes: 2, taps: 3, maxWords: words, stateWords: 2 * words, numerics: defaultNumerics };
  const jobs = cornerConvJobs(p, bounds, createRandom(1), 48);
  return { design: convUnit(p) as Design, bench: () => convBench(jobs, p) };
}

function norm(): MutationUnit {
  const p: NormParameters = {
    ...{ lanes: 3, inputBits: 24, maxTileWords: 5, maxTiles: 3, maxGroups: 5, maxColumns: 60, maxShift: 16 },
    numerics: defaultNumerics,
  };
  const jobs = cornerNormJobs(p, createRandom(1), 160);
  return { design: normUnit(p) as Design, bench: () => normBench(jobs, p) };
}

function residual(): MutationUnit {
  const p: ResidualParameters = { lanes: 3, maxRows: 8, maxGroups: 3, resultBits: 20, residualBits: 24 };
  const jobs = cornerResidualJobs(p, createRandom(1), 60);
  return { design: residualUnit(p) as Design, bench: () => residualBench(jobs, p) };
}

/** By the name that `popscan mutate --unit` takes. */
export const mutationUnits: Readonly<Record<string, () => MutationUnit>> = { matmul, scan, conv, norm, residual };
