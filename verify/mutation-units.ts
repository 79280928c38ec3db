/** The units at sizes small enough to be run hundreds of times, each with the work that must find every fault in it. */
import type { Design } from '../gen/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import { type MatmulParameters, matmulArray, type ScanParameters, scanUnit, storeSize } from '../hw/index.ts';
import { createRandom } from '../sim/index.ts';
import { matmulBench } from './bench-matmul.ts';
import { scanBench } from './bench-scan.ts';
import { cornerMatmulJobs, cornerScanJobs } from './jobs-corner.ts';
import type { UnitBench } from './unit-bench.ts';

/** A unit, and its work: called for every run, the same each time. */
export interface MutationUnit {
  readonly design: Design;
  readonly bench: () => UnitBench;
}

function matmul(): MutationUnit {
  const p: MatmulParameters = {
    ...{ lanes: 3, columns: 6, segment: 2, tokens: 2, drain: 2, planes: 2, maxShift: 5, maxRows: 10, maxColumns: 20 },
    numerics: defaultNumerics.matmul,
  };
  const jobs = cornerMatmulJobs(p, createRandom(1), 40);
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
  return { design: scanUnit(p) as Design, bench: () => scanBench(jobs, p) };
}

/** By the name that `popscan mutate --unit` takes. */
export const mutationUnits: Readonly<Record<string, () => MutationUnit>> = { matmul, scan };
