/** The units at sizes small enough to be run hundreds of times, each with the work that must find every fault in it. */
import type { Design, Module } from '../gen/index.ts';
import { defaultNumerics, type ScanShape } from '../golden/fixed/index.ts';
import {
  type ConvParameters,
  convUnit,
  convWords,
  type MatmulParameters,
  type MixerParameters,
  matmulArray,
  mixerParameters,
  mixerUnit,
  type NormParameters,
  normUnit,
  type ResidualParameters,
  residualUnit,
  type ScanParameters,
  scanUnit,
  storeSize,
} from '../hw/index.ts';
import { createRandom, type Random } from '../sim/index.ts';
import { convBench } from './bench-conv.ts';
import { matmulBench } from './bench-matmul.ts';
import { mixerBench } from './bench-mixer.ts';
import { normBench } from './bench-norm.ts';
import { residualBench } from './bench-residual.ts';
import { scanBench } from './bench-scan.ts';
import { cornerResidualJobs } from './golden-residual.ts';
import { cornerMatmulJobs, randomMatmulJob } from './jobs-corner.ts';
import { cornerConvJobs } from './jobs-corner-conv.ts';
import { cornerMixerJobs } from './jobs-corner-mixer.ts';
import { cornerNormJobs } from './jobs-corner-norm.ts';
import { cornerScanJobs } from './jobs-corner-scan.ts';
import { scanCoreWork } from './scan-core-run.ts';
import { scanStoreWork } from './scan-store-run.ts';
import type { UnitBench } from './unit-bench.ts';

/** Runs of a unit, each on work of its own from a reset on. */
export const runs = 16;

export interface MutationUnit {
  readonly design: Design;
  /** The work of run n: for a number the same each time. */
  readonly benchOf: (n: number) => UnitBench;
  /** Further work, on the unit as it stands in a mutated design; returns what it found. */
  readonly also?: (unit: Module) => string | undefined;
  /** Units inside it, by the name of their instance, which have to do work of their own, too. */
  readonly parts?: Readonly<Record<string, MutationUnit>>;
}

/** Work is made when it is first asked for; the first run has the most. */
function worksOf<J>(make: (random: Random, share: number) => J): (n: number) => J {
  const known = new Map<number, J>();
  return (n) => {
    const jobs = known.get(n) ?? make(createRandom(1 + n), n === 0 ? 1 : 1 / 3);
    known.set(n, jobs);
    return jobs;
  };
}

const part = (count: number, share: number): number => Math.ceil(count * share);

function matmul(): MutationUnit {
  const p: MatmulParameters = {
    ...{ lanes: 3, columns: 6, segment: 2, load: 2, tokens: 2, drain: 2, planes: 2 },
    ...{ maxShift: 10, maxRows: 10, maxColumns: 20, storedRows: 6 },
    numerics: defaultNumerics.matmul,
  };
  const jobsOf = worksOf((random, share) => {
    // Tiles of a beat or two, which come faster than their results leave, so that the array has to wait for them.
    const short = Array.from({ length: part(60, share) }, (_, i) =>
      randomMatmulJob(p, random, 1 + random.below(6), 1 + random.below(12), `short ${i}`),
    );
    return [...cornerMatmulJobs(p, random, part(40, share)), ...short];
  });
  return { design: matmulArray(p) as Design, benchOf: (n) => matmulBench(jobsOf(n), p, false) };
}

/** A scan's core with its state in a memory outside that stalls, where what it does to the state shows, too. */
function coreRuns(p: ScanParameters): (core: Module) => string | undefined {
  const large = [{ heads: 4, headDim: 5, dState: p.maxState, groups: 2 }];
  const short = [{ heads: 4, headDim: 2, dState: p.lanes, groups: 4 }];
  // A word of state each.
  const single = [1, 2, 2].map((headDim, i) => ({ heads: 1, headDim, dState: p.lanes - (i % 2), groups: 1 }));
  const runs = [
    ...[large, short, single].map((shapes) => scanCoreWork(p, shapes)),
    scanCoreWork(p, large, 'state'),
    // Tokens wait in front of one part, while the others go ahead.
    ...(['bc', 'head', 'x'] as const).map((slow) => scanCoreWork(p, single, slow)),
  ];
  return (core) => runs.map((run) => run(core)).find((found) => found !== undefined);
}

