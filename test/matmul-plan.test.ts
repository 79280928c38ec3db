import { describe, expect, it } from 'vitest';
import { bundle } from '../gen/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import {
  devices,
  type MatmulParameters,
  matmulArray,
  type PlanRequest,
  planMatmul,
  schedule,
  type Work,
} from '../hw/index.ts';
import { createRandom, createSimulator } from '../sim/index.ts';
import { matmulBench } from '../verify/bench-matmul.ts';
import { countCycles } from '../verify/count-cycles.ts';
import type { MatmulJob } from '../verify/job.ts';
import { randomMatmulJob } from '../verify/jobs-corner.ts';

const base: MatmulParameters = {
  ...{ lanes: 5, columns: 8, segment: 8, tokens: 1, drain: 2, planes: 1, maxShift: 0, maxRows: 60, maxColumns: 60 },
  numerics: defaultNumerics.matmul,
};
const arrays: readonly (readonly [string, MatmulParameters])[] = [
  ['row-major', base],
  ['results that leave slowly, narrow loads', { ...base, drain: 1, load: 2 }],
  ['wide beats', { ...base, columns: 64, segment: 64, maxColumns: 200 }],
  ['vectors and planes', { ...base, tokens: 3, planes: 2, maxShift: 3, segment: 4 }],
  ['planes in time', { ...base, activationPlanes: 2, load: 2, planes: 2 }],
  ['planes in time, vectors', { ...base, activationPlanes: 1, tokens: 2, drain: 1, maxShift: 3, segment: 4 }],
  ['planes in time, column-major', { ...base, activationPlanes: 4, load: 4, storedRows: 60 }],
  ['scales of rows', { ...base, rowScaleBits: 16 }],
  ['column-major', { ...base, storedRows: 60, load: 4, drain: 5 }],
  ['look-up', { ...base, engine: 'table', storedRows: 60, load: 4, drain: 5 }],
];

const workOf = ({ matrix, vectors, order }: MatmulJob): Work => ({
  ...{ rows: matrix.rows, cols: matrix.cols, planes: matrix.planes.length, tokens: vectors.length, order },
});

describe('the schedule', () => {
  it.each(arrays)('is that of the array to the cycle: %s', (_name, p) => {
    const random = createRandom(11);
    const engine = createSimulator(bundle('top', { matmul: matmulArray(p) }).module, { properties: 'throw' });
    for (let trial = 0; trial < 60; trial++) {
      const jobs = Array.from({ length: 1 + random.below(5) }, () =>
        randomMatmulJob(p, random, 1 + random.below(p.maxRows), 1 + random.below(p.maxColumns), 'any'),
      );
      const counted = countCycles(engine, matmulBench(jobs, p, false));
      expect(counted.verdicts.flatMap((v) => v.mismatch?.text ?? [])).toEqual([]);
      const works = jobs.map(workOf);
      const { cycles, beats, gaps } = schedule(p, works);
      expect({ cycles, beats, gaps }, JSON.stringify(works)).toEqual({
        cycles: counted.cycles,
        beats: counted.beats,
        gaps: counted.gaps,
      });
    }
    engine.close();
  });
});

describe('the planner', () => {
  const request: PlanRequest = {
    matrices: [{ name: 'in_proj', rows: 6448, cols: 1536, planes: 1 }],
    bitsPerCycle: 12266,
    ...{ device: devices.xcu280, vectors: 1, engine: undefined, maxShift: 0, segment: 64 },
    numerics: defaultNumerics.matmul,
  };

  it('takes what a smaller memory feeds, and fewer rows on a smaller device', () => {
    const size = (change: Partial<PlanRequest>): number => {
      const { parameters } = planMatmul({ ...request, ...change });
      return parameters.lanes * parameters.columns;
    };
    expect(size({})).toBe(12288);
    expect(size({ bitsPerCycle: 1000 })).toBeLessThan(1030);
    expect(size({ device: devices['ecp5-85'] })).toBeLessThan(6144);
  });

  it('chooses tables for one vector, popcounts where weights are used for several', () => {
    const engine = (vectors: number) => planMatmul({ ...request, vectors }).parameters.engine;
    expect([engine(1), engine(4)]).toEqual(['table', 'popcount']);
  });

  it('takes bit planes one after the other where a beat lasts long enough', () => {
    const flash = { bitsPerCycle: 2, device: devices.xc7a100t };
    const { parameters, together } = planMatmul({ ...request, ...flash });
    expect(parameters.activationPlanes).toBeLessThan(8);
    expect(together.cycles).toBeLessThan((1.02 * 6448 * 1536) / flash.bitsPerCycle);
    expect(planMatmul(request).parameters.activationPlanes).toBe(8);
  });

  it('says what the smallest array takes where a device holds none', () => {
    const device = { ...devices.xcu280, lut: 200 };
    expect(() => planMatmul({ ...request, device })).toThrow(/expected 70 % of 200 LUT, 2607360 FF, 2016 block RAM/);
  });
});
