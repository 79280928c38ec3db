/** The norm and quantizer against golden. */
import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import { printVerilog } from '../gen/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import {
  type NormParameters,
  normUnit,
  normWidths,
  type ResidualParameters,
  residualUnit,
  tileWords,
} from '../hw/index.ts';
import { createRandom } from '../sim/index.ts';
import { normBench } from '../verify/bench-norm.ts';
import { residualBench } from '../verify/bench-residual.ts';
import { cornerResidualJobs } from '../verify/golden-residual.ts';
import { cornerNormJobs } from '../verify/jobs-corner-norm.ts';
import { runUnit } from './unit.ts';

const parameters = (lanes: number, maxTileWords: number, maxTiles: number, maxGroups: number): NormParameters => ({
  ...{ lanes, maxTileWords, maxTiles, maxGroups, inputBits: 24, maxShift: 16 },
  maxColumns: lanes * maxTileWords * maxTiles * maxGroups,
  numerics: defaultNumerics,
});

/** P, beats of a tile, tiles, groups. */
const sizes = [
  [1, 3, 2, 1],
  [2, 5, 4, 3],
  [4, 8, 8, 8],
  [8, 2, 12, 2],
  [16, 40, 1, 1],
] as const;

describe('norm and quantizer', () => {
  it.each(sizes)(
    'P %i, tiles of up to %i beats, %i tiles, %i groups: equals golden at full speed and with stalls, saturations counted',
    (...size) => {
      const p = parameters(...size);
      const jobs = cornerNormJobs(p, createRandom(6), 32);
      for (const stall of [0, 0.4]) expect(runUnit(normUnit(p), 'norm', normBench(jobs, p), stall).wrong).toEqual([]);
    },
  );

  it('counts bias terms that do not fit', () => {
    const p = parameters(4, 4, 4, 2);
    const jobs = cornerNormJobs(p, createRandom(2), 32);
    expect(jobs.reduce((sum, j) => sum + j.clamped, 0)).toBeGreaterThan(0);
  });

  it('other formats', () => {
    const { matmul, norm } = defaultNumerics;
    const numerics = {
      matmul: { ...matmul, activationBits: 5 },
      norm: { ...norm, weightBits: 12, biasWeightBits: 10 },
    };
    const p = { ...parameters(4, 4, 4, 2), inputBits: 18, maxShift: 10, numerics };
    expect(runUnit(normUnit(p), 'norm', normBench(cornerNormJobs(p, createRandom(3), 24), p), 0.2).wrong).toEqual([]);
  });

  it('takes a beat in every cycle, tile after tile and vector after vector', () => {
    const p = parameters(4, 4, 16, 1);
    const job = cornerNormJobs(p, createRandom(3), 400).find(
      (j) => j.packet === 4 && j.projection.tile === 4 && j.x.length > 40,
    );
    const { cycles, wrong } = runUnit(normUnit(p), 'norm', normBench([job!, job!, job!], p), 0);
    expect([wrong, cycles - (3 * job!.x.length) / 4]).toEqual([[], 15]);
  });

  it('refuses parameters with the bound, and tiles that do not fill beats', () => {
    expect(() => normWidths({ ...parameters(4, 4, 4, 1), inputBits: 25 })).toThrow(
      'norm cannot be built with inputBits = 25; expected a whole number from 2 to 24',
    );
    const { matmul, norm } = defaultNumerics;
    const narrow = { matmul, norm: { ...norm, weightBits: 8 } };
    expect(() => normWidths({ ...parameters(4, 4, 4, 1), inputBits: 8, numerics: narrow })).toThrow(
      'numerics.norm.weightBits = 8; expected a whole number from 9 to 32',
    );
    normUnit({ ...parameters(4, 4, 4, 1), inputBits: 9, numerics: narrow });
    expect(tileWords(10, 5, 4)).toBe(4);
    expect(() => tileWords(6, 12, 4)).toThrow('expected a multiple of 12, or a divisor of it that 4 lanes divide');
  });

  it('prints Verilog without a warning', async () => {
    for (const p of [parameters(...sizes[0]), parameters(...sizes[2])]) {
      const { files, top } = printVerilog(normUnit(p));
      expect((await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top)).log).toBe('');
    }
  });
});

describe('residual', () => {
  const residual = (lanes: number, maxRows: number, maxGroups: number): ResidualParameters => ({
    ...{ lanes, maxRows, maxGroups, resultBits: 30, residualBits: 24 },
  });
  it.each([
    [1, 3, 1],
    [4, 15, 3],
    [8, 64, 8],
    [4, 9, 2],
  ] as const)(
    'P %i, %i rows, %i groups: equals golden at full speed and with stalls, saturations counted',
    (lanes, rows, groups) => {
      const p = residual(lanes, rows, groups);
      const jobs = cornerResidualJobs(p, createRandom(8), 24);
      expect(jobs.reduce((sum, j) => sum + j.clamped, 0)).toBeGreaterThan(0);
      for (const stall of [0, 0.4])
        expect(runUnit(residualUnit(p), 'residual', residualBench(jobs, p), stall).wrong).toEqual([]);
    },
  );

  it('refuses parameters with the bound, and prints Verilog without a warning', async () => {
    expect(() => residualUnit({ ...residual(4, 8, 1), resultBits: 45 })).toThrow(
      'resultBits = 45; expected a whole number from 2 to 44',
    );
    for (const p of [residual(1, 3, 1), residual(4, 15, 3)]) {
      const { files, top } = printVerilog(residualUnit(p));
      expect((await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top)).log).toBe('');
    }
  });
});