/** What an instance of a module is of. */
export const instanceOf = (module: Module, name: string): Module =>
  module.instances.find((i) => i.name === name)!.module;

function scan(): MutationUnit {
  // Sizes whose counters need all their bits.
  const shape = { heads: 6, headDim: 5, dState: 13 };
  const choice = { lanes: 4, rows: 2 };
  const size = storeSize(shape, choice);
  return scanOf({
    ...choice,
    ...{ maxHeads: shape.heads, maxHeadDim: shape.headDim, maxState: shape.dState, maxGroups: 2 },
    ...{ stateWords: 2 * size.words, rowWords: 2 * size.rows },
    numerics: defaultNumerics.scan,
    state: defaultNumerics.state,
  });
}

function scanOf(p: ScanParameters): MutationUnit {
  const jobsOf = worksOf((random, share) => cornerScanJobs(p, random, part(16, share)));
  const core = coreRuns(p);
  const also = (unit: Module) => core(instanceOf(unit, 'core')) ?? scanStoreWork(instanceOf(unit, 'exponents'));
  return { design: scanUnit(p) as Design, benchOf: (n) => scanBench(jobsOf(n), p), also };
}

function conv(): MutationUnit {
  const bounds = { heads: 2, headDim: 5, dState: 3, groups: 2 };
  const words = convWords(bounds, 2);
  const stateWords = 2 * words;
  return convOf({ lanes: 2, taps: 3, maxWords: words, stateWords, numerics: defaultNumerics }, bounds);
}

/** `bounds`: of the sizes of a token. */
function convOf(p: ConvParameters, bounds: ScanShape): MutationUnit {
  const jobsOf = worksOf((random, share) => cornerConvJobs(p, bounds, random, part(48, share)));
  return { design: convUnit(p) as Design, benchOf: (n) => convBench(jobsOf(n), p) };
}

const norm = (): MutationUnit =>
  normOf({
    ...{ lanes: 3, inputBits: 24, maxTileWords: 5, maxTiles: 3, maxGroups: 5, maxColumns: 60, maxShift: 16 },
    numerics: defaultNumerics,
  });

function normOf(p: NormParameters): MutationUnit {
  const jobsOf = worksOf((random, share) => cornerNormJobs(p, random, part(160, share)));
  return { design: normUnit(p) as Design, benchOf: (n) => normBench(jobsOf(n), p) };
}

function residual(): MutationUnit {
  const p: ResidualParameters = { lanes: 3, maxRows: 11, maxGroups: 3, resultBits: 20, residualBits: 24 };
  const jobsOf = worksOf((random, share) => cornerResidualJobs(p, random, part(60, share)));
  return { design: residualUnit(p) as Design, benchOf: (n) => residualBench(jobsOf(n), p) };
}

/**
 * Lanes that divide neither a head nor a group, and columns of any tile. in_proj's results come about twice as fast as the scan takes them, so that
 * everything in front of it fills up.
 */
function mixer(): MutationUnit {
  const config = { nHeads: 4, headDim: 7, dState: 11, nGroups: 2, nLayer: 2, dConv: 3 };
  const choices = { lanes: 3, scanLanes: 2, scanRows: 2 };
  const of = mixerParameters(config, choices, { columns: 5, segment: 1, resultBits: 24 }, defaultNumerics);
  const p: MixerParameters = { ...of, norm: { ...of.norm, maxTileWords: 9, maxTiles: 4, maxGroups: 5 } };
  const jobsOf = worksOf((random, share) => cornerMixerJobs(p, random, part(72, share)));
  const { maxHeads: heads, maxHeadDim: headDim, maxState: dState, maxGroups: groups } = p.scan;
  const parts = {
    conv: convOf(p.conv, { heads, headDim, dState, groups }),
    scan: scanOf(p.scan),
    norm: normOf(p.norm),
  };
  return { design: mixerUnit(p) as Design, benchOf: (n) => mixerBench(jobsOf(n), p), parts };
}

/** By the name that `popscan mutate --unit` takes. */
export const mutationUnits: Readonly<Record<string, () => MutationUnit>> = {
  ...{ matmul, scan, conv, norm, residual, mixer },
};
