/** The convolution unit against golden. */
import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import { printVerilog } from '../gen/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import { type ConvParameters, checkConv, convUnit, convWords } from '../hw/index.ts';
import { createRandom } from '../sim/index.ts';
import { convBench } from '../verify/bench-conv.ts';
import { cornerConvJobs, type ShapeBounds } from '../verify/jobs-corner-conv.ts';
import { runUnit } from './unit.ts';

const parameters = (lanes: number, bounds: ShapeBounds, taps = 4, numerics = defaultNumerics): ConvParameters => {
  const words = convWords(bounds, lanes);
  return { lanes, taps, maxWords: words, stateWords: 2 * words, numerics };
};

/** P, taps, heads, head_dim, d_state, groups. */
const shapes = [
  [1, 4, 2, 3, 2, 1],
  [4, 4, 6, 5, 7, 3],
  [8, 4, 8, 8, 8, 8],
  [8, 2, 4, 13, 33, 2],
  [16, 4, 3, 64, 256, 1],
  [4, 8, 96, 8, 8, 1],
] as const;

describe('convolution unit', () => {
  it.each(shapes)(
    'P %i, %i taps, %i heads, %i rows, d_state %i, %i groups: equals golden at full speed and with stalls, saturations counted',
    (lanes, taps, heads, headDim, dState, groups) => {
      const bounds = { heads, headDim, dState, groups };
      const p = parameters(lanes, bounds, taps);
      const jobs = cornerConvJobs(p, bounds, createRandom(4), 5);
      for (const kind of ['conv', 'x', 'gate'] as const)
        expect(jobs.reduce((sum, j) => sum + j.clamped[kind], 0)).toBeGreaterThan(0);
      for (const stall of [0, 0.4]) expect(runUnit(convUnit(p), 'conv', convBench(jobs, p), stall).wrong).toEqual([]);
    },
  );

  it('formats of different widths', () => {
    const { mixer, scan } = defaultNumerics;
    const numerics = {
      ...defaultNumerics,
      mixer: { ...mixer, projectedBits: 14, convBits: 18, convWeightBits: 12, gateBits: 12 },
      scan: { ...scan, inputBits: 15 },
    };
    const bounds = { heads: 2, headDim: 8, dState: 8, groups: 1 };
    const p = parameters(4, bounds, 4, numerics);
    expect(
      runUnit(convUnit(p), 'conv', convBench(cornerConvJobs(p, bounds, createRandom(2), 6), p), 0.1).wrong,
    ).toEqual([]);
  });

  it('takes a beat in every cycle, over the ends of tokens', () => {
    const bounds = { heads: 4, headDim: 16, dState: 16, groups: 1 };
    const p = parameters(8, bounds);
    const jobs = cornerConvJobs(p, bounds, createRandom(1), 1);
    const { cycles, wrong } = runUnit(convUnit(p), 'conv', convBench(jobs, p), 0);
    const beats = jobs.length * (convWords(bounds, 8) + 8);
    expect([wrong, cycles - beats]).toEqual([[], 17]);
  });

  it('refuses parameters with the bound', () => {
    const p = parameters(4, { heads: 1, headDim: 1, dState: 1, groups: 1 });
    expect(() => checkConv({ ...p, taps: 1 })).toThrow(
      'conv cannot be built with taps = 1; expected a whole number from 2 to 8',
    );
    expect(() => convUnit({ ...p, lanes: 65 })).toThrow('lanes = 65; expected a whole number from 1 to 64');
  });

  it('prints Verilog without a warning', async () => {
    for (const [lanes, taps] of [
      [1, 2],
      [8, 4],
    ] as const) {
      const { files, top } = printVerilog(
        convUnit(parameters(lanes, { heads: 4, headDim: 4, dState: 8, groups: 2 }, taps)),
      );
      expect((await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top)).log).toBe('');
    }
  });
});
